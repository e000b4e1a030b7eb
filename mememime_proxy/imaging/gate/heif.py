"""AVIF and HEIC: size, depth and transformations of the primary picture, and the other pictures of its decoder.

ISO/IEC 23008-12 (HEIF), AV1 Image File Format 1.1, ISO/IEC 14496-15 (``hvcC``).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from mememime_proxy.errors import BrokenImageError, LimitError
from mememime_proxy.imaging.color import hevc, nclx
from mememime_proxy.imaging.color.encoding import ColorEncoding
from mememime_proxy.imaging.color.icc import hdr_encoding
from mememime_proxy.imaging.gate import aperture
from mememime_proxy.imaging.gate.aperture import transformed_size
from mememime_proxy.imaging.gate.bmff import Box, Meta, boxes, item_start, read_meta
from mememime_proxy.imaging.gate.header import MAX_ICC_LENGTH, ImageHeader

_MAX_TILE_WASTE = 1 << 20
"""Pixels that tiles may have beyond twice those of their picture: small pictures are cut from large tiles."""
_ALPHA_TYPES = (b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\x00", b"urn:mpeg:hevc:2015:auxid:1\x00")
_PICTURES = frozenset({b"av01", b"hvc1", b"grid", b"iden", b"iovl", b"jpeg", b"avc1", b"unci"})
_MARGINAL = frozenset({b"thmb", b"auxl"})
_SEQUENCE_BRANDS = frozenset({b"avis", b"hevc", b"hevx", b"hevm", b"hevs", b"msf1"})

_SAMPLE_TABLE = (b"mdia", b"minf", b"stbl", b"stsd")
_VISUAL_ENTRY_LENGTH = 78


def walk(data: memoryview, name: str, max_pixels: int) -> tuple[ImageHeader, bytes | None]:
    """Return the header of an AVIF (``name`` "avif") or HEIC ("heic") file, and the data to decode instead.

    The size is that after its own rotation and clean aperture. There is other data where it has an aperture: the same
    without, so that decoders neither cut nor fail.
    No picture in it, tile, thumbnail or track has more than ``max_pixels`` (0: as many as it likes).
    Raises BrokenImageError and LimitError. May raise struct.error or IndexError where the data ends too soon.
    """
    top_boxes: dict[bytes, Box] = {}
    sequence = bytes(data[8:12]) in _SEQUENCE_BRANDS
    for box in boxes(data, 0, len(data)):
        top_boxes.setdefault(box[0], box)
        if b"meta" in top_boxes and b"mdat" in top_boxes and (not sequence or b"moov" in top_boxes):
            break
    if b"meta" not in top_boxes:
        raise BrokenImageError("HEIF without a picture")
    meta = read_meta(data, top_boxes[b"meta"])
    _check_sizes(data, meta, max_pixels)
    header = _primary(data, meta, name, movie=top_boxes.get(b"moov") if sequence else None)
    whole = header.aperture
    if whole and 0 < max_pixels < whole.full_width * whole.full_height:
        raise LimitError(f"HEIF with a picture of {whole.full_width}×{whole.full_height}")
    apertures = [box for box in meta.properties if box[0] == b"clap"]
    if not apertures:
        return header, None
    return header, aperture.without(data, apertures, *_size(data, meta, meta.primary))


def _check_sizes(data: memoryview, meta: Meta, max_pixels: int) -> None:
    for kind, at, _ in meta.properties:
        if kind == b"ispe":
            width, height = struct.unpack_from(">II", data, at + 4)
            if 0 < max_pixels < width * height:
                raise LimitError(f"HEIF with a picture of {width}×{height}")


def _size(data: memoryview, meta: Meta, item: int) -> tuple[int, int]:
    for kind, at, _ in meta.properties_of(item):
        if kind == b"ispe":
            width, height = struct.unpack_from(">II", data, at + 4)
            return width, height
    return 0, 0


def _primary(data: memoryview, meta: Meta, name: str, *, movie: Box | None) -> ImageHeader:
    item = meta.primary
    width, height = _size(data, meta, item)
    if not (width and height):
        raise BrokenImageError("HEIF whose primary picture tells no size")
    _check_tiles(data, meta, item, width, height)
    bits, bands = _depth(data, meta, item)
    entry = _sample_entry(data, movie) if movie and name == "avif" else None
    if entry is None:
        width, height, seen = transformed_size(data, meta.properties_of(item), width, height)
    else:  # libavif decodes the track then
        width, height, seen = transformed_size(data, entry.properties, entry.width, entry.height)
    alpha = any(_is_alpha(data, meta, other) for other in meta.sources(b"auxl", item))
    return ImageHeader(
        format=name,
        width=width,
        height=height,
        pages=_pages(meta),
        sequence=movie is not None,
        alpha=alpha,
        icc=_has_profile(data, meta, item),
        exif=any(other.type == b"Exif" for other in meta.items.values()),
        bit_depth=bits,
        bands=bands + alpha,
        progressive=True,
        thumbnail=seen is None and bool(meta.sources(b"thmb", item)),
        aperture=seen,
        color=_color(data, meta, item),
        premultiplied=bool(meta.targets(b"prem", item)),
    )


def _check_tiles(data: memoryview, meta: Meta, item: int, width: int, height: int) -> None:
    """Refuse tiles with many more pixels than the picture that they form; ISO/IEC 23008-12, 6.6.2.3."""
    if item not in meta.items or meta.items[item].type != b"grid":
        return
    tiles = meta.targets(b"dimg", item)
    pixels = sum(w * h for w, h in (_size(data, meta, tile) for tile in tiles))
    if pixels > 2 * width * height + _MAX_TILE_WASTE:
        raise LimitError(f"HEIF with {pixels} pixels of tiles for {width}×{height}")
    start = item_start(data, meta, item)
    if start is None:
        return
    _, flags, rows, columns = struct.unpack_from(">4B", data, start)
    grid_size = struct.unpack_from(">II" if flags & 1 else ">HH", data, start + 4)
    if (rows + 1) * (columns + 1) != len(tiles) or grid_size != (width, height):
        raise BrokenImageError("HEIF with a grid that contradicts itself")


def _depth(data: memoryview, meta: Meta, item: int) -> tuple[int, int]:
    """Return bits and number of the channels; those of the first tile where the picture has no such property."""
    bits, bands = 8, 3
    tiles = meta.targets(b"dimg", item)[:1]
    for kind, at, _ in (*(box for tile in tiles for box in meta.properties_of(tile)), *meta.properties_of(item)):
        if kind == b"pixi" and data[at + 4]:
            bands, bits = data[at + 4], data[at + 5]
        elif kind == b"av1C" and data[at + 2] & 0x40:
            bits = 12 if data[at + 2] & 0x20 else 10
        elif kind == b"hvcC":
            bits = 8 + (data[at + 17] & 7)
    return bits, bands


@dataclass(frozen=True, slots=True)
class _SampleEntry:
    """How the pictures of a track are coded."""

    width: int
    height: int
    properties: tuple[Box, ...]


def _sample_entry(data: memoryview, movie: Box) -> _SampleEntry | None:
    """Return the first sample entry of AV1 in the movie's tracks; ISO/IEC 14496-12, 8.5.2 and 12.1.3."""
    for track in (box for box in boxes(data, *movie[1:]) if box[0] == b"trak"):
        box: Box | None = track
        for kind in _SAMPLE_TABLE:
            box = box and next((inner for inner in boxes(data, *box[1:]) if inner[0] == kind), None)
        if box is None:
            continue
        for kind, at, end in boxes(data, box[1] + 8, box[2]):
            if kind == b"av01" and end - at >= _VISUAL_ENTRY_LENGTH:
                width, height = struct.unpack_from(">HH", data, at + 24)
                if width and height:
                    return _SampleEntry(width, height, tuple(boxes(data, at + _VISUAL_ENTRY_LENGTH, end)))
    return None


