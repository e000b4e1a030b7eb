"""PSD: header, resources and the place of the merged picture. Adobe Photoshop File Formats Specification, 2019."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from mememime_proxy.errors import BrokenImageError, LimitError
from mememime_proxy.imaging.gate.header import MAX_ICC_LENGTH, ImageHeader

MAX_RESOURCES: Final = 10_000
"""Resources that are looked at; files of Photoshop have some dozens."""
_HEAD: Final = struct.Struct(">4sH6xHIIHH")
_MAX_SIDE: Final = 30_000
_MAX_CHANNELS: Final = 56
_PSB: Final = 2
_CHANNELS: Final = {1: 1, 2: 1, 3: 3, 4: 4, 8: 1}
"""Channels of colour by mode: grey, palette, RGB, CMYK, and duotone, which is shown as grey."""
_PALETTE, _RGB = 2, 3
_PALETTE_LENGTH: Final = 768
_PROFILE, _VERSION_INFO = 1039, 1057
_STORED, _RUNS = 0, 1


@dataclass(frozen=True, slots=True)
class MergedPicture:
    """Where the picture of all layers is in a file, and what it is; offsets and lengths are within the file."""

    width: int
    height: int
    mode: int
    stored_channels: int
    """Channels in the file, those of selections and inks among them."""
    channels: int
    """Those that are shown, which are the first ones."""
    colors: tuple[int, int]
    """Offset and end of the colour mode data with their length."""
    profile: tuple[int, int] | None
    """Offset and end of the ICC profile."""
    start: int
    """Offset of the compression, behind which are lengths of rows, or samples."""
    rows: int
    """Offset of the first sample."""

    @property
    def alpha(self) -> bool:
        """Whether the last of the channels that are shown is alpha."""
        return self.channels > _CHANNELS[self.mode]


def read_document(data: memoryview) -> MergedPicture:
    """Return where the merged picture is.

    Raises BrokenImageError, also for what is not read (PSB, other depths than 8 bits, files without a merged picture),
    and LimitError, or struct.error where the data ends too soon.
    """
    _, version, stored, height, width, depth, mode = _HEAD.unpack_from(data)
    if version == _PSB:
        raise BrokenImageError("PSB, the large document format, is not read; save it as PSD")
    if depth != 8 or mode not in _CHANNELS:
        raise BrokenImageError(f"PSD of {depth} bits in color mode {mode} is not read; save it as RGB of 8 bits")
    if version != 1 or not (0 < width <= _MAX_SIDE and 0 < height <= _MAX_SIDE):
        raise BrokenImageError(f"PSD of version {version} with {width}×{height} pixels")
    if not _CHANNELS[mode] <= stored <= _MAX_CHANNELS:
        raise BrokenImageError(f"PSD of {stored} channels in color mode {mode}")
    channels = 4 if mode == _RGB and stored == 4 else _CHANNELS[mode]
    colors = _section(data, _HEAD.size)
    if mode == _PALETTE and colors[1] - colors[0] != _PALETTE_LENGTH:
        raise BrokenImageError("PSD with a palette of another length than 256 colors")
    resources = _section(data, colors[1])
    profile = _profile(data[: resources[1]], resources[0])
    start = _section(data, resources[1])[1]
    (compression,) = struct.unpack_from(">H", data, start)
    rows = start + 2
    if compression == _STORED:
        end = rows + width * height * channels
    elif compression == _RUNS:
        lengths = struct.unpack_from(f">{channels * height}H", data, rows)
        rows += 2 * stored * height
        end = rows + sum(lengths)
    else:
        raise BrokenImageError(f"PSD with compression {compression}")
    if end > len(data):
        raise BrokenImageError("PSD that ends in its merged picture")
    place = (_HEAD.size, colors[1])
    return MergedPicture(width, height, mode, stored, channels, place, profile, start, rows)


def _section(data: memoryview, at: int) -> tuple[int, int]:
    """Return offset and end of what follows a length of four bytes."""
    (length,) = struct.unpack_from(">I", data, at)
    if length > len(data) - at - 4:
        raise BrokenImageError("PSD with a section that is longer than the file")
    return at + 4, at + 4 + length


def _profile(data: memoryview, at: int) -> tuple[int, int] | None:
    """Return where the profile is among the resources from ``at`` to the end of ``data``."""
    found = None
    for _ in range(MAX_RESOURCES):
        if at >= len(data):
            return found
        number, name_length = struct.unpack_from(">4xHB", data, at)
        start, end = _section(data, at + 6 + (name_length + 2 & ~1))
        if number == _VERSION_INFO and end - start > 4 and not data[start + 4]:
            raise BrokenImageError("PSD without a merged picture; save it with maximum compatibility")
        if number == _PROFILE and end - start <= MAX_ICC_LENGTH:
            found = start, end
        at = end + (end - start & 1)
    raise LimitError(f"PSD of more than {MAX_RESOURCES} resources")


def walk(data: memoryview) -> ImageHeader:
    """Return the header of a PSD. Raises as ``read_document``."""
    picture = read_document(data)
    return ImageHeader(
        format="psd",
        width=picture.width,
        height=picture.height,
        alpha=picture.alpha,
        bands=picture.channels,
        palette=picture.mode == _PALETTE,
        icc=picture.profile is not None,
        metadata_bytes=0 if picture.profile is None else picture.profile[1] - picture.profile[0],
    )
