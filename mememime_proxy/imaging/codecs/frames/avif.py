"""Animated AVIF, by the extension behind Pillow's plugin (libavif): dav1d reads, libaom writes."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import pyvips
from PIL import _avif

from mememime_proxy.errors import BrokenImageError
from mememime_proxy.formats.output_plan import Subsampling
from mememime_proxy.geometry.geometry import Rotation
from mememime_proxy.imaging.codecs.external_decoders import BANDS, FAILURES, attach, check_size, from_memory, visible
from mememime_proxy.imaging.gate.header import Buffer, ImageHeader
from mememime_proxy.imaging.image_fields import PAGE_HEIGHT_FIELD, field, with_metadata
from mememime_proxy.imaging.metadata import KEEP_EXIF, KEEP_ICC, KEEP_XMP, blob_of
from mememime_proxy.imaging.orientation import rotate_upright

_MILLISECONDS: Final = 1000
_FULL_COLOR: Final = 90
"""Quality from which colours are not halved, as libvips does for stills."""
_DEFAULT_DELAY: Final = 40
_CONTAINERS: Final = frozenset({b"moov", b"trak", b"mdia", b"edts"})
_TIMED: Final = frozenset({b"mvhd", b"tkhd", b"mdhd"})
_DURATION_AT: Final = {b"mvhd": 24, b"tkhd": 28}
"""Offset of a duration of 64 bits in these boxes' contents, version 1; ISO/IEC 14496-12, 8.2.2 and 8.3.2."""
_EXIF_ID: Final = b"Exif\0\0"


@dataclass(frozen=True, slots=True)
class _Track:
    """The sequence in a file, open to be decoded."""

    decoder: Any
    size: tuple[int, int]
    mode: str
    icc: bytes | None
    exif: bytes | None
    orientation: int
    xmp: bytes | None


def _open(data: Buffer, header: ImageHeader) -> _Track:
    try:
        decoder = _avif.AvifDecoder(bytes(data), "auto", 1)
        size, _, mode, icc, exif, orientation, xmp = decoder.get_info()
    except FAILURES as error:
        raise BrokenImageError(f"AVIF: {error}") from error
    check_size(size[0], size[1], header)
    return _Track(decoder, size, mode, icc, exif, orientation, xmp)


def _frames(
    track: _Track, header: ImageHeader, pages: int, *, page: int = 0, partial: bool
) -> Iterator[tuple[pyvips.Image, int]]:
    """Yield ``pages`` frames from ``page`` on, upright, with their delays in milliseconds."""
    last: pyvips.Image | None = None
    for number in range(page, page + pages):
        try:
            pixels, timescale, _, duration = track.decoder.get_frame(number)
        except FAILURES as error:
            if not (partial and last is not None):
                raise BrokenImageError(f"AVIF: {error}") from error
            yield last, 0
            continue
        image = from_memory(pixels, *track.size, BANDS[track.mode])
        last = visible(rotate_upright(image, Rotation.from_orientation(track.orientation)), header)
        yield last, round(_MILLISECONDS * duration / timescale) if timescale else _DEFAULT_DELAY


def decode_all(data: Buffer, header: ImageHeader) -> int:
    """Decode every frame, keep none, and return their duration in milliseconds. Raises BrokenImageError."""
    return sum(delay for _, delay in _frames(_open(data, header), header, header.pages, partial=False))


def read(data: Buffer, header: ImageHeader, pages: int, *, page: int = 0, partial: bool) -> pyvips.Image:
    """Return ``pages`` frames from ``page`` on, one below the other, with their delays and the number of loops.

    8 bits a channel; each is rotated and cut as a still picture is (``external_decoders.avif``). All of them are in
    memory: the caller has checked their size. ``partial``: of a damaged file, the last frame that can be decoded stands
    for those that cannot. Raises BrokenImageError.
    """
    track = _open(data, header)
    frames, delays = zip(*_frames(track, header, pages, page=page, partial=partial), strict=True)
    stacked = pyvips.Image.arrayjoin(list(frames), across=1)
    height = frames[0].height
    facts = {PAGE_HEIGHT_FIELD: height, "delay": list(delays), "loop": header.loop, "n-pages": header.pages}
    stacked = with_metadata(stacked, facts)
    attach(stacked, icc=track.icc, exif=track.exif, xmp=track.xmp)
    return stacked


def write(image: pyvips.Image, *, quality: int, speed: int, keep: int, subsample: Subsampling = "auto") -> bytes:
    """Return frames one below the other as an AVIF, with their delays and loops. ``keep``: metadata, libvips' flags.

    8 bits a channel. Equal arguments give equal bytes: one thread, and no time of day in the file.
    """
    height = int(field(image, PAGE_HEIGHT_FIELD, image.height))
    count = image.height // height
    delays = field(image, "delay", [])[:count] or [_DEFAULT_DELAY] * count
    if image.format == "ushort":
        image = (image / 257).rint().cast("uchar")
    mode = {bands: name for name, bands in BANDS.items() if name in ("L", "RGB", "RGBA")}.get(image.bands)
    if mode is None:
        image, mode = image.colourspace("srgb"), "RGBA"
    exif = (blob_of(image, "exif-data") if keep & KEEP_EXIF else None) or b""
    is_full = quality >= _FULL_COLOR if subsample == "auto" else subsample == "off"
    encoder: Any = _avif.AvifEncoder(
        (image.width, height),
        "4:0:0" if mode == "L" else "4:4:4" if is_full else "4:2:0",
        quality,
        speed,
        1,
        "auto",
        "full",
        0,
        0,
        False,
        True,
        (blob_of(image, "icc-profile-data") if keep & KEEP_ICC else None) or b"",
        exif.removeprefix(_EXIF_ID),
        1,
        (blob_of(image, "xmp-data") if keep & KEEP_XMP else None) or b"",
        None,
    )
    for number in range(count):
        frame = image.crop(0, number * height, image.width, height).write_to_memory()
        encoder.add(bytes(frame), delays[number], (image.width, height), mode, count == 1)
    return _finished(bytearray(encoder.finish()), int(field(image, "loop", 0)), sum(delays))


def _finished(avif: bytearray, loop: int, duration: int) -> bytes:
    """Return the file without the time at which it was made, shown ``loop`` times (0 = for ever).

    libavif writes a duration that never ends, and an edit list that repeats up to it.
    """
    for kind, at in _boxes(avif, 0, len(avif)):
        if kind in _TIMED:
            struct.pack_into(">QQ", avif, at + 4, 0, 0)
        if kind in _DURATION_AT and loop:
            struct.pack_into(">Q", avif, at + _DURATION_AT[kind], loop * duration)
    return bytes(avif)


def _boxes(data: bytearray, at: int, end: int) -> Iterator[tuple[bytes, int]]:
    while at + 8 <= end:
        length, kind = struct.unpack_from(">I4s", data, at)
        if length < 8:
            return
        yield kind, at + 8
        if kind in _CONTAINERS:
            yield from _boxes(data, at + 8, at + length)
        at += length
