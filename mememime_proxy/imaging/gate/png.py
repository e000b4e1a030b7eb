"""PNG: its chunks, without text that is too expensive to read. PNG, third edition, section 5 and 11.

libpng inflates up to 50 MB for each of a hundred text chunks before a width is known: 1 MB of file costs seven seconds
and 2 GB. So here every chunk is walked, and what is compressed is inflated within a budget or not at all.
"""

from __future__ import annotations

import re
import struct
import zlib

from mememime_proxy.color.encoding import ColorEncoding
from mememime_proxy.errors import BrokenImageError, LimitError
from mememime_proxy.formats import frame_stack
from mememime_proxy.imaging.color import exif_tags
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
_ZERO = re.compile(rb"\x00")
_MAX_KEYWORD_LENGTH = 79
_DEFLATED = b"\x01\x00"
_PLAIN = b"\x00"
_TEXTS = frozenset({b"tEXt", b"zTXt", b"iTXt"})
_MAX_OTHER_LENGTH = 64 * 1024
_BOUNDED = frozenset({b"sPLT", b"hIST", b"eXIf"})


def walk(data: memoryview, max_frames: int = 1) -> tuple[ImageHeader, bytes | None]:
    """Return the header of a PNG, and the data to decode instead where chunks are left out.

    Of an APNG only the first picture counts; of a stack of frames (``frame_stack``) up to ``max_frames`` + 1.

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
    stack = None if chunks.stack is None else frame_stack.unpack(chunks.stack, height)
    header = ImageHeader(
        format="png",
        color=chunks.color.encoding() or chunks.exif_color,
        color_over_icc=chunks.color.over_icc,
        width=width,
        height=height // stack.frames if stack else height,
        pages=min(stack.frames, max_frames + 1) if stack else 1,
        animated=stack is not None and stack.frames > 1,
        stack=stack,
        orientation=chunks.orientation,
        alpha=chunks.transparent or color in (4, 6),
        icc=chunks.icc is True,
        exif=chunks.exif,
        bit_depth=depth,
        bands=_COLOR_BANDS[color],
        palette=color == 3,
        progressive=interlace != 0,
        exif_entries=chunks.budget.entries,
        metadata_bytes=chunks.length,
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
        self.exif_color: ColorEncoding | None = None
        """What EXIF says of the samples, where it is left out."""
        self.budget = exif.ExifBudget()
        self.length = 0
        """Bytes of metadata that decoders read."""
        self.dropped: list[tuple[int, int]] = []
        self.stack: memoryview | None = None
        """What makes it a stack of frames."""
        self._text = _TextBudget()

    def accepts(self, kind: bytes, body: memoryview) -> bool:
        """Whether the chunk may stay."""
        if kind in _TEXTS:
            length = self._text.take(kind, body)
            self.length += length or 0
            return length is not None
        if kind == b"iCCP":
            return self._accepts_profile(body)
        if kind in _BOUNDED and len(body) > _MAX_OTHER_LENGTH:
            return False
        if kind == b"eXIf":
            return self._accepts_exif(body)
        if kind in COLOR_CHUNKS:
            self.color.add(kind, body)
        elif kind == b"tRNS":
            self.transparent = True
        elif kind == frame_stack.CHUNK:
            self.stack = body
        return True

    def _accepts_profile(self, body: memoryview) -> bool:
        if self.icc is None and _profile_fits(body):
            self.icc = True
            self.length += len(body)
            return True
        self.icc = self.icc or False
        return False

    def _accepts_exif(self, body: memoryview) -> bool:
        if self.exif:  # only one is allowed: the first counts, and no decoder sees another
            return False
        self.orientation, self.exif = exif.orientation(body), True
        if self.budget.allows(body):
            self.length += len(body)
            return True
        self.exif_color = exif_tags.color_encoding(body)
        return False


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

    def take(self, kind: bytes, body: memoryview) -> int | None:
        """Return the length of a chunk's text; None where it is not within the budget, or no decoder takes it.

        A larger one uses up the budget, so that work is bounded.
        """
        self._chunks += 1
        if self._chunks > MAX_TEXT_CHUNKS:
            return None
        deflated, text = _text(kind, body)
        if text is None:
            return None
        names = len(body) - len(text)
        length = names + (inflated_length(text, self._left - names) if deflated else len(text))
        allowed = length <= self._left
        self._left = self._left - length if allowed else 0
        return length if allowed else None


def _text(kind: bytes, body: memoryview) -> tuple[bool, memoryview | None]:
    """Return whether the text of a chunk is deflated, and the text as it is stored; None where libpng finds none.

    The names of an ``iTXt`` have no limit of length; PNG, third edition, 11.3.3.
    """
    found = _ZERO.search(body, 0, _MAX_KEYWORD_LENGTH + 1)
    if found is None or not found.start():
        return False, None
    at = found.end()
    if kind == b"tEXt":
        return False, body[at:]
    if kind == b"zTXt":
        return True, body[at + 1 :] if bytes(body[at : at + 1]) == _PLAIN else None
    deflated = bytes(body[at : at + 2]) == _DEFLATED
    if not deflated and bytes(body[at : at + 1]) != _PLAIN:
        return False, None
    language = _ZERO.search(body, at + 2)
    translated = language and _ZERO.search(body, language.end())
    return deflated, body[translated.end() :] if translated else None


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
