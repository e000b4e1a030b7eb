"""Signed tokens with a scope and an age: a token of one scope is not accepted for another."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from itsdangerous import BadData, TimestampSigner, URLSafeTimedSerializer
from itsdangerous.encoding import base64_decode, base64_encode

from mememime_proxy.errors import ForbiddenError


class _StrictSigner(TimestampSigner):
    """Accepts one spelling of a signature.

    The last letter of 32 bytes in base64 has two unused bits, so that a lenient decoder accepts four spellings.
    """

    def verify_signature(self, value: str | bytes, sig: str | bytes) -> bool:
        if not super().verify_signature(value, sig):
            return False
        encoded = sig.encode() if isinstance(sig, str) else sig
        return base64_encode(base64_decode(encoded)) == encoded


class Tokens:
    """Issues and verifies tokens of one scope; a token of another scope or key is refused."""

    def __init__(self, keys: bytes | Sequence[bytes], scope: str) -> None:
        """``keys``: the last one signs and each is accepted, so that keys can be rotated."""
        self._serializer = URLSafeTimedSerializer(
            keys if isinstance(keys, bytes) else list(keys),
            salt=scope,
            signer=_StrictSigner,
            signer_kwargs={"digest_method": hashlib.sha256},
        )
        self._scope = scope

    def issue(self, claims: Any) -> str:
        """Return a token with ``claims`` (a JSON value), in letters that a URL may have; its age begins now."""
        return str(self._serializer.dumps(claims))

    def verify(self, token: str, max_age: int | None = None) -> Any:
        """Return the claims of a token.

        Raises ForbiddenError unless it was issued with one of the keys, and at most ``max_age`` seconds ago.
        """
        if not token.isascii():  # surrogates cannot be encoded
            raise ForbiddenError(f"the {self._scope} token is invalid: it has letters outside ASCII")
        try:
            return self._serializer.loads(token, max_age=max_age)
        except BadData as error:
            raise ForbiddenError(f"the {self._scope} token is invalid: {type(error).__name__}") from error