def _is_alpha(data: memoryview, meta: Meta, item: int) -> bool:
    return any(
        kind == b"auxC" and bytes(data[at + 4 : min(end, at + 64)]).startswith(_ALPHA_TYPES)
        for kind, at, end in meta.properties_of(item)
    )


def _has_profile(data: memoryview, meta: Meta, item: int) -> bool:
    for kind, at, end in meta.properties_of(item):
        if kind == b"colr" and bytes(data[at : at + 4]) in (b"prof", b"rICC"):
            if end - at - 4 > MAX_ICC_LENGTH:
                raise LimitError(f"a colour profile of {end - at - 4} bytes")
            return True
    return False


def _color(data: memoryview, meta: Meta, item: int) -> ColorEncoding | None:
    """Return what the picture, or its first tile, says of its samples beside a profile."""
    coded = (item, *meta.targets(b"dimg", item)[:1])
    for kind, at, end in (box for owner in coded for box in meta.properties_of(owner)):
        if (
            kind == b"colr"
            and (encoding := nclx.from_colr(data, at, end) or _profile_of_hdr(data, at, end)) is not None
        ):
            return encoding
    for kind, at, end in (box for owner in coded for box in meta.properties_of(owner)):
        if kind == b"av1C":
            start = item_start(data, meta, coded[-1])
            return nclx.from_av1(data[at + 4 : end]) or (None if start is None else nclx.from_av1(data[start:]))
        if kind == b"hvcC":
            return hevc.from_configuration(data[at:end])
    return None


def _profile_of_hdr(data: memoryview, at: int, end: int) -> ColorEncoding | None:
    """Return the HDR encoding that a profile names: such a picture is to be decoded with all of its bits."""
    if bytes(data[at : at + 4]) not in (b"prof", b"rICC") or end - at > MAX_ICC_LENGTH:
        return None
    return hdr_encoding(bytes(data[at + 4 : end]))


def _pages(meta: Meta) -> int:
    """Return the independent pictures: no tiles, thumbnails, alpha planes or gain maps."""
    marginal = {owner for kind, owner, _ in meta.references if kind in _MARGINAL}
    return max(
        1,
        sum(
            item.type in _PICTURES and not item.hidden and number not in marginal for number, item in meta.items.items()
        ),
    )
