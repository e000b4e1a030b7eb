"""GIF: blocks are skipped and frames counted without decompression. GIF89a specification, sections 17–26.

Browsers show what no frame has drawn, and what was disposed of, as transparent, on the whole screen. libnsgif does
not in some files; these are given to it with further frames, which draw nothing.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mememime_proxy.errors import BrokenImageError, LimitError
from mememime_proxy.imaging.gate.header import ImageHeader

_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
_GRAPHIC_CONTROL = 0xF9
_MAX_SUB_BLOCKS = 1_000_000
"""Sub-blocks of a file: 256 MB as encoders write them."""
_MAX_SCREEN = 2048
_DESKTOPS = frozenset({(640, 480), (640, 512), (800, 600), (1024, 768), (1280, 1024), (1600, 1200)})
"""Screens that old encoders wrote instead of the picture's size; libnsgif takes the first frame's then."""
_KEEP, _CLEAR = 1, 2
"""Disposal: leave the frame, clear its place."""
_RESTORE = frozenset({3, 4})
"""Disposal: what was there before; some old programs wrote 4."""
_NO_PIXELS = b"\x02\x02\x44\x01\x00"
"""Image data of a clear code (100), one pixel of colour 0 (000) and an end code (101)."""


@dataclass(frozen=True, slots=True)
class _Frame:
    """One frame: its place, what happens to it afterwards, and where it is in the file."""

    left: int
    top: int
    width: int
    height: int
    disposal: int
    transparent: bool
    flags_at: int
    """Offset of the graphic control's flags; 0 where there is none."""
    end: int = 0
    """Offset behind the image data; 0 where it ends too soon."""

    def covers(self, width: int, height: int) -> bool:
        """Return whether no pixel of the screen is outside of the frame."""
        return not (self.left or self.top) and self.width >= width and self.height >= height


def walk(data: memoryview, max_frames: int) -> tuple[ImageHeader, bytes | None]:
    """Return the header of a GIF, and the data to decode instead where libnsgif would get the canvas wrong.

    Frames are counted up to ``max_frames`` + 1. Data that ends too soon ends the counting.

    Raises BrokenImageError where there is no frame, LimitError for too many blocks. May raise IndexError where not even
    the header is whole.
    """
    screen = data[6] | data[7] << 8, data[8] | data[9] << 8
    start = 13 + _color_table_length(data[10])
    reader = _Reader(data, start, max_frames)
    reader.run()
    if not reader.frames:
        raise BrokenImageError("GIF without a frame")
    first = reader.frames[0]
    if not (first.width and first.height):
        raise BrokenImageError("GIF with a first frame without pixels")
    width, height = _canvas(screen, first)
    loaded = reader.frames[:max_frames]
    blank = (width, height) != _canvas_of_libnsgif(screen, first) or _is_uncovered(loaded, width, height)
    cleared = [n for n, frame in enumerate(loaded[:-1]) if frame.disposal == _CLEAR and not frame.transparent]
    mended = bool(blank or cleared)
    header = ImageHeader(
        format="gif",
        width=width,
        height=height,
        pages=len(reader.frames),
        animated=len(reader.frames) > 1,
        alpha=True if mended or any(frame.transparent for frame in reader.frames) else None,
        icc=False,
        exif=False,
        bit_depth=max(reader.bits, (data[10] & 7) + 1 if data[10] & 0x80 else 8),
        bands=1,
        palette=True,
        progressive=reader.interlaced,
        frame_pages=_pages(len(loaded), cleared, blank=blank) if mended else (),
    )
    if not mended:
        return header, None
    return header, _mended(data, start, loaded, cleared, (width, height) if blank else None)


