"""BMP whose pixels are stored as they are: read from the file as they are needed, row by row, without a copy."""

from __future__ import annotations

from typing import Any, Final

import pyvips

from mememime_proxy.errors import BrokenImageError
from mememime_proxy.imaging.codecs.bmp.colors import apply_palette, palette_end
from mememime_proxy.imaging.gate.bmp import BYTES, Bitmap

_NUMBERS: Final = {16: "ushort", 32: "uint"}
"""By the bits of a pixel: the format of a number that is one."""
_SAMPLE_BYTES: Final = {"uchar": 1, "ushort": 2, "uint": 4}


def decode(data: memoryview, pixels_at: int, bitmap: Bitmap, *, partial: bool) -> pyvips.Image:
    """Return the picture.

    ``partial``: rows beyond the end of the file are zeros, else BrokenImageError is raised for a file that ends too
    soon.
    """
    pixels = data[pixels_at or palette_end(data, bitmap) :]
    if bitmap.bits == 32 and all(bitmap.masks[:3]) and BYTES.issuperset(bitmap.masks):
        numbers = _lines(pixels, bitmap, "uchar", partial=partial).bandfold(factor=4)
        return _joined([numbers[mask.bit_length() // 8 - 1] for mask in bitmap.masks if mask])
    if bitmap.bits in _NUMBERS:
        numbers = _lines(pixels, bitmap, _NUMBERS[bitmap.bits], partial=partial)
        return _masked(numbers.crop(0, 0, bitmap.width, bitmap.height), bitmap)
    lines = _lines(pixels, bitmap, "uchar", partial=partial)
    if bitmap.bits == 24:
        colors: Any = lines.crop(0, 0, 3 * bitmap.width, bitmap.height).bandfold(factor=3)
        image: pyvips.Image = colors[2].bandjoin([colors[1], colors[0]]).copy(interpretation="srgb")
        return image
    return apply_palette(_indices(lines, bitmap), data, bitmap)


def _lines(pixels: memoryview, bitmap: Bitmap, sample: str, *, partial: bool) -> pyvips.Image:
    """Return the rows with what fills them up to a multiple of four bytes, the upper one first."""
    length = (bitmap.width * bitmap.bits + 31) // 32 * 4
    columns, height = length // _SAMPLE_BYTES[sample], bitmap.height
    whole = min(height, len(pixels) // length)
    if whole < height and not partial:
        raise BrokenImageError("BMP that ends in its pixels")
    parts = []
    if whole:
        parts.append(pyvips.Image.new_from_memory(pixels[: whole * length], columns, whole, 1, sample))
    if whole < height:
        rest = bytes(pixels[whole * length :]).ljust(length, b"\0")
        parts.append(pyvips.Image.new_from_memory(rest, columns, 1, 1, sample))
    image = parts[0] if len(parts) == 1 else parts[0].join(parts[1], "vertical")
    image = image.embed(0, 0, columns, height) if image.height < height else image
    return image if bitmap.top_down else image.flip("vertical")


def _indices(lines: pyvips.Image, bitmap: Bitmap) -> pyvips.Image:
    """Return one byte for each pixel."""
    bits = bitmap.bits
    if bits < 8:
        parts: list[Any] = [(lines >> shift) & ((1 << bits) - 1) for shift in range(8 - bits, -1, -bits)]
        lines = parts[0].bandjoin(parts[1:]).cast("uchar").bandunfold(factor=len(parts))
    return lines.crop(0, 0, bitmap.width, bitmap.height)


def _masked(numbers: pyvips.Image, bitmap: Bitmap) -> pyvips.Image:
    """Return a picture whose pixels are numbers, with some bits for each channel; [MS-WMF] 2.2.2.4."""
    return _joined([_channel(numbers, mask) for mask in bitmap.masks[: 4 if bitmap.masks[3] else 3]])


def _joined(channels: list[Any]) -> pyvips.Image:
    """Return the picture with these channels.

    Alpha that is 0 throughout counts as none: such files are meant to be seen.
    """
    if len(channels) == 4 and channels[3].max() == 0:
        del channels[3]
    image: pyvips.Image = channels[0].bandjoin(channels[1:]).copy(interpretation="srgb")
    return image


def _channel(numbers: Any, mask: int) -> pyvips.Image:
    """Return the numbers' bits in ``mask`` as a channel of 8 bits."""
    if not mask:
        none: pyvips.Image = (numbers * 0).cast("uchar")
        return none
    shift = (mask & -mask).bit_length() - 1
    highest = mask >> shift
    if highest & (highest + 1):
        raise BrokenImageError(f"BMP with the mask {mask:#x}")
    values = (numbers >> shift) & highest
    if highest != 255:
        values = values.cast("double") * (255 / highest) + 0.5
    channel: pyvips.Image = values.cast("uchar")
    return channel
