"""AVIF and HEIC: size, depth and transformations of the primary picture, and the other pictures of its decoder.

ISO/IEC 23008-12 (HEIF), AV1 Image File Format 1.1, ISO/IEC 14496-15 (``hvcC``).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace

from mememime_proxy.color.encoding import ColorEncoding
from mememime_proxy.errors import BrokenImageError, LimitError
from mememime_proxy.imaging.color import exif_tags, hevc, nclx
from mememime_proxy.imaging.color.icc import hdr_encoding
from mememime_proxy.imaging.gate import exif
from mememime_proxy.imaging.gate.boxes import aperture, pictures, track
from mememime_proxy.imaging.gate.boxes.aperture import transformed_size
from mememime_proxy.imaging.gate.boxes.bmff import Box, Item, Meta, boxes, item_extents, item_start, read_meta
from mememime_proxy.imaging.gate.boxes.coded import survey_av1
from mememime_proxy.imaging.gate.header import MAX_ICC_LENGTH, Aperture, ImageHeader

_PICTURES = frozenset({b"av01", b"hvc1", b"grid", b"iden", b"iovl", b"jpeg", b"avc1", b"unci"})
_MARGINAL = frozenset({b"thmb", b"auxl"})
_SEQUENCE_BRANDS = frozenset({b"avis", b"hevc", b"hevx", b"hevm", b"hevs", b"msf1"})

_VISUAL_ENTRY_LENGTH = 78
_UNKNOWN = b"----"
"""A type of items that no decoder knows."""
_SPARE_LENGTH = 1 << 20
"""Bytes of items beyond twice those of the file: their parts do not overlap."""
_EXIF_HEAD = 4
"""Bytes in front of a block: the distance to its TIFF header; ISO/IEC 23008-12, A.2.1."""


def walk(data: memoryview, name: str, max_pixels: int, max_frames: int = 1) -> tuple[ImageHeader, bytes | None]:
    """Return the header of an AVIF (``name`` "avif") or HEIC ("heic") file, and the data to decode instead.

    An AVIF sequence is an animation where ``max_frames`` is more than 1; otherwise its first picture counts alone.

    The size is that after its own rotation and clean aperture. There is other data where it has an aperture: the same
    without, so that decoders neither cut nor fail; and where it has EXIF that is not to be read: that is of an unknown
    type then.
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
    pictures.check_sizes(data, meta, max_pixels)
    metadata = _Metadata(data, meta)
    header = _primary(data, meta, name, movie=top_boxes.get(b"moov") if sequence else None)
    if sequence and name == "avif" and max_frames > 1 and b"moov" in top_boxes:
        header = _animated(data, top_boxes[b"moov"], header, max_frames)
    whole = header.aperture
    if whole and 0 < max_pixels < whole.full_width * whole.full_height:
        raise LimitError(f"HEIF with a picture of {whole.full_width}×{whole.full_height}")
    header = replace(
        header,
        color=header.color or metadata.color,
        exif_entries=metadata.budget.entries,
        metadata_bytes=metadata.length,
    )
    apertures = [box for box in meta.properties if box[0] == b"clap"]
    if not (apertures or metadata.dropped):
        return header, None
    changed = bytearray(data)
    aperture.remove(changed, apertures, *pictures.size(data, meta, meta.primary))
    for at in metadata.dropped:
        changed[at : at + len(_UNKNOWN)] = _UNKNOWN
    return header, bytes(changed)


class _Metadata:
    """EXIF and XMP items. Raises LimitError where items have more bytes together than the file."""

    def __init__(self, data: memoryview, meta: Meta) -> None:
        self.budget = exif.ExifBudget()
        self.color: ColorEncoding | None = None
        """What EXIF says of the samples, where decoders do not get to see it."""
        self.dropped: list[int] = []
        """Offsets of the types of items that are not to be read."""
        self.length = 0
        left = 2 * len(data) + _SPARE_LENGTH
        for number, item in meta.items.items():
            parts = item_extents(data, meta, number)
            length = sum(max(0, min(end, len(data)) - start) for start, end in parts or ())
            left -= length
            if left < 0:
                raise LimitError("HEIF with items that share their data")
            if item.type in (b"Exif", b"mime"):
                self.length += length
            if item.type == b"Exif":
                self._add(item, b"".join(data[start:end] for start, end in parts or ()))

    def _add(self, item: Item, content: bytes) -> None:
        block = memoryview(content)[_EXIF_HEAD:]
        if len(content) >= _EXIF_HEAD:
            block = block[min(int.from_bytes(content[:_EXIF_HEAD], "big"), len(block)) :]
        if not self.budget.allows(block):
            self.dropped.append(item.type_at)
            self.color = self.color or exif_tags.color_encoding(block)


