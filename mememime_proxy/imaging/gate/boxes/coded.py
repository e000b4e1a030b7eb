"""Coded pictures as their decoders get them: number of frames, and size in the headers of AV1 and HEVC data.

The boxes of a file may claim less: decoders find out after they have taken the memory. AV1 Bitstream and Decoding
Process Specification, 5.3 to 5.5 and 5.9; ITU-T H.265, 7.3; ISO/IEC 14496-15, 8.3.3.1.
"""

from __future__ import annotations

from dataclasses import dataclass

from mememime_proxy.errors import LimitError
from mememime_proxy.imaging.color import hevc
from mememime_proxy.imaging.color.bits import Bits, leb128

MAX_UNITS = 1024
"""Units (OBUs, NAL units) of one picture: a frame may have a thousand tiles or slices, but no encoder makes so many."""
_SEQUENCE_HEADER, _FRAME_HEADER, _FRAME = 1, 3, 6
_SPS = 33
_HEADER_BYTES = 64
_MAX_SPS = 1024


@dataclass(slots=True)
class Coded:
    """What is in the data of one picture."""

    frames: int = 0
    pixels: int = 0
    """Of the largest frame that the headers announce."""

    def add_size(self, width: int, height: int) -> None:
        """Take note of a header."""
        self.pixels = max(self.pixels, width * height)


def survey_av1(obus: memoryview) -> Coded:
    """Return what is in a series of OBUs; up to the first that is cut. Raises LimitError for too many."""
    found = Coded()
    at = 0
    for _ in range(MAX_UNITS):
        if at >= len(obus):
            return found
        head = obus[at]
        kind, extended, sized = head >> 3 & 15, head >> 2 & 1, head >> 1 & 1
        at += 1 + extended
        length = len(obus) - at
        if sized:
            length, at = leb128(obus, at)
        if kind == _SEQUENCE_HEADER:
            try:
                found.add_size(*_sequence_size(Bits(bytes(obus[at : at + min(length, _HEADER_BYTES)]))))
            except IndexError:
                return found
        found.frames += kind in (_FRAME_HEADER, _FRAME)
        at += length
    raise LimitError(f"AV1 picture of more than {MAX_UNITS} parts")


def survey_hevc(record: memoryview, units: memoryview) -> Coded:
    """Return what is in a series of NAL units, and in their configuration record (``hvcC``).

    Up to the first unit that is cut. Raises LimitError for too many.
    """
    found = Coded()
    for sps in hevc.parameter_sets(record):
        found.add_size(*hevc.coded_size(sps))
    prefix = (record[21] & 3) + 1 if len(record) > 21 else 4
    at = 0
    for _ in range(MAX_UNITS):
        if at + prefix + 3 > len(units):
            return found
        length = int.from_bytes(units[at : at + prefix], "big")
        at += prefix
        kind = units[at] >> 1 & 63
        if kind == _SPS:
            found.add_size(*hevc.coded_size(bytes(units[at + 2 : at + min(length, _MAX_SPS)])))
        found.frames += kind < 32 and units[at + 2] >> 7  # the first slice of a picture
        at += length
    raise LimitError(f"HEVC picture of more than {MAX_UNITS} parts")


def _sequence_size(bits: Bits) -> tuple[int, int]:
    """Return the largest width and height of a frame; 5.5.1."""
    bits.take(4)  # profile, still_picture
    if bits.take(1):  # reduced_still_picture_header
        bits.take(5)
    else:
        _skip_operating_points(bits)
    width_bits, height_bits = bits.take(4) + 1, bits.take(4) + 1
    return bits.take(width_bits) + 1, bits.take(height_bits) + 1


def _skip_operating_points(bits: Bits) -> None:
    delay_bits = 0
    if bits.take(1):  # timing_info_present_flag
        bits.take(64)
        if bits.take(1):  # equal_picture_interval
            bits.golomb()
        if bits.take(1):  # decoder_model_info_present_flag
            delay_bits = bits.take(5) + 1
            bits.take(32 + 10)
    delayed = bits.take(1)
    for _ in range(bits.take(5) + 1):
        bits.take(12)
        if bits.take(5) > 7:
            bits.take(1)
        if delay_bits and bits.take(1):
            bits.take(2 * delay_bits + 1)
        if delayed and bits.take(1):
            bits.take(4)
