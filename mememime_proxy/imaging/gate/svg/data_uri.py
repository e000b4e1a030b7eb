"""Data URIs: every spelling that browsers read, written in one.

WHATWG Fetch, "data: URL processor", with the forgiving base64 of WHATWG Infra.
"""

from __future__ import annotations

import base64
import binascii
import re
from urllib.parse import unquote_to_bytes

_CONTROLS = "".join(map(chr, range(0x21)))
_STRIPPED = str.maketrans("", "", "\t\n\r")
_BASE64 = re.compile(r";\x20*base64$", re.IGNORECASE)
_CANONICAL = re.compile(r"[A-Za-z0-9+/]*+={0,2}")
_WHITESPACE = str.maketrans("", "", "\t\n\f\r ")


def is_data_uri(uri: str) -> bool:
    """Return whether the URI carries its own data."""
    return uri.lstrip(_CONTROLS)[:5].lower() == "data:"


def decode(uri: str) -> bytes | None:
    """Return the bytes that a data URI carries, None where it is malformed. Its media type is not looked at."""
    uri = uri.strip(_CONTROLS).translate(_STRIPPED)
    head, comma, body = uri[5:].partition(",")
    if not comma:
        return None
    body = body.partition("#")[0]
    if not _BASE64.search(head.rstrip(" ")):
        return unquote_to_bytes(body)
    if "%" in body:
        body = unquote_to_bytes(body).decode("latin-1")
    body = body.translate(_WHITESPACE)
    if len(body) % 4 == 0:
        body = body.removesuffix("=").removesuffix("=")
    if "=" in body or len(body) % 4 == 1:
        return None
    try:
        return base64.b64decode(body + "=" * (-len(body) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def is_canonical(uri: str, media_type: str) -> bool:
    """Return whether a URI that can be decoded has the spelling of ``encode``."""
    head = f"data:{media_type};base64,"
    return uri.startswith(head) and not (len(uri) - len(head)) % 4 and bool(_CANONICAL.fullmatch(uri, len(head)))


def encode(media_type: str, data: bytes) -> str:
    """Return the data URI of ``data`` in the spelling that every reader of SVG knows."""
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"
