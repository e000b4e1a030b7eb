"""Signatures of URLs: HMAC-SHA256 over salt + path, cut to a size, in URL-safe base64 without padding.

The salt is put in front of the signed text, it is not mixed into the key (imgproxy's scheme, and not the one of
itsdangerous' own ``Signer``; its algorithm and encoders are used).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence

from itsdangerous.encoding import base64_encode
from itsdangerous.signer import HMACAlgorithm, SigningAlgorithm

from mememime_proxy.errors import SettingsError, SignatureError

MAX_SIZE = 32
"""Bytes of an uncut HMAC-SHA256."""

KeyPair = tuple[bytes, bytes]
"""A key and its salt."""


class Signer:
    """Signs with the first of its key pairs and verifies with any of them."""

    def __init__(self, key_pairs: Sequence[KeyPair], size: int = MAX_SIZE, trusted: Iterable[str] = ()) -> None:
        """``size``: bytes of the HMAC that are used. ``trusted``: texts that pass as a signature of anything.

        Raises SettingsError.
        """
        if not key_pairs or not all(key and salt for key, salt in key_pairs):
            raise SettingsError("signing needs a key and a salt, both not empty")
        if not 1 <= size <= MAX_SIZE:
            raise SettingsError(f"signature size: found {size}, expected 1 to {MAX_SIZE} bytes")
        self._key_pairs = tuple(key_pairs)
        self._size = size
        self._trusted = tuple(text.encode() for text in trusted)
        self._algorithm: SigningAlgorithm = HMACAlgorithm(hashlib.sha256)

    def sign(self, path: str) -> str:
        """Return the signature of ``path``: all that follows the signature in the URL, without query."""
        key, salt = self._key_pairs[0]
        return self._signature(key, salt, path.encode("utf-8", "surrogateescape")).decode("ascii")

    def verify(self, signature: str, path: str) -> int:
        """Return the place of the key pair that signed ``path``, or the number of them for a trusted text.

        There is one spelling of a signature. Raises SignatureError.
        The time taken does not depend on the key that matched, nor on the length of the matching text.
        """
        try:
            candidate = signature.encode("ascii")
            signed = path.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            raise SignatureError("the signature does not match") from None
        # Each expected text is compared, so that neither a match nor its place among the keys ends the loop early.
        # Comparing text and not decoded bytes leaves exactly one spelling: no padding, no other last character.
        expected = [self._signature(key, salt, signed) for key, salt in self._key_pairs]
        matches = [hmac.compare_digest(candidate, text) for text in (*expected, *self._trusted)]
        if not sum(matches):
            raise SignatureError("the signature does not match")
        return min(matches.index(True), len(expected))

    def _signature(self, key: bytes, salt: bytes, path: bytes) -> bytes:
        message = salt + path if path.startswith(b"/") else salt + b"/" + path
        return base64_encode(self._algorithm.get_signature(key, message)[: self._size])
