"""The colour encoding of a HEIF picture beside a profile: its ``colr`` box, or the AV1 sequence header.

ISO/IEC 14496-12, 12.1.5 (``nclx``); AV1 Bitstream and Decoding Process Specification, 5.5.
"""

from __future__ import annotations

import struct

from mememime_proxy.color.encoding import ColorEncoding, from_code_points
from mememime_proxy.imaging.color.bits import Bits, leb128

_SEQUENCE_HEADER = 1
_MAX_OBUS = 16
_HEADER_BYTES = 64


def from_colr(data: memoryview, start: int, end: int) -> ColorEncoding | None:
    """Return the encoding of a ``colr`` box with ``nclx``; None for one with a profile, or unspecified."""
    if bytes(data[start : start + 4]) != b"nclx" or end - start < 8:
        return None
    primaries, transfer = struct.unpack_from(">HH", data, start + 4)
    return from_code_points(primaries, transfer)


def from_av1(obus: memoryview) -> ColorEncoding | None:
    """Return the encoding in the sequence header among some OBUs; None where there is none, or it says nothing."""
    at = 0
    for _ in range(_MAX_OBUS):
        if at >= len(obus):
            return None
        kind, extension, sized = obus[at] >> 3 & 15, obus[at] >> 2 & 1, obus[at] >> 1 & 1
        at += 1 + extension
        length = len(obus) - at
        if sized:
            length, at = leb128(obus, at)
        if kind == _SEQUENCE_HEADER:
            try:
                return _sequence_header(Bits(bytes(obus[at : at + min(length, _HEADER_BYTES)])))
            except IndexError:
                return None
        at += length
    return None


def _sequence_header(bits: Bits) -> ColorEncoding | None:
    profile = bits.take(3)
    bits.take(1)  # still_picture
    reduced = bits.take(1)
    if reduced:
        bits.take(5)
    elif bits.take(1) or not _skip_operating_points(bits):  # with timing: no still picture has it
        return None
    width_bits, height_bits = bits.take(4) + 1, bits.take(4) + 1
    bits.take(width_bits + height_bits)
    if not reduced and bits.take(1):  # frame_id_numbers_present_flag
        bits.take(7)
    bits.take(3)  # superblocks, filter_intra, intra_edge_filter
    if not reduced:
        _skip_tools(bits)
    bits.take(3)  # superres, cdef, restoration
    return _color_config(bits, profile)


def _skip_operating_points(bits: Bits) -> bool:
    """Skip the operating points; False where they have a delay, which only video has."""
    if bits.take(1):  # initial_display_delay_present_flag
        return False
    for _ in range(bits.take(5) + 1):
        bits.take(12)
        if bits.take(5) > 7:
            bits.take(1)
    return True


def _skip_tools(bits: Bits) -> None:
    bits.take(4)  # interintra, masked, warped, dual filter
    order_hint = bits.take(1)
    if order_hint:
        bits.take(2)
    screen_content = 2 if bits.take(1) else bits.take(1)
    if screen_content and not bits.take(1):
        bits.take(1)
    if order_hint:
        bits.take(3)


def _color_config(bits: Bits, profile: int) -> ColorEncoding | None:
    if bits.take(1) and profile == 2:  # high_bitdepth
        bits.take(1)
    if profile != 1:
        bits.take(1)  # mono_chrome
    if not bits.take(1):  # color_description_present_flag
        return None
    primaries, transfer = bits.take(8), bits.take(8)
    return from_code_points(primaries, transfer)
