"""Kinds of damage, and a repaired original."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from dataclasses import dataclass

from mememime_proxy.imaging.gate.header import Buffer, ImageHeader

ZEROS = re.compile(rb"\x00{64}")
"""More zeros than an arithmetic or Huffman code of a picture has in a row."""
_SPARE = 1 << 20


class Damage(enum.StrEnum):
    """What is wrong with an original."""

    TRUNCATED = "truncated"
    """It ends too soon."""
    CORRUPT = "corrupt"
    """Bytes in it are wrong."""


@dataclass(frozen=True, slots=True)
class Repaired:
    """An original that a decoder can read, and what was wrong with it."""

    data: Buffer
    damage: Damage
    others: Iterable[Buffer] = ()
    """Further ways to complete it, for a decoder that fails with ``data``."""


def max_encoded(header: ImageHeader) -> int:
    """Return the most bytes that the samples of a picture may take in any encoding, with room for metadata."""
    sample = (header.bit_depth + 7) // 8
    return header.width * header.height * max(8, header.bands * sample, 2 * header.bands) + _SPARE


def padded(data: memoryview, end: int, header: ImageHeader) -> Repaired:
    """Return ``data`` with zeros up to the position ``end``, where its structure says that it ends."""
    missing = end - len(data)
    if not 0 < missing <= max_encoded(header):
        return Repaired(data, Damage.TRUNCATED if missing > 0 else Damage.CORRUPT)
    return Repaired(bytes(data) + bytes(missing), Damage.TRUNCATED)
