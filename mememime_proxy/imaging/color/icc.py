"""ICC profiles: written for a colour encoding, and what the header and the tags of one say. ICC.1:2022."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import lru_cache

from mememime_proxy.color.encoding import (
    ColorEncoding,
    Curve,
    HdrTransfer,
    from_code_points,
)
from mememime_proxy.color.light import relative_light
from mememime_proxy.color.matrices import adapted_to_d50

HEADER_LENGTH = 128
_SPACE = slice(16, 20)
_CREATOR = slice(80, 84)
_OUR_CREATOR = b"mmim"
_SRGB_HEADER = (  # offset and bytes in the header of "sRGB IEC61966-2.1"; ICC.1:2022, 7.2
    (8, b"\x02\x10\x00\x00"),  # version 2.1
    (16, b"RGB "),
    (24, b"\x07\xce\x00\x02\x00\x09"),  # 1998-02-09
    (48, b"IEC "),  # manufacturer
    (52, b"sRGB"),  # model
    (80, b"HP  "),  # creator
)
_MAX_TAGS = 256
_HDR_TRANSFERS = frozenset(HdrTransfer)

_VERSION = 0x04400000
_D50 = (0.9642, 1.0, 0.8249)
_CURVE_POINTS = 4096
_NAMES = {(1, 13): "sRGB", (12, 13): "Display P3", (9, 16): "Rec. 2100 PQ", (9, 18): "Rec. 2100 HLG"}


def is_srgb(icc: bytes) -> bool:
    """Whether a profile is the usual "sRGB IEC61966-2.1", by its header: converting from it would change nothing."""
    return len(icc) >= HEADER_LENGTH and all(icc.startswith(value, offset) for offset, value in _SRGB_HEADER)


def color_space(icc: bytes) -> bytes:
    """Return the signature of the space of samples: ``RGB ``, ``GRAY``, ``CMYK`` or others."""
    return icc[_SPACE]


def connection_space(icc: bytes) -> str:
    """Return the connection space that the profile is made for, as libvips calls it."""
    return "xyz" if icc[20:24] == b"XYZ " else "lab"


def is_synthetic(icc: bytes) -> bool:
    """Whether ``profile_for`` has made the profile: the original had none."""
    return icc[_CREATOR] == _OUR_CREATOR


def hdr_encoding(icc: bytes) -> ColorEncoding | None:
    """Return the HDR encoding that the profile's ``cicp`` tag names (9.2.17); None where there is none."""
    if color_space(icc) not in (b"RGB ", b"GRAY"):
        return None
    try:
        for name, offset, length in _tags(icc):
            if name == b"cicp" and length >= 12:
                _, _, primaries, transfer = struct.unpack_from(">4sIBB", icc, offset)
                return from_code_points(primaries, transfer) if transfer in _HDR_TRANSFERS else None
    except struct.error:
        pass
    return None


def is_whole(icc: bytes) -> bool:
    """Whether all tags lie within the profile: lcms opens one that was cut, and misses what it needs later."""
    try:
        return all(offset + length <= len(icc) for _, offset, length in _tags(icc))
    except struct.error:
        return False


def _tags(icc: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, offset and length of each tag. Raises struct.error where the table is cut."""
    (count,) = struct.unpack_from(">I", icc, HEADER_LENGTH)
    for at in range(HEADER_LENGTH + 4, HEADER_LENGTH + 4 + 12 * min(count, _MAX_TAGS), 12):
        yield struct.unpack_from(">4sII", icc, at)


@lru_cache(maxsize=64)
def profile_for(encoding: ColorEncoding, *, grey: bool = False) -> bytes:
    """Return a profile for an encoding: a matrix and curves, or one curve for grey.

    For HDR it names the encoding in a ``cicp`` tag, and its curves, for readers that do not know that, have reference
    white as white and clip what is brighter.
    """
    curve = _curve_tag(encoding.transfer)
    name = _NAMES.get(encoding.code_points or (0, 0), "Color encoding of the original")
    tags = {
        b"desc": _text_tag(name),
        b"cprt": _text_tag("CC0"),
        b"wtpt": _xyz_tag(_D50),
        b"chad": _numbers_tag(b"sf32", adapted_to_d50(encoding.primaries).adaptation),
    }
    if encoding.hdr and encoding.code_points:
        tags[b"cicp"] = struct.pack(">4sI4B", b"cicp", 0, *encoding.code_points, 0, 1)
    if grey:
        tags[b"kTRC"] = curve
    else:
        red, green, blue = adapted_to_d50(encoding.primaries).colorants
        tags |= {b"rXYZ": _xyz_tag(red), b"gXYZ": _xyz_tag(green), b"bXYZ": _xyz_tag(blue)}
        tags |= {b"rTRC": curve, b"gTRC": curve, b"bTRC": curve}
    return _assembled(tags, grey=grey)


def _assembled(tags: dict[bytes, bytes], *, grey: bool) -> bytes:
    """Return the profile: header, table, and data, in which equal tags lie once."""
    start = HEADER_LENGTH + 4 + 12 * len(tags)
    table, data = struct.pack(">I", len(tags)), b""
    places: dict[bytes, int] = {}
    for name, body in tags.items():
        if body not in places:
            places[body] = start + len(data)
            data += body + bytes(-len(body) % 4)
        table += struct.pack(">4sII", name, places[body], len(body))
    header = struct.pack(
        ">I4sI4s4s4s6H4s4sI4s4sQI3i4s44x",
        start + len(data),
        b"",
        _VERSION,
        b"mntr",
        b"GRAY" if grey else b"RGB ",
        b"XYZ ",
        *(2026, 1, 1, 0, 0, 0),
        b"acsp",
        b"",
        0,
        b"",
        b"",
        0,
        0,
        *(_fixed(value) for value in _D50),
        _OUR_CREATOR,
    )
    return header + table + data


def _fixed(value: float) -> int:
    return round(value * 65536)


def _text_tag(text: str) -> bytes:
    encoded = text.encode("utf-16-be")
    return struct.pack(">4sIII2s2sII", b"mluc", 0, 1, 12, b"en", b"US", len(encoded), 28) + encoded


def _numbers_tag(kind: bytes, values: tuple[float, ...]) -> bytes:
    return struct.pack(f">4sI{len(values)}i", kind, 0, *(_fixed(value) for value in values))


def _xyz_tag(xyz: tuple[float, ...]) -> bytes:
    return _numbers_tag(b"XYZ ", xyz)


def _curve_tag(transfer: Curve | HdrTransfer) -> bytes:
    if isinstance(transfer, Curve):
        power = transfer.a == 1 and transfer.b == 0 and transfer.d == 0
        values = (transfer.g,) if power else (transfer.g, transfer.a, transfer.b, transfer.c, transfer.d)
        return struct.pack(f">4sIHH{len(values)}i", b"para", 0, 0 if power else 3, 0, *(_fixed(v) for v in values))
    last = _CURVE_POINTS - 1
    points = [min(1.0, relative_light(transfer, index / last)) for index in range(_CURVE_POINTS)]
    return struct.pack(f">4sII{_CURVE_POINTS}H", b"curv", 0, _CURVE_POINTS, *(round(point * 65535) for point in points))
