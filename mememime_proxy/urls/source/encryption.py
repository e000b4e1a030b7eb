"""Encrypted source URLs, which hide the address of an original.

Two forms, told apart by the segment in front of them:

``enc/``
    imgproxy's: initialisation vector (16 bytes), then AES-CBC of the URL with PKCS #7 padding.
``enc2/``
    Ours: AES-256-GCM-SIV (RFC 8452), the authentication tag at the end. It is shorter, and a payload that was not made
    with the key is refused where CBC yields noise. The key is derived from the same setting, so that no key is used
    for two algorithms.

A base64 source cannot be mistaken for either: it would have to be cut exactly behind ``enc`` or ``enc2``, and would
then decode to a URL that begins with ``zw`` – no scheme that exists.

Both forms are deterministic here: the same URL and key give the same text, as caches need it. For CBC the vector is the
HMAC of the URL; GCM-SIV is made to stay safe with a nonce that repeats, it then only shows that two payloads are equal,
which is the very thing wanted.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV
from cryptography.hazmat.primitives.padding import PKCS7

from mememime_proxy.errors import SourceUrlError

CipherName = Literal["enc", "enc2"]
"""The cipher of a source, as the segment in front of it is written."""

_BLOCK = 16
_NONCE = bytes(12)
_CONTEXT = b"mememime source url, AES-256-GCM-SIV"


def encrypt(url: str, key: bytes, cipher: CipherName) -> bytes:
    """Return the encrypted payload of ``url``. ``key``: 16, 24 or 32 bytes."""
    text = url.encode()
    if cipher == "enc2":
        return _siv(key).encrypt(_NONCE, text, None)
    vector = hmac.digest(key, text, hashlib.sha256)[:_BLOCK]
    padder = PKCS7(8 * _BLOCK).padder()
    encryptor = Cipher(algorithms.AES(key), modes.CBC(vector)).encryptor()
    return vector + encryptor.update(padder.update(text) + padder.finalize()) + encryptor.finalize()


def decrypt(payload: bytes, key: bytes, cipher: CipherName) -> bytes:
    """Return the URL's bytes. Raises SourceUrlError where ``key`` did not make the payload, as far as that shows."""
    try:
        if cipher == "enc2":
            return _siv(key).decrypt(_NONCE, payload, None)
        decryptor = Cipher(algorithms.AES(key), modes.CBC(payload[:_BLOCK])).decryptor()
        unpadder = PKCS7(8 * _BLOCK).unpadder()
        padded = decryptor.update(payload[_BLOCK:]) + decryptor.finalize()
        return unpadder.update(padded) + unpadder.finalize()
    except (ValueError, InvalidTag):
        raise SourceUrlError("the encrypted source cannot be decrypted") from None


def _siv(key: bytes) -> AESGCMSIV:
    return AESGCMSIV(hmac.digest(key, _CONTEXT, hashlib.sha256))
