"""URL-safe base64 without padding, read strictly where it matters.

The alphabet is checked here because Python's decoder skips over characters that are not in it.
"""

from __future__ import annotations

import re

from itsdangerous.encoding import base64_decode, base64_encode
from itsdangerous.exc import BadData

_ALPHABET = re.compile(r"[A-Za-z0-9_-]*", re.ASCII)


def encode(data: bytes) -> str:
    """Return ``data`` in URL-safe base64 without padding."""
    return base64_encode(data).decode("ascii")


def decode(text: str) -> bytes:
    """Return the bytes of ``text``; padding may be there, unused bits of the last character may be anything.

    Raises ValueError for other characters and impossible lengths.
    """
    bare = text.rstrip("=")
    if not _ALPHABET.fullmatch(bare) or len(bare) % 4 == 1:
        raise ValueError("not URL-safe base64")
    try:
        return base64_decode(bare)
    except BadData as error:
        raise ValueError("not URL-safe base64") from error


def decode_text(text: str) -> str:
    """Return the UTF-8 text that ``text`` encodes. Raises ValueError."""
    return decode(text).decode("utf-8")
