"""Signed tokens with a scope and an age: what one part of the service allows, no other part takes for its own."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from itsdangerous import BadData, TimestampSigner, URLSafeTimedSerializer
from itsdangerous.encoding import base64_decode, base64_encode

from mememime_proxy.errors import ForbiddenError


class _StrictSigner(TimestampSigner):
    """Accepts one spelling of a signature.

    The last letter of 32 bytes in base64 has two bits to spare, so that a lenient decoder takes four letters for one.
    """

    def verify_signature(self, value: str | bytes, sig: str | bytes) -> bool:
        if not super().verify_signature(value, sig):
            return False
        given = sig.encode() if isinstance(sig, str) else sig
        return base64_encode(base64_decode(given)) == given


class Tokens:
    """Makes and reads tokens of one scope; a token of another scope or key is refused."""

    def __init__(self, keys: bytes | Sequence[bytes], scope: str) -> None:
        """``keys``: the last one signs, each of them is accepted, so that keys can be rotated."""
        self._serializer = URLSafeTimedSerializer(
            keys if isinstance(keys, bytes) else list(keys),
            salt=scope,
            signer=_StrictSigner,
            signer_kwargs={"digest_method": hashlib.sha256},
        )
        self._scope = scope

    def make(self, said: Any) -> str:
        """A token that says ``said`` (what JSON can), letters fit for a URL; its age begins now."""
        return str(self._serializer.dumps(said))

    def read(self, token: str, max_age: int | None = None) -> Any:
        """What a token says. ForbiddenError unless it is ours, spelt as made, and at most ``max_age`` seconds old."""
        if not token.isascii():  # which may not even be Unicode
            raise ForbiddenError(f"the {self._scope} token is not good: it has other letters")
        try:
            return self._serializer.loads(token, max_age=max_age)
        except BadData as error:
            raise ForbiddenError(f"the {self._scope} token is not good: {type(error).__name__}") from error
