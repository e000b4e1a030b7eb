"""Perceptual hashes as the database has them: signed integers of 64 bits, and their four bands of 16 bits.

Two hashes that differ in fewer than four bits have a band in common; two that differ in fewer than eight have one that
differs in a bit at most. So look-ups in the indexes of the bands find every neighbour up to MAX_DISTANCE.
"""

from __future__ import annotations

from typing import Final

MAX_DISTANCE: Final = 7
"""Bits; beyond it a neighbour may have two other bits in each band."""
BANDS: Final = tuple(f"((phash >> {shift}) & 65535)" for shift in (0, 16, 32, 48))
"""SQL of each band of a row of ASSETS, as its index has it."""
_DIGITS: Final = 16
_ALL: Final = (1 << 64) - 1
_SIGN: Final = 1 << 63
_MIRRORED_ROWS: Final = bytes(int(f"{row ^ 255:08b}"[::-1], 2) for row in range(256))
_FLIPS: Final = (0, *(1 << bit for bit in range(16)))
"""What a band is changed by to get itself and its neighbours at distance 1."""


def from_hex(text: str) -> int | None:
    """Return the column of a hash in hexadecimal; None for a text that is none."""
    if len(text) != _DIGITS or text.strip("0123456789abcdef"):
        return None
    return _signed(int(text, 16))


def mirrored(value: int) -> int:
    """Return the hash that the picture has when it is mirrored, left to right.

    The hash says of each place whether it is brighter than the one to its left: in the mirror it is darker, and the
    rows run the other way. Two places of the same brightness differ from what the mirrored picture gets, as neither is
    brighter in both.
    """
    return _signed(int.from_bytes((value & _ALL).to_bytes(8).translate(_MIRRORED_ROWS)))


def bit_distance(one: int | None, other: int | None) -> int | None:
    """Return the number of bits in which two hashes differ; None where one is missing, as SQL has it."""
    return None if one is None or other is None else ((one ^ other) & _ALL).bit_count()


def band_candidates(value: int, distance: int) -> list[list[int]]:
    """Return for each band the values of which a neighbour up to ``distance`` has one."""
    bands = [(value >> shift) & 0xFFFF for shift in (0, 16, 32, 48)]
    flips = _FLIPS if distance >= len(bands) else _FLIPS[:1]
    return [[band ^ flip for flip in flips] for band in bands]


def _signed(value: int) -> int:
    return (value ^ _SIGN) - _SIGN
