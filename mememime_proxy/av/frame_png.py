"""A frame as a picture: upright, with square pixels, in RGB, as a PNG that is stored and not deflated.

The picture pipeline renders it as it renders any original: so every option means for a frame what it means for a
picture. It is written once and read once, by programs of this service: deflating it would cost more than all else.
"""

from __future__ import annotations

import struct
import zlib
from fractions import Fraction
from typing import Any, Final

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace, Interpolation

from mememime_proxy.errors import LimitError
from mememime_proxy.formats.frame_stack import SIGNATURE, chunk

_MAX_ASPECT: Final = 16
"""Ratio of a pixel's sides past which it is taken for a fault of the file."""
HD: Final = 720
"""Lines from which a film that does not say so has the colours of BT.709; else BT.601."""
_UNSPECIFIED: Final = 2
WIDE_PRIMARIES: Final = frozenset({9, 11, 12})
"""Code points (ITU-T H.273) of BT.2020 and P3: other films are shown as sRGB, as players do."""
HDR: Final = frozenset({16, 18})
"""Code points of PQ and HLG."""
_FULL_RANGE: Final = 2
_STORED: Final = 0


def square_size(width: int, height: int, aspect: Fraction | None) -> tuple[int, int]:
    """Return the size of a frame whose pixels are square; ``aspect``: width of a pixel by its height."""
    if not aspect or aspect == 1 or not Fraction(1, _MAX_ASPECT) <= aspect <= _MAX_ASPECT:
        return width, height
    return max(1, round(width * aspect)), height


def upright_size(frame: VideoFrame, aspect: Fraction | None) -> tuple[int, int]:
    """Return the size of the picture of a frame."""
    width, height = square_size(frame.width, frame.height, aspect)
    return (height, width) if quarters_of(frame) % 2 else (width, height)


def quarters_of(frame: VideoFrame) -> int:
    """Return by how many right angles a frame is rotated to be upright, counterclockwise."""
    return round(frame.rotation / 90) % 4


def to_png(frame: VideoFrame, aspect: Fraction | None, max_pixels: int) -> tuple[bytes, int, int]:
    """Return a frame as a PNG, with its width and height. LimitError past ``max_pixels``.

    16 bits a channel where the film has more than 8.
    """
    width, height = upright_size(frame, aspect)
    if width * height > max_pixels:
        raise LimitError(f"{width}×{height} pixels a frame are more than {max_pixels}")
    return encode_png(upright_rgb(frame, width, height, deep=is_deep(frame)), color_of(frame))


def is_deep(frame: VideoFrame) -> bool:
    """Whether a frame has more than 8 bits a channel."""
    return any(component.bits > 8 for component in frame.format.components)


def upright_rgb(frame: VideoFrame, width: int, height: int, *, deep: bool) -> np.ndarray[Any, Any]:
    """Return the pixels of a frame, upright, scaled to these sides: rows of red, green and blue, of 16 or 8 bits."""
    quarters = quarters_of(frame)
    pixels = _to_rgb(frame, *((height, width) if quarters % 2 else (width, height)), deep=deep)
    return np.rot90(pixels, quarters) if quarters else pixels


def encode_png(pixels: np.ndarray[Any, Any], color: tuple[int, int] | None) -> tuple[bytes, int, int]:
    """Return pixels as a PNG, with its width and height. ``color``: see ``color_of``."""
    height, width = pixels.shape[:2]
    deep = pixels.dtype == np.uint16
    rows = np.zeros((height, 1 + width * (6 if deep else 3)), np.uint8)
    samples = np.ascontiguousarray(pixels.astype(">u2") if deep else pixels)
    rows[:, 1:] = samples.view(np.uint8).reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 16 if deep else 8, 2, 0, 0, 0)
    chunks = [chunk(b"IHDR", header)]
    if color is not None:
        chunks.append(chunk(b"cICP", bytes((*color, 0, 1))))
    chunks += (chunk(b"IDAT", zlib.compress(rows.data, _STORED)), chunk(b"IEND", b""))
    return SIGNATURE + b"".join(chunks), width, height


def _to_rgb(frame: VideoFrame, width: int, height: int, *, deep: bool) -> np.ndarray[Any, Any]:
    matrix = frame.colorspace
    if matrix == _UNSPECIFIED:
        matrix = Colorspace.ITU709 if frame.height >= HD else Colorspace.ITU601
    converted = frame.reformat(
        width=width,
        height=height,
        format="rgb48le" if deep else "rgb24",
        src_colorspace=matrix if matrix in set(Colorspace) else None,
        interpolation=Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT,
        threads=1,
    )
    return converted.to_ndarray()


def color_of(frame: VideoFrame) -> tuple[int, int] | None:
    """Return the code points of primaries and transfer function; None where the frame is shown as sRGB."""
    primaries, transfer = int(frame.color_primaries), int(frame.color_trc)
    if transfer in HDR:
        return primaries, transfer
    return (primaries, 13) if primaries in WIDE_PRIMARIES else None
