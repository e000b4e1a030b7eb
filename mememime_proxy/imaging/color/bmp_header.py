"""The colour profile in a BMP of version 5; [MS-WMF] 2.2.2.5 and BITMAPV5HEADER."""

from __future__ import annotations

import struct

_HEADER_START, _HEADER_LENGTH = 14, 124
_SPACE, _PROFILE = 56, 112
_EMBEDDED = b"DEBM"
"""LCS_PROFILE_EMBEDDED, "MBED" as a number."""
_MAX_LENGTH = 4 * 1024 * 1024


def embedded_profile(data: memoryview) -> bytes | None:
    """Return the profile in a BMP; None where there is none, or one that reaches beyond the end. Never raises."""
    try:
        (length,) = struct.unpack_from("<I", data, _HEADER_START)
        space = bytes(data[_HEADER_START + _SPACE : _HEADER_START + _SPACE + 4])
        if length < _HEADER_LENGTH or space != _EMBEDDED:
            return None
        offset, size = struct.unpack_from("<II", data, _HEADER_START + _PROFILE)
    except struct.error:
        return None
    start = _HEADER_START + offset
    return bytes(data[start : start + size]) if 0 < size <= _MAX_LENGTH and start + size <= len(data) else None
