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
_MOST_MISSING = 63
"""Times what is there that may be missing: less of a picture tells nothing, and a few bytes would make gigabytes."""


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


def is_repairable(present: int, missing: int) -> bool:
    """Return whether so many bytes that are missing may be made up, beside those that are there."""
    return missing <= max(_SPARE, _MOST_MISSING * present)


def padded(data: memoryview, end: int, header: ImageHeader) -> Repaired:
    """Return ``data`` with zeros up to the position ``end``, where its structure says that it ends.

    And ``data`` itself where too much would be missing: its decoder refuses it, or gives the rows that are there. Zeros
    take no memory before they are read.
    """
    missing = end - len(data)
    if missing <= 0:
        return Repaired(data, Damage.CORRUPT)
    if missing > max_encoded(header) or not is_repairable(len(data), missing):
        return Repaired(data, Damage.TRUNCATED)
    whole = bytearray(end)
    whole[: len(data)] = data
    return Repaired(whole, Damage.TRUNCATED)
