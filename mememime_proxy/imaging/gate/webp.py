"""WebP: the chunks of a RIFF container. RFC 9649, section 2."""

from __future__ import annotations

import struct

from mememime_proxy.errors import BrokenImageError, LimitError
from mememime_proxy.imaging.gate import exif
from mememime_proxy.imaging.gate.header import MAX_ICC_LENGTH, ImageHeader

_MAX_CHUNKS = 100_000
_EXIF_FLAG, _ALPHA_FLAG, _ICC_FLAG, _ANIMATION_FLAG = 0x08, 0x10, 0x20, 0x02
_EXIF_ID = b"Exif\x00\x00"
_VP8_START = b"\x9d\x01\x2a"
_VP8L_SIGNATURE = 0x2F


def walk(data: memoryview, max_frames: int) -> ImageHeader:
    """Return the header of a WebP; frames are counted up to ``max_frames`` + 1.

    Raises BrokenImageError and LimitError. May raise struct.error or IndexError where the data ends too soon.
    """
    kind, (length,) = bytes(data[12:16]), struct.unpack_from("<I", data, 16)
    if kind == b"VP8 ":
        width, height = _vp8(data, 20)
        return ImageHeader(format="webp", width=width, height=height, alpha=False, icc=False, bands=3)
    if kind == b"VP8L":
        width, height, alpha = _vp8l(data, 20)
        return ImageHeader(format="webp", width=width, height=height, alpha=alpha, icc=False, bands=4 if alpha else 3)
    if kind != b"VP8X" or length < 10:
        raise BrokenImageError("WebP without a picture")
    return _extended(data, 20 + length + (length & 1), max_frames)


def _extended(data: memoryview, at: int, max_frames: int) -> ImageHeader:
    flags = data[20]
    width = 1 + int.from_bytes(data[24:27], "little")
    height = 1 + int.from_bytes(data[27:30], "little")
    animated, wants_exif = bool(flags & _ANIMATION_FLAG), bool(flags & _EXIF_FLAG)
    alpha = bool(flags & _ALPHA_FLAG)
    orientation, pictures, frames, icc = 1, 0, 0, False
    exif_found = not wants_exif
    for _ in range(_MAX_CHUNKS):
        if at + 8 > len(data) or (frames > max_frames and not wants_exif):
            break
        kind, (length,) = bytes(data[at : at + 4]), struct.unpack_from("<I", data, at + 4)
        body = at + 8
        if kind == b"ICCP":
            icc = bool(flags & _ICC_FLAG)
            if length > MAX_ICC_LENGTH:
                raise LimitError(f"a colour profile of {length} bytes")
        elif kind == b"ANMF":
            frames += 1
        elif kind in (b"VP8 ", b"VP8L"):
            pictures += 1
            if kind == b"VP8L" and not animated:
                alpha = alpha or _vp8l(data, body)[2]
            if not (wants_exif or animated):
                break
        elif kind == b"EXIF" and not exif_found:
            exif_found = True  # "readers MAY ignore all except the first one": RFC 9649, 2.7.1.5
            start = body + (6 if bytes(data[body : body + 6]) == _EXIF_ID else 0)
            orientation = exif.orientation(data[start : body + length])
        at = body + length + (length & 1)
    else:
        raise LimitError(f"WebP with more than {_MAX_CHUNKS} chunks")
    if not (frames or pictures):
        raise BrokenImageError("WebP without a picture")
    return ImageHeader(
        format="webp",
        width=width,
        height=height,
        pages=min(max(1, frames), max_frames + 1),
        animated=frames > 1,
        orientation=orientation,
        alpha=alpha,
        icc=icc,
        exif=wants_exif,
        bands=4 if alpha else 3,
    )


def _vp8(data: memoryview, at: int) -> tuple[int, int]:
    """Width and height of a key frame; RFC 6386, 9.1."""
    if bytes(data[at + 3 : at + 6]) != _VP8_START:
        raise BrokenImageError("WebP with a VP8 frame that is not a key frame")
    width, height = struct.unpack_from("<HH", data, at + 6)
    return _checked(width & 0x3FFF, height & 0x3FFF)


def _vp8l(data: memoryview, at: int) -> tuple[int, int, bool]:
    """Width, height and whether alpha is used; RFC 9649, 3.4."""
    signature, bits = struct.unpack_from("<BI", data, at)
    if signature != _VP8L_SIGNATURE:
        raise BrokenImageError("WebP with a lossless frame that is not one")
    return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, bool(bits >> 28 & 1)


def _checked(width: int, height: int) -> tuple[int, int]:
    if not (width and height):
        raise BrokenImageError("WebP without pixels")
    return width, height
