"""The colour encoding in the sequence parameter set of an HEVC picture; ITU-T H.265, 7.3.2.2 and E.2.1."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from mememime_proxy.color.encoding import ColorEncoding, from_code_points
from mememime_proxy.imaging.color.bits import Bits

_SPS = 33
_MAX_NALS = 32
_MAX_SPS = 1024
_MAX_SETS = 64
"""Short-term reference picture sets, and pictures in one (7.4.3.2.1)."""
_MAX_LONG_TERM = 32
_EXTENDED_ASPECT_RATIO = 255


def from_configuration(record: memoryview) -> ColorEncoding | None:
    """Return the encoding for a decoder configuration record (``hvcC``); ISO/IEC 14496-15, 8.3.3.1.

    None where the record says nothing of it, or is broken.
    """
    sps = next(parameter_sets(record), None)
    try:
        return None if sps is None else _from_sps(sps)
    except IndexError:
        return None


def parameter_sets(record: memoryview) -> Iterator[bytes]:
    """Yield the sequence parameter sets of a decoder configuration record, up to where it is broken."""
    try:
        at = 23
        for _ in range(min(record[22], _MAX_NALS)):
            kind = record[at] & 63
            (count,) = struct.unpack_from(">H", record, at + 1)
            at += 3
            for _ in range(min(count, _MAX_NALS)):
                (length,) = struct.unpack_from(">H", record, at)
                if kind == _SPS:
                    yield bytes(record[at + 4 : at + 2 + min(length, _MAX_SPS)])
                at += 2 + length
    except (struct.error, IndexError):
        return


def coded_size(sps: bytes) -> tuple[int, int]:
    """Return width and height of the pictures of a sequence parameter set, 0 where it is broken."""
    try:
        return _size(Bits(sps.replace(b"\0\0\3", b"\0\0")))[:2]
    except IndexError:
        return 0, 0


def _size(bits: Bits) -> tuple[int, int, int]:
    """Return width, height, and the number of sub-layers."""
    bits.take(4)
    sub_layers = bits.take(3)
    bits.take(1)
    _skip_profile(bits, sub_layers)
    bits.golomb()
    if bits.golomb() == 3:  # chroma_format_idc
        bits.take(1)
    return bits.golomb(), bits.golomb(), sub_layers


def _from_sps(unit: bytes) -> ColorEncoding | None:
    bits = Bits(unit.replace(b"\0\0\3", b"\0\0"))  # emulation prevention, 7.4.2
    _, _, sub_layers = _size(bits)
    if bits.take(1):
        bits.skip_golomb(4)  # conformance window
    bits.skip_golomb(2)  # depths
    order_bits = bits.golomb() + 4
    bits.skip_golomb(3 * (sub_layers + 1 if bits.take(1) else 1))
    bits.skip_golomb(6)  # sizes of blocks
    if bits.take(1) and bits.take(1):
        _skip_scaling_lists(bits)
    bits.take(2)  # amp, sample_adaptive_offset
    if bits.take(1):  # pcm
        bits.take(8)
        bits.skip_golomb(2)
        bits.take(1)
    _skip_reference_sets(bits)
    if bits.take(1):
        for _ in range(min(bits.golomb(), _MAX_LONG_TERM)):
            bits.take(order_bits + 1)
    bits.take(2)  # temporal_mvp, strong_intra_smoothing
    return _from_vui(bits) if bits.take(1) else None


def _skip_profile(bits: Bits, sub_layers: int) -> None:
    bits.take(88 + 8)
    if not sub_layers:
        return
    present = [(bits.take(1), bits.take(1)) for _ in range(sub_layers)]
    bits.take(2 * (8 - sub_layers))
    for profile, level in present:
        bits.take(88 * profile + 8 * level)


def _skip_scaling_lists(bits: Bits) -> None:
    for size in range(4):
        for _ in range(0, 6, 3 if size == 3 else 1):
            if not bits.take(1):
                bits.golomb()
            else:
                bits.skip_golomb(min(64, 1 << (4 + 2 * size)) + (size > 1))


def _skip_reference_sets(bits: Bits) -> None:
    pictures = 0
    for index in range(min(bits.golomb(), _MAX_SETS)):
        if index and bits.take(1):  # predicted from the set before
            bits.take(1)
            bits.golomb()
            pictures = sum(1 if bits.take(1) else bits.take(1) for _ in range(pictures + 1))
        else:
            pictures = min(bits.golomb() + bits.golomb(), _MAX_SETS)
            for _ in range(pictures):
                bits.golomb()
                bits.take(1)


def _from_vui(bits: Bits) -> ColorEncoding | None:
    if bits.take(1) and bits.take(8) == _EXTENDED_ASPECT_RATIO:
        bits.take(32)
    if bits.take(1):  # overscan
        bits.take(1)
    if not bits.take(1):  # video_signal_type_present_flag
        return None
    bits.take(4)
    if not bits.take(1):  # colour_description_present_flag
        return None
    primaries, transfer = bits.take(8), bits.take(8)
    return from_code_points(primaries, transfer)