def _primary(data: memoryview, meta: Meta, name: str, *, movie: Box | None) -> ImageHeader:
    item = meta.primary
    width, height = pictures.size(data, meta, item)
    if not (width and height):
        raise BrokenImageError("HEIF whose primary picture tells no size")
    pictures.check(data, meta, item)
    bits, bands = _depth(data, meta, item)
    entry = _sample_entry(data, movie) if movie and name == "avif" else None
    if entry is None:
        width, height, seen = transformed_size(data, meta.properties_of(item), width, height)
    else:  # libavif decodes the track then
        width, height, seen = transformed_size(data, entry.properties, entry.width, entry.height)
    alpha = any(pictures.is_alpha(data, meta, other) for other in meta.references.sources(b"auxl", item))
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
        thumbnail=seen is None and bool(meta.references.sources(b"thmb", item)),
        aperture=seen,
        color=_color(data, meta, item),
        premultiplied=bool(meta.references.targets(b"prem", item)),
    )


def _depth(data: memoryview, meta: Meta, item: int) -> tuple[int, int]:
    """Return bits and number of the channels; those of the first tile where the picture has no such property."""
    bits, bands = 8, 3
    tiles = meta.references.targets(b"dimg", item)[:1]
    for kind, at, _ in (*(box for tile in tiles for box in meta.properties_of(tile)), *meta.properties_of(item)):
        if kind == b"pixi" and data[at + 4]:
            bands, bits = data[at + 4], data[at + 5]
        elif kind == b"av1C" and data[at + 2] & 0x40:
            bits = 12 if data[at + 2] & 0x20 else 10
        elif kind == b"hvcC":
            bits = 8 + (data[at + 17] & 7)
    return bits, bands


def _animated(data: memoryview, movie: Box, header: ImageHeader, max_frames: int) -> ImageHeader:
    """Return the header with the frames of the track that is decoded; all tracks are checked."""
    tracks = [box for box in boxes(data, *movie[1:]) if box[0] == b"trak"]
    pages = 0
    whole = header.aperture or Aperture(0, 0, 0, 0, header.width, header.height)
    for each in tracks:
        if not pages:
            pages, loop = track.count_frames(data, each), track.loops(data, each)
        track.check_frames(data, each, max_frames, whole.full_width, whole.full_height)
    if pages <= 1:
        return header
    return replace(header, pages=min(pages, max_frames + 1), animated=True, loop=loop)


@dataclass(frozen=True, slots=True)
class _SampleEntry:
    """How the pictures of a track are coded."""

    width: int
    height: int
    properties: tuple[Box, ...]


def _sample_entry(data: memoryview, movie: Box) -> _SampleEntry | None:
    """Return the first sample entry of AV1 in the movie's tracks; ISO/IEC 14496-12, 8.5.2 and 12.1.3."""
    for each in (box for box in boxes(data, *movie[1:]) if box[0] == b"trak"):
        table = track.sample_table(data, each)
        description = table and track.child(data, table, b"stsd")
        if table is None or description is None:
            continue
        for kind, at, end in boxes(data, description[1] + 8, description[2]):
            if kind == b"av01" and end - at >= _VISUAL_ENTRY_LENGTH:
                width, height = struct.unpack_from(">HH", data, at + 24)
                if width and height:
                    coded = survey_av1(pictures.first_sample(data, table))
                    pictures.check_coded(coded, width, height)
                    return _SampleEntry(width, height, tuple(boxes(data, at + _VISUAL_ENTRY_LENGTH, end)))
    return None


def _has_profile(data: memoryview, meta: Meta, item: int) -> bool:
    for kind, at, end in meta.properties_of(item):
        if kind == b"colr" and bytes(data[at : at + 4]) in (b"prof", b"rICC"):
            if end - at - 4 > MAX_ICC_LENGTH:
                raise LimitError(f"a colour profile of {end - at - 4} bytes")
            return True
    return False


def _color(data: memoryview, meta: Meta, item: int) -> ColorEncoding | None:
    """Return what the picture, or its first tile, says of its samples beside a profile."""
    coded = (item, *meta.references.targets(b"dimg", item)[:1])
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
    marginal = meta.references.owners(_MARGINAL)
    return max(
        1,
        sum(
            item.type in _PICTURES and not item.hidden and number not in marginal for number, item in meta.items.items()
        ),
    )
