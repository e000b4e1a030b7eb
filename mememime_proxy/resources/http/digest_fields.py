"""Digests that a client declares for its content (Content-Digest and Repr-Digest, RFC 9530)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import http_sf

from mememime_proxy.errors import RequestError
from mememime_proxy.service.conditional import field_value

_SIZE = 32
"""Bytes of a SHA-256."""


def declared_sha256(headers: Mapping[str, str]) -> str:
    """Return the SHA-256 of Content-Digest or Repr-Digest in hexadecimal; '' where neither has one.

    Other algorithms are ignored. Raises RequestError for a malformed field, and for two digests that differ.
    """
    digests = {digest for name in ("Content-Digest", "Repr-Digest") if (digest := _sha256(headers, name))}
    if len(digests) > 1:
        raise RequestError("found different digests in Content-Digest and Repr-Digest, expected the same")
    return digests.pop().hex() if digests else ""


def _sha256(headers: Mapping[str, str], name: str) -> bytes:
    text = field_value(headers, name)
    if not text:
        return b""
    try:
        field = cast(http_sf.DictionaryType, http_sf.parse(text.encode("ascii"), tltype="dictionary"))
    except ValueError as error:
        raise RequestError(f"found {name}: {text[:120]}, expected sha-256=:base64:") from error
    if "sha-256" not in field:
        return b""
    item = field["sha-256"]
    digest = item[0] if isinstance(item, tuple) else item
    if not isinstance(digest, bytes) or len(digest) != _SIZE:
        raise RequestError(f"found {name}: {text[:120]}, expected sha-256=:base64: of {_SIZE} bytes")
    return digest
