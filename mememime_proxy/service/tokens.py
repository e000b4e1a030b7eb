"""Signed tokens with a scope and an age: a token of one scope is not accepted for another."""

from __future__ import annotations

import hashlib
import hmac
import re
import struct
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

from itsdangerous import BadData, TimestampSigner, URLSafeTimedSerializer
from itsdangerous.encoding import base64_decode, base64_encode, bytes_to_int

from mememime_proxy.errors import ForbiddenError

UPLOAD_SCOPE: Final = "upload"
PURGE_SCOPE: Final = "purge"
SIGN_IN_SCOPE: Final = "sign-in"
"""Of links that begin a session of the console."""
PURGE_LIFETIME: Final = 300
"""Seconds for which a purge token is valid."""
BODY_TOKEN_HEADER: Final = "Mememime-Token"  # noqa: S105 - a header's name
"""Of a request from one service to the other whose body is signed."""
_BODY_SCOPE: Final = "body"
_BODY_LIFETIME: Final = 60
"""Seconds."""
_SHAPE = re.compile(r"\.?[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", re.ASCII)
"""Claims, time of issue, signature; a full stop in front says that the claims are compressed."""
CLOCK_SKEW: Final = 60
"""Seconds by which the clock of the machine that issues a token may be ahead of the one that verifies it."""


class _StrictSigner(TimestampSigner):
    """Accepts one spelling of a signature; its clock is given.

    The last letter of 32 bytes in base64 has two unused bits, so that a lenient decoder accepts four spellings.
    """

    def __init__(self, *arguments: Any, clock: Callable[[], float], **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._clock = clock

    def get_timestamp(self) -> int:
        return int(self._clock())

    def verify_signature(self, value: str | bytes, sig: str | bytes) -> bool:
        if not super().verify_signature(value, sig):
            return False
        encoded = sig.encode() if isinstance(sig, str) else sig
        return base64_encode(base64_decode(encoded)) == encoded


class Tokens:
    """Issues and verifies tokens of one scope; a token of another scope or key is refused."""

    def __init__(self, keys: bytes | Sequence[bytes], scope: str, clock: Callable[[], float] = time.time) -> None:
        """``keys``: the first one signs and each is accepted, so that keys can be rotated."""
        self._serializer = URLSafeTimedSerializer(
            keys if isinstance(keys, bytes) else list(reversed(keys)),  # itsdangerous signs with the last one
            salt=scope,
            signer=_StrictSigner,
            signer_kwargs={"digest_method": hashlib.sha256, "clock": clock},
        )
        self._scope = scope
        self._clock = clock

    def issue(self, claims: Any) -> str:
        """Return a token with ``claims`` (a JSON value), in letters that a URL may have; its age begins now."""
        return str(self._serializer.dumps(claims))

    def verify(self, token: str, max_age: int | None = None) -> Any:
        """Return the claims of a token.

        Raises ForbiddenError unless it was issued with one of the keys, and at most ``max_age`` seconds ago. The
        issuer's clock may be up to CLOCK_SKEW ahead, and a token lives as much longer then.
        """
        claims, issued = self.read(token)
        age = self._clock() - issued.timestamp()
        if max_age is not None and age > max_age:
            raise ForbiddenError(
                f"the {self._scope} token is invalid: it is {age:.0f} seconds old, at most {max_age} are allowed"
            )
        if age < -CLOCK_SKEW:
            raise ForbiddenError(
                f"the {self._scope} token is invalid: it was issued {-age:.0f} seconds from now; compare the clocks"
            )
        return claims

    def read(self, token: str) -> tuple[Any, datetime]:
        """Return the claims of a token of any age, and when it was issued. Raises ForbiddenError as ``verify``."""
        if not token.isascii():  # surrogates cannot be encoded
            raise ForbiddenError(f"the {self._scope} token is invalid: it has letters outside ASCII")
        try:
            claims, issued = self._serializer.loads(token, return_timestamp=True)
        except BadData as error:
            raise ForbiddenError(f"the {self._scope} token is invalid: {type(error).__name__}") from error
        return claims, issued

    def read_unverified(self, token: str) -> tuple[Any, datetime] | None:
        """Return what is written in a token, whoever made it; None where it is no token. Only for display."""
        if not _SHAPE.fullmatch(token):
            return None
        _, claims = self._serializer.loads_unsafe(token)
        try:
            seconds = bytes_to_int(base64_decode(token.rsplit(".", 2)[1]))
            return claims, TimestampSigner(b"").timestamp_to_datetime(seconds)
        except (BadData, IndexError, ValueError, OverflowError, OSError, struct.error):
            return None


class SignedBodies:
    """Issues and verifies tokens for bodies of requests, with the keys of PURGE_KEY and a scope of their own."""

    def __init__(self, keys: Sequence[bytes], clock: Callable[[], float] = time.time) -> None:
        self._tokens = Tokens(keys, _BODY_SCOPE, clock)

    def issue(self, path: str, body: bytes) -> str:
        """Return a token for a request to an endpoint with this body, valid for a minute from now on."""
        return self._tokens.issue({"path": path, "sha256": hashlib.sha256(body).hexdigest()})

    def verify(self, token: str, path: str, body: bytes) -> None:
        """Raise ForbiddenError unless the token is for this endpoint and body."""
        claims = self._tokens.verify(token, _BODY_LIFETIME)
        expected = {"path": path, "sha256": hashlib.sha256(body).hexdigest()}
        if not isinstance(claims, dict) or not all(
            hmac.compare_digest(str(claims.get(name, "")), value) for name, value in expected.items()
        ):
            raise ForbiddenError("the token is for another request")
