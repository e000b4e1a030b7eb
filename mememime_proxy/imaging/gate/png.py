"""PNG: its chunks, without text that is too expensive to read. PNG, third edition, section 5 and 11.

libpng inflates up to 50 MB for each of a hundred text chunks before a width is known: 1 MB of file costs seven seconds
and 2 GB. So here every chunk is walked, and what is compressed is inflated within a budget or not at all.
"""

from __future__ import annotations

import struct
import zlib

from mememime_proxy.errors import BrokenImageError, LimitError
from mememime_proxy.imaging.color.png_chunks import COLOR_CHUNKS, PngColor
from mememime_proxy.imaging.gate import exif
from mememime_proxy.imaging.gate.header import MAX_ICC_LENGTH, ImageHeader

SIGNATURE_LENGTH = 8
MAX_TEXT_CHUNKS = 64
MAX_TEXT_LENGTH = 1024 * 1024
"""Bytes of text and text metadata (XMP), inflated, of all chunks together."""
MAX_DEFLATE_RATIO = 1032
"""Maximum bytes that one byte of a deflate stream expands to; RFC 1951 allows 258 bytes for two bits."""
_MAX_CHUNKS = 100_000
_COLOR_BANDS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_MAX_NAMES_LENGTH = 1024
"""Bytes of an iTXt's language and translated keyword."""
_TEXTS = frozenset({b"tEXt", b"zTXt", b"iTXt"})
_MAX_OTHER_LENGTH = 64 * 1024
_BOUNDED = frozenset({b"sPLT", b"hIST", b"eXIf"})


def walk(data: memoryview) -> tuple[ImageHeader, bytes | None]:
    """Return the header of a PNG, and the data to decode instead where chunks are left out.

    Of an APNG only the first picture counts.

    Raises BrokenImageError and LimitError. May raise struct.error where the data ends too soon.
    """
    width, height, depth, color, interlace = _ihdr(data)
    chunks = _Chunks()
    packed = 0
    at = SIGNATURE_LENGTH + 25
    for _ in range(_MAX_CHUNKS):
        if at + 12 > len(data):
            break
        (length,) = struct.unpack_from(">I", data, at)
        kind, end = bytes(data[at + 4 : at + 8]), at + 12 + length
        if kind == b"IDAT":
            packed += length
        elif kind == b"IEND":
            break
        elif not chunks.accepts(kind, data[at + 8 : at + 8 + length]):
            chunks.dropped.append((at, end))
        at = end
    else:
        raise LimitError(f"PNG with more than {_MAX_CHUNKS} chunks")
    if not packed:
        raise BrokenImageError("PNG without pixel data")
    _check_plausible(width, height, depth * _COLOR_BANDS[color], packed)
    header = ImageHeader(
        format="png",
        color=chunks.color.encoding(),
        color_over_icc=chunks.color.over_icc,
        width=width,
        height=height,
        orientation=chunks.orientation,
        alpha=chunks.transparent or color in (4, 6),
        icc=chunks.icc is True,
        exif=chunks.exif,
        bit_depth=depth,
        bands=_COLOR_BANDS[color],
        palette=color == 3,
        progressive=interlace != 0,
    )
    return header, _without(data, chunks.dropped)


class _Chunks:
    """Facts from the chunks beside the pixels, and the chunks to leave out."""

    def __init__(self) -> None:
        self.orientation = 1
        self.exif = False
        self.icc: bool | None = None
        self.transparent = False
        self.color = PngColor()
        self.dropped: list[tuple[int, int]] = []
        self._text = _TextBudget()

    def accepts(self, kind: bytes, body: memoryview) -> bool:
        """Whether the chunk may stay."""
        if kind in _TEXTS:
            return self._text.allows(kind, body)
        if kind == b"iCCP":
            if self.icc is None and _profile_fits(body):
                self.icc = True
                return True
            self.icc = self.icc or False
            return False
        if kind in _BOUNDED and len(body) > _MAX_OTHER_LENGTH:
            return False
        if kind in COLOR_CHUNKS:
            self.color.add(kind, body)
        elif kind == b"tRNS":
            self.transparent = True
        elif kind == b"eXIf":
            if self.exif:  # only one is allowed: the first counts, and no decoder sees another
                return False
            self.orientation, self.exif = exif.orientation(body), True
        return True


def _ihdr(data: memoryview) -> tuple[int, int, int, int, int]:
    length, kind, width, height, depth, color, packing, filtering, interlace = struct.unpack_from(
        ">I4sIIBBBBB", data, SIGNATURE_LENGTH
    )
    if kind != b"IHDR" or length != 13:
        raise BrokenImageError("PNG without IHDR")
    if not (0 < width < 1 << 31 and 0 < height < 1 << 31):
        raise BrokenImageError("PNG without pixels")
    if depth not in _DEPTHS.get(color, ()) or packing or filtering or interlace > 1:
        raise BrokenImageError("PNG with an IHDR that is not valid")
    return width, height, depth, color, interlace


def _check_plausible(width: int, height: int, bits: int, packed: int) -> None:
    """Refuse a header with more pixels than its data can contain."""
    if packed * MAX_DEFLATE_RATIO + 1024 < height * ((width * bits + 7) // 8):
        raise BrokenImageError("PNG with too little data for its size")


class _TextBudget:
    """The remaining budget for text."""

    def __init__(self) -> None:
        self._chunks = 0
        self._left = MAX_TEXT_LENGTH

    def allows(self, kind: bytes, body: memoryview) -> bool:
        """Return whether the chunk is within the budget. A larger one uses up the budget, so that work is bounded."""
        self._chunks += 1
        if self._chunks > MAX_TEXT_CHUNKS:
            return False
        packed = _packed_part(kind, body)
        length = len(body) if packed is None else inflated_length(packed, self._left)
        allowed = length <= self._left
        self._left = self._left - length if allowed else 0
        return allowed


def _packed_part(kind: bytes, body: memoryview) -> memoryview | None:
    """Return the deflated part of a text chunk, None where nothing is deflated."""
    if kind == b"tEXt":
        return None
    head = bytes(body[:80])  # a keyword has 1–79 bytes
    end = head.find(b"\x00")
    if end < 0:
        return None
    if kind == b"zTXt":
        return body[end + 2 :]
    if bytes(body[end + 1 : end + 2]) != b"\x01":
        return None
    names = bytes(body[end + 3 : end + 3 + _MAX_NAMES_LENGTH])
    language_end = names.find(b"\x00")
    return body[end + 3 + names.find(b"\x00", language_end + 1) + 1 :]


def inflated_length(packed: memoryview, limit: int) -> int:
    """Length of a zlib stream inflated, ``limit`` + 1 where it is longer or broken; takes ``limit`` bytes of memory."""
    if limit <= 0:
        return limit + 1
    try:
        return len(zlib.decompressobj().decompress(packed, limit + 1))
    except zlib.error:
        return limit + 1


def _profile_fits(body: memoryview) -> bool:
    """Whether a colour profile is short enough once inflated; the usual ones need not be inflated to see that."""
    end = bytes(body[:80]).find(b"\x00")
    packed = body[end + 2 :]
    if end < 1:
        return False
    if len(packed) * MAX_DEFLATE_RATIO <= MAX_ICC_LENGTH:
        return True
    return inflated_length(packed, MAX_ICC_LENGTH) <= MAX_ICC_LENGTH


def _without(data: memoryview, parts: list[tuple[int, int]]) -> bytes | None:
    if not parts:
        return None
    remaining, at = bytearray(), 0
    for start, end in parts:
        remaining += data[at:start]
        at = end
    remaining += data[at:]
    return bytes(remaining)
