"""Digests that a client says its content has (RFC 9530)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping

from mememime_proxy.errors import RequestError

_MEMBER = re.compile(r"\s*([a-z0-9*_.-]+)=:([A-Za-z0-9+/=]*):\s*", re.ASCII)
_SIZE = 32


def declared_sha256(headers: Mapping[str, str]) -> str:
    """The SHA-256 of Content-Digest or Repr-Digest in hexadecimal; '' where neither names one.

    Other algorithms are none of our business. RequestError for what is no digest, or for two that differ.
    """
    found = set()
    for name in ("Content-Digest", "Repr-Digest"):
        if name not in headers:
            continue
        for member in headers[name].split(","):
            matched = _MEMBER.fullmatch(member)
            if matched is None:
                raise RequestError(f"found {name}: {headers[name][:120]}, expected sha-256=:base64:")
            if matched[1] == "sha-256":
                found.add(_hexadecimal(matched[2]))
    if len(found) > 1:
        raise RequestError("found digests that differ")
    return found.pop() if found else ""


def _hexadecimal(text: str) -> str:
    try:
        digest = base64.b64decode(text, validate=True)
    except binascii.Error:
        digest = b""
    if len(digest) != _SIZE:
        raise RequestError(f"found the digest {text[:80]!r}, expected 32 bytes in base64")
    return digest.hex()