class _Reader:
    """The blocks of a file, up to one frame more than are wanted."""

    def __init__(self, data: memoryview, at: int, max_frames: int) -> None:
        self.frames: list[_Frame] = []
        self.bits = 0
        """Of the deepest local colour table."""
        self.interlaced = False
        """The first frame is."""
        self._data = data
        self._at = at
        self._max_frames = max_frames
        self._budget = _MAX_SUB_BLOCKS
        self._control = (0, False, 0)

    def run(self) -> None:
        """Read until the frames suffice, the trailer, invalid data, at which decoders stop as well, or the end."""
        try:
            while len(self.frames) <= self._max_frames and self._data[self._at] in (_IMAGE, _EXTENSION):
                if self._data[self._at] == _IMAGE:
                    self._image()
                else:
                    self._extension()
        except IndexError:
            pass

    def _extension(self) -> None:
        data, at = self._data, self._at
        if data[at + 1] == _GRAPHIC_CONTROL:
            flags = data[at + 3]
            # the flag of an earlier block stays, as in libnsgif
            self._control = flags >> 2 & 7, self._control[1] or bool(flags & 1), at + 3
        self._skip(at + 2)

    def _image(self) -> None:
        data, at = self._data, self._at
        flags = data[at + 9]
        if not self.frames:
            self.interlaced = bool(flags & 0x40)
        if flags & 0x80:
            self.bits = max(self.bits, (flags & 7) + 1)
        left, top, width, height = struct.unpack_from("<HHHH", data, at + 1)
        disposal, transparent, flags_at = self._control
        frame = _Frame(left, top, width, height, disposal, transparent, flags_at)
        self.frames.append(frame)
        self._skip(at + 11 + _color_table_length(flags))
        self.frames[-1] = replace(frame, end=self._at)
        self._control = (0, False, 0)

    def _skip(self, at: int) -> None:
        """Go on behind a chain of sub-blocks."""
        for count in range(self._budget):
            length = self._data[at]
            at += length + 1
            if not length:
                self._at, self._budget = at, self._budget - count - 1
                return
        raise LimitError(f"GIF with more than {_MAX_SUB_BLOCKS} blocks")


def _color_table_length(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _canvas(screen: tuple[int, int], first: _Frame) -> tuple[int, int]:
    """Return the size of the picture: the screen's, larger where the first frame is, as in browsers."""
    width, height = screen if all(screen) else (1, 1)
    return max(width, first.left + first.width), max(height, first.top + first.height)


def _canvas_of_libnsgif(screen: tuple[int, int], first: _Frame) -> tuple[int, int]:
    """Return the size that libnsgif 1.0 gives the picture."""
    if screen in _DESKTOPS or max(screen) > _MAX_SCREEN:
        screen = (1, 1)
    return _canvas(screen, first)


def _is_uncovered(frames: Sequence[_Frame], width: int, height: int) -> bool:
    """Return whether parts of the canvas stay or become empty, though no frame says that it is transparent.

    libvips has no alpha then.
    """
    if any(frame.transparent for frame in frames):
        return False
    first = frames[0]
    return not first.covers(width, height) or (len(frames) > 1 and first.disposal in _RESTORE)


def _pages(frames: int, cleared: Sequence[int], *, blank: bool) -> tuple[int, ...]:
    """Return the numbers that the frames have in the mended file."""
    before = int(blank)
    pages = []
    for number in range(frames):
        pages.append(number + before)
        before += number in cleared
    return tuple(pages)


def _mended(
    data: memoryview, start: int, frames: Sequence[_Frame], cleared: Sequence[int], canvas: tuple[int, int] | None
) -> bytes:
    """Return the file with a transparent frame of the size ``canvas`` in front, and one behind each of ``cleared``.

    The frame in front makes the canvas as large as it is, and gives it alpha. The ones behind clear the place of an
    opaque frame, which libnsgif would fill with the background colour.
    """
    parts: list[bytes | memoryview] = [data[:start]]
    if canvas:
        parts.append(_transparent(_KEEP, 0, 0, *canvas))
    at = start
    for number in cleared:
        frame = frames[number]
        flags = data[frame.flags_at] & ~0x1C | _KEEP << 2
        parts += [data[at : frame.flags_at], bytes([flags]), data[frame.flags_at + 1 : frame.end]]
        parts.append(_transparent(_CLEAR, frame.left, frame.top, frame.width, frame.height))
        at = frame.end
    return b"".join((*parts, data[at:]))


def _transparent(disposal: int, left: int, top: int, width: int, height: int) -> bytes:
    """Return a frame that draws nothing: its one pixel has the colour that is transparent."""
    control = struct.pack("<BBBBHBB", _EXTENSION, _GRAPHIC_CONTROL, 4, disposal << 2 | 1, 0, 0, 0)
    return control + struct.pack("<BHHHHB", _IMAGE, left, top, width, height, 0) + _NO_PIXELS
