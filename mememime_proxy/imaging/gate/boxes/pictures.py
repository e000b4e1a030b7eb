"""The pictures that decoding the primary one of an AVIF or HEIC file takes: tiles, layers, alpha planes.

ISO/IEC 23008-12, 6.6 (derived pictures); ISO/IEC 14496-12, 8.6 and 8.7 (the samples of a track).
"""

from __future__ import annotations

import struct
from collections import Counter
from math import prod

from mememime_proxy.errors import BrokenImageError, LimitError
from mememime_proxy.imaging.gate.boxes.bmff import Box, Meta, boxes, item_extents, item_start
from mememime_proxy.imaging.gate.boxes.coded import Coded, survey_av1, survey_hevc

MAX_FRAMES = 8
"""Frames in the data of one picture: layers, four at most, and a thumbnail or two in front."""
MAX_DERIVATIONS = 8
"""Derived pictures in each other."""
_MAX_TIMES = 4
_MAX_OVERLAY_TIMES = 16
"""Pixels that are decoded for each one of a picture; of an overlay, whose layers may hide each other."""
_MAX_TILE_WASTE = 1 << 20
"""Pixels that tiles may have beyond twice those of their picture: small pictures are cut from large tiles."""
_DERIVED = frozenset({b"grid", b"iovl", b"iden"})
_ALPHA_TYPES = (b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\x00", b"urn:mpeg:hevc:2015:auxid:1\x00")
_SPARE_LENGTH = 1 << 12


def check_sizes(data: memoryview, meta: Meta, max_pixels: int) -> None:
    """Raise LimitError where any picture has more than ``max_pixels``, 0 = no limit."""
    for kind, at, _ in meta.properties:
        if kind == b"ispe":
            width, height = struct.unpack_from(">II", data, at + 4)
            if 0 < max_pixels < width * height:
                raise LimitError(f"HEIF with a picture of {width}×{height}")


def size(data: memoryview, meta: Meta, item: int) -> tuple[int, int]:
    """Return width and height that a picture claims, 0 where it claims none."""
    for kind, at, _ in meta.properties_of(item):
        if kind == b"ispe":
            width, height = struct.unpack_from(">II", data, at + 4)
            return width, height
    return 0, 0


def is_alpha(data: memoryview, meta: Meta, item: int) -> bool:
    """Return whether an auxiliary picture is an alpha plane."""
    return any(
        kind == b"auxC" and bytes(data[at + 4 : min(end, at + 64)]).startswith(_ALPHA_TYPES)
        for kind, at, end in meta.properties_of(item)
    )


def check(data: memoryview, meta: Meta, item: int) -> None:
    """Raise LimitError or BrokenImageError where decoding a picture takes many more pixels than it has."""
    width, height = size(data, meta, item)
    _check_tiles(data, meta, item, width, height)
    pixels = _Decoding(data, meta).pixels(item, 0)
    times = _MAX_OVERLAY_TIMES if _type(meta, item) == b"iovl" else _MAX_TIMES
    if pixels > times * width * height + 2 * _MAX_TILE_WASTE:
        raise LimitError(f"HEIF that takes {pixels} pixels for {width}×{height}")
    _check_coded(data, meta)


class _Decoding:
    """Pixels that decoding an item takes, its parts among them. Each item is looked at once."""

    def __init__(self, data: memoryview, meta: Meta) -> None:
        self._data = data
        self._meta = meta
        self._pixels: dict[int, int] = {}

    def pixels(self, item: int, depth: int) -> int:
        if depth > MAX_DERIVATIONS:
            raise LimitError(f"HEIF with more than {MAX_DERIVATIONS} pictures derived from each other")
        if item not in self._pixels:
            references = self._meta.references
            total = prod(size(self._data, self._meta, item))
            if _type(self._meta, item) in _DERIVED:
                parts = Counter(references.targets(b"dimg", item))
                total = sum(times * self.pixels(part, depth + 1) for part, times in parts.items())
            for plane in references.sources(b"auxl", item):
                if is_alpha(self._data, self._meta, plane):
                    total += self.pixels(plane, depth + 1)
            self._pixels[item] = total
        return self._pixels[item]


def _type(meta: Meta, item: int) -> bytes:
    return meta.items[item].type if item in meta.items else b""


def _check_tiles(data: memoryview, meta: Meta, item: int, width: int, height: int) -> None:
    """Refuse tiles with many more pixels than the picture that they form; ISO/IEC 23008-12, 6.6.2.3."""
    if _type(meta, item) != b"grid":
        return
    tiles = meta.references.targets(b"dimg", item)
    pixels = sum(times * prod(size(data, meta, tile)) for tile, times in Counter(tiles).items())
    if pixels > 2 * width * height + _MAX_TILE_WASTE:
        raise LimitError(f"HEIF with {pixels} pixels of tiles for {width}×{height}")
    start = item_start(data, meta, item)
    if start is None:
        return
    _, flags, rows, columns = struct.unpack_from(">4B", data, start)
    grid_size = struct.unpack_from(">II" if flags & 1 else ">HH", data, start + 4)
    if (rows + 1) * (columns + 1) != len(tiles) or grid_size != (width, height):
        raise BrokenImageError("HEIF with a grid that contradicts itself")


def _check_coded(data: memoryview, meta: Meta) -> None:
    """Refuse coded pictures that are larger than they claim, or have many frames."""
    found: dict[tuple[tuple[int, int], ...], Coded] = {}
    left = 2 * len(data) + _SPARE_LENGTH
    for number, item in meta.items.items():
        if item.type not in (b"av01", b"hvc1"):
            continue
        parts = tuple(item_extents(data, meta, number) or ())
        if parts not in found:
            left -= sum(max(0, min(end, len(data)) - start) for start, end in parts)
            if left < 0:
                raise LimitError("HEIF with pictures that share their data")
            content = [data[start:end] for start, end in parts]
            whole = content[0] if len(content) == 1 else memoryview(b"".join(content))
            found[parts] = survey_av1(whole) if item.type == b"av01" else _survey_hevc(data, meta, number, whole)
        check_coded(found[parts], *size(data, meta, number))


def _survey_hevc(data: memoryview, meta: Meta, item: int, units: memoryview) -> Coded:
    records = (data[at:end] for kind, at, end in meta.properties_of(item) if kind == b"hvcC")
    return survey_hevc(next(records, data[:0]), units)


def check_coded(coded: Coded, width: int, height: int) -> None:
    """Raise LimitError for a coded picture that is larger than ``width`` × ``height``, or has many frames."""
    if coded.frames > MAX_FRAMES:
        raise LimitError(f"HEIF with {coded.frames} frames in one picture")
    if width * height and coded.pixels > 2 * width * height + _MAX_TILE_WASTE:
        raise LimitError(f"HEIF with {coded.pixels} pixels coded for {width}×{height}")


def first_sample(data: memoryview, table: Box) -> memoryview:
    """Return the data of the first sample of a track, by its sample table; empty where it cannot be located."""
    offset = length = 0
    for kind, at, end in boxes(data, *table[1:]):
        if kind == b"stco" and end - at >= 12:
            (offset,) = struct.unpack_from(">I", data, at + 8)
        elif kind == b"co64" and end - at >= 16:
            (offset,) = struct.unpack_from(">Q", data, at + 8)
        elif kind == b"stsz" and end - at >= 12:
            (length,) = struct.unpack_from(">I", data, at + 4)
            if not length and end - at >= 16:
                (length,) = struct.unpack_from(">I", data, at + 12)
    return data[offset : offset + length]
