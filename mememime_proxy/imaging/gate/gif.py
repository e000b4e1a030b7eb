"""GIF: blocks are skipped and frames counted without decompression. GIF89a specification, sections 17–26."""

from __future__ import annotations

from mememime_proxy.errors import BrokenImageError, LimitError
from mememime_proxy.imaging.gate.header import ImageHeader

_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
_GRAPHIC_CONTROL = 0xF9
_MAX_SUB_BLOCKS = 1_000_000
"""Sub-blocks of a file: 256 MB as encoders write them."""
_MAX_SCREEN = 2048
_DESKTOPS = frozenset({(640, 480), (640, 512), (800, 600), (1024, 768), (1280, 1024), (1600, 1200)})
"""Screens that old encoders wrote instead of the picture's size; libnsgif takes the first frame's then."""


def walk(data: memoryview, max_frames: int) -> ImageHeader:
    """Return the header of a GIF; frames are counted up to ``max_frames`` + 1.

    Data that ends too soon ends the counting.

    Raises BrokenImageError where there is no frame, LimitError for too many blocks. May raise IndexError where not even
    the header is whole.
    """
    width, height = data[6] | data[7] << 8, data[8] | data[9] << 8
    at = 13 + _color_table_length(data[10])
    bits = (data[10] & 7) + 1 if data[10] & 0x80 else 8
    frames, budget = 0, _MAX_SUB_BLOCKS
    transparent = interlaced = False
    try:
        while frames <= max_frames:
            block = data[at]
            if block == _IMAGE:
                flags = data[at + 9]
                if not frames:
                    width, height = _canvas(data, at, width, height)
                    interlaced = bool(flags & 0x40)
                bits = max(bits, (flags & 7) + 1) if flags & 0x80 else bits
                frames += 1
                at, budget = _after_blocks(data, at + 11 + _color_table_length(flags), budget)
            elif block == _EXTENSION:
                if data[at + 1] == _GRAPHIC_CONTROL:
                    transparent = transparent or bool(data[at + 3] & 1)
                at, budget = _after_blocks(data, at + 2, budget)
            else:  # the trailer, or invalid data, at which decoders stop as well
                break
    except IndexError:
        pass
    if not (frames and width and height):
        raise BrokenImageError("GIF without a frame")
    return ImageHeader(
        format="gif",
        width=width,
        height=height,
        pages=frames,
        animated=frames > 1,
        alpha=True if transparent else None,
        icc=False,
        exif=False,
        bit_depth=bits,
        bands=1,
        palette=True,
        progressive=interlaced,
    )


def _color_table_length(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _canvas(data: memoryview, at: int, width: int, height: int) -> tuple[int, int]:
    """Return the canvas size that a decoder uses for the screen and the first frame; libnsgif 1.0."""
    left, top = data[at + 1] | data[at + 2] << 8, data[at + 3] | data[at + 4] << 8
    frame_width, frame_height = data[at + 5] | data[at + 6] << 8, data[at + 7] | data[at + 8] << 8
    if not (frame_width and frame_height):
        raise BrokenImageError("GIF with a first frame without pixels")
    if (width, height) in _DESKTOPS or not (0 < width <= _MAX_SCREEN and 0 < height <= _MAX_SCREEN):
        width = height = 1
    return max(width, left + frame_width), max(height, top + frame_height)


def _after_blocks(data: memoryview, at: int, budget: int) -> tuple[int, int]:
    """Return the position after a chain of sub-blocks, and how many more there may be."""
    for count in range(budget):
        length = data[at]
        at += length + 1
        if not length:
            return at, budget - count - 1
    raise LimitError(f"GIF with more than {_MAX_SUB_BLOCKS} blocks")
