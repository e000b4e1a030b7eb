"""TIFF samples that libvips does not unpack: doubles, and depths such as 12 bits. TIFF 6.0, sections 7 and 8.

libvips is given a directory in which every byte is a sample of its own, so that it reads strips and tiles of any
compression. The bytes are put together here.
"""

from __future__ import annotations

import math
from typing import Any, Final

import pyvips

from mememime_proxy.errors import UnsupportedFormatError
from mememime_proxy.imaging.codecs.tiff import directory as tags
from mememime_proxy.imaging.codecs.tiff.directory import Directory
from mememime_proxy.imaging.gate.header import Buffer, ImageHeader, TiffSamples

_DOUBLE: Final = 64
_WHOLE_BYTES = frozenset({8, 16, 32})
_LONE = frozenset({1, 2, 4})
"""Depths that libvips reads where a pixel has one sample."""
_MAX_DEPTH = 15
_GREY_OR_RGB = frozenset({0, 1, 2})
_TILE_STEP = 16
"""libtiff's tiles are a multiple of that wide."""


def is_packed(header: ImageHeader) -> bool:
    """Return whether the samples are of a kind that libvips does not read, but this module does."""
    samples, bits = header.samples or TiffSamples(), header.bit_depth
    if samples.photometric not in _GREY_OR_RGB:
        return False
    if bits == _DOUBLE:
        return samples.sample_format == 3
    if bits in _WHOLE_BYTES or samples.sample_format != 1:
        return False
    return bits <= _MAX_DEPTH and not (bits in _LONE and header.bands == 1)


def as_bytes(data: Buffer, header: ImageHeader) -> bytes:
    """Return the file with a directory for its bytes.

    Raises UnsupportedFormatError for layouts whose bytes have no fixed places: planes, predictors, odd tiles.
    """
    directory = Directory(data)
    if (directory.value(tags.PLANAR, 1) == 2 and header.bands > 1) or directory.value(tags.PREDICTOR, 1) != 1:
        raise UnsupportedFormatError(f"cannot read a TIFF of {header.bit_depth} bits with planes or a predictor")
    changes = {tags.PHOTOMETRIC: [1], tags.SAMPLE_FORMAT: [1]}
    if header.bit_depth == _DOUBLE:
        bands = header.bands * _DOUBLE // 8
        changes |= {tags.BITS: [8] * bands, tags.SAMPLES: [bands], tags.SAMPLE_FORMAT: [1] * bands}
    else:
        changes |= {tags.BITS: [8], tags.SAMPLES: [1], tags.WIDTH: [_line_bytes(header.width, header)]}
        tile = directory.value(tags.TILE_WIDTH, 0)
        if tile:
            changes[tags.TILE_WIDTH] = [_line_bytes(tile, header)]
            if changes[tags.TILE_WIDTH][0] % _TILE_STEP:
                raise UnsupportedFormatError(f"cannot read a TIFF of {header.bit_depth} bits in tiles of {tile} pixels")
    return directory.rewritten(changes, frozenset({tags.EXTRA_SAMPLES, tags.PREDICTOR}))


def unpacked(image: pyvips.Image, data: Buffer, header: ImageHeader) -> pyvips.Image:
    """Return the samples of an image of bytes: doubles, or 8 or 16 bits without sign, as bands of each pixel."""
    grey = (header.samples or TiffSamples()).photometric != 2
    if header.bit_depth == _DOUBLE:
        image = image.copy(format="double", bands=header.bands, interpretation="b-w" if grey else "scrgb")
        return image.byteswap() if Directory(data).big_endian else image
    wide = header.bit_depth > 8
    image = _samples(image, header)
    image = (image * ((65535 if wide else 255) / ((1 << header.bit_depth) - 1)) + 0.5).cast(
        "ushort" if wide else "uchar"
    )
    grey_space, rgb_space = ("grey16", "rgb16") if wide else ("b-w", "srgb")
    return image.copy(interpretation=grey_space if grey else rgb_space)


def _line_bytes(width: int, header: ImageHeader) -> int:
    return (width * header.bands * header.bit_depth + 7) // 8


def _samples(image: pyvips.Image, header: ImageHeader) -> pyvips.Image:
    """Return the numbers in lines of bytes, the highest bit first, as bands of each pixel."""
    bits = header.bit_depth
    group = math.lcm(bits, 8) // 8  # bytes after which samples begin at a byte again
    line = math.ceil(image.width / group) * group
    lines = image.embed(0, 0, line, image.height).write_to_memory()
    groups = pyvips.Image.new_from_memory(lines, line // group, image.height, group, "uchar").cast("uint")
    padded = groups.bandjoin([0, 0])
    numbers: list[Any] = []
    for start in range(0, group * 8, bits):
        first = start // 8
        three = (padded[first] << 16) | (padded[first + 1] << 8) | padded[first + 2]
        numbers.append((three >> (24 - start % 8 - bits)) & ((1 << bits) - 1))
    row = numbers[0].bandjoin(numbers[1:]).cast("ushort")
    flat = pyvips.Image.new_from_memory(row.write_to_memory(), row.width * row.bands, row.height, 1, "ushort")
    flat = flat.crop(0, 0, header.width * header.bands, header.height)
    return pyvips.Image.new_from_memory(flat.write_to_memory(), header.width, header.height, header.bands, "ushort")
