"""Frame headers and tables of contents: how many frames make the first picture that is shown, and their pixels.

ISO/IEC 18181-1, annex F. A decoder works on each of them, shown or not: layers of no duration are laid over each other,
others are only referred to.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from mememime_proxy.errors import LimitError
from mememime_proxy.imaging.gate.jxl.bits import Choices, CodestreamBits

MAX_FRAMES = 1000
"""Frames that one picture may be made of."""
MAX_SECTIONS = 1 << 16
"""Sections of all their tables of contents."""
_REGULAR, _LOW_FREQUENCY, _REFERENCE, _SKIP_PROGRESSIVE = range(4)
_SHOWN = frozenset({_REGULAR, _SKIP_PROGRESSIVE})
_USE_LOW_FREQUENCY = 0x20
_MODULAR = 1
_REPLACE, _BLEND, _ALPHA_ADD, _MULTIPLY = 0, 2, 3, 4
_SIZE: Choices = ((0, 8), (256, 11), (2304, 14), (18_688, 30))
_SMALL: Choices = ((0, 0), (1, 0), (2, 0), (3, 0))
_POWERS: Choices = ((1, 0), (2, 0), (4, 0), (8, 0))
_SECTION: Choices = ((0, 10), (1024, 14), (17_408, 22), (4_211_712, 30))
_LARGE_GROUP = 8
"""Sides of a group that a low-frequency group has."""


class Canvas(NamedTuple):
    """What frame headers depend on."""

    width: int
    height: int
    xyb: bool
    extra: int
    animation: bool
    timecodes: bool
    preview: tuple[int, int] | None


@dataclass(slots=True)
class Frames:
    """The frames that make the first picture, as far as they can be told."""

    layers: int = 0
    """Those that the last of them is laid over."""
    pixels: int = 0
    """Of all but the last one, at the size that they are coded in."""
    progressive: bool = False
    """One is coded in several passes, or from coarse to fine."""
    modular: bool = False
    """One is coded by its samples, as lossless pictures are."""


@dataclass(slots=True)
class _Frame:
    kind: int = _REGULAR
    modular: bool = False
    width: int = 0
    height: int = 0
    groups: int = 256
    """Pixels of a side of a group."""
    passes: int = 1
    upsampling: int = 1
    level: int = 0
    duration: int = 0
    last: bool = True
    partial: bool = False
    modes: list[int] = field(default_factory=list)

    @property
    def sections(self) -> int:
        """Entries of its table of contents."""
        groups = _parts(self.width, self.groups) * _parts(self.height, self.groups)
        large = self.groups * _LARGE_GROUP
        if groups == self.passes == 1:
            return 1
        return 2 + _parts(self.width, large) * _parts(self.height, large) + groups * self.passes


def _parts(length: int, size: int) -> int:
    return (length + size - 1) // size


def count_frames(bits: CodestreamBits, canvas: Canvas) -> Frames:
    """Return the frames up to the first one that is shown, as far as the data goes and their lengths can be read.

    Work is linear in the bytes: a section has at least twelve bits. Raises LimitError for too many frames or sections.
    """
    found = Frames()
    sections = hidden = 0
    try:
        if canvas.preview is not None:
            sections += _skip_sections(bits, _frame(bits, canvas, *canvas.preview))
        while True:
            frame = _frame(bits, canvas, canvas.width, canvas.height)
            found.progressive |= frame.passes > 1 or frame.kind == _LOW_FREQUENCY
            found.modular |= frame.modular and frame.kind in _SHOWN
            if frame.last or (frame.kind in _SHOWN and frame.duration):
                break
            hidden += 1
            if hidden > MAX_FRAMES:
                raise LimitError(f"JPEG XL with a picture of more than {MAX_FRAMES} frames")
            found.layers += frame.kind in _SHOWN
            found.pixels += frame.width * frame.height
            sections += _skip_sections(bits, frame)
            if sections > MAX_SECTIONS:
                raise LimitError(f"JPEG XL with more than {MAX_SECTIONS} sections")
    except (IndexError, _UnknownLengthError):
        pass
    return found


class _UnknownLengthError(Exception):
    """A frame whose sections are in an order of their own, which is coded."""


def _skip_sections(bits: CodestreamBits, frame: _Frame) -> int:
    """Leave out the data of a frame; return the number of its sections. Raises LimitError for too many of them."""
    count = frame.sections
    if bits.flag():  # permuted
        raise _UnknownLengthError
    if count > MAX_SECTIONS:
        raise LimitError(f"JPEG XL with a frame of {count} sections")
    bits.align()
    number = bits.number
    length = sum([number(_SECTION) for _ in range(count)])
    bits.align()
    bits.skip(8 * length)
    return count


def _frame(bits: CodestreamBits, canvas: Canvas, width: int, height: int) -> _Frame:
    """Return a FrameHeader, which begins at a byte; ``width`` and ``height`` are those of a frame without its own."""
    frame = _Frame(width=width, height=height)
    if bits.flag():  # all_default
        return frame
    frame.kind = bits.take(2)
    frame.modular = bits.take(1) == _MODULAR
    flags = bits.long_number()
    _read_sampling(bits, canvas, frame, flags)
    if frame.modular:
        frame.groups = 128 << bits.take(2)
    elif canvas.xyb:
        bits.take(6)  # quantisation of X and B
    if frame.kind != _REFERENCE:
        frame.passes = _passes(bits)
    if frame.kind == _LOW_FREQUENCY:
        frame.level = 1 + bits.take(2)
    elif bits.flag():
        _read_place(bits, canvas, frame)
    frame.last = False
    if frame.kind in _SHOWN:
        _read_blending(bits, canvas, frame)
    reference = bits.number(_SMALL) if frame.kind != _LOW_FREQUENCY and not frame.last else 0
    if frame.kind == _REFERENCE or (
        frame.kind in _SHOWN
        and not frame.last
        and (not frame.duration or reference)
        and frame.modes[0] == _REPLACE
        and not frame.partial
    ):
        bits.flag()  # save_before_color_transform
    bits.skip_name()
    _skip_filters(bits, modular=frame.modular)
    bits.skip_extensions()
    scale = frame.upsampling << 3 * frame.level
    frame.width, frame.height = _parts(frame.width, scale), _parts(frame.height, scale)
    return frame


def _read_sampling(bits: CodestreamBits, canvas: Canvas, frame: _Frame, flags: int) -> None:
    low_frequency = flags & _USE_LOW_FREQUENCY
    if not canvas.xyb and bits.flag() and not low_frequency:  # YCbCr
        bits.take(6)  # chroma subsampling
    if not low_frequency:
        frame.upsampling = bits.number(_POWERS)
        for _ in range(canvas.extra):
            bits.number(_POWERS)


def _passes(bits: CodestreamBits) -> int:
    count = bits.number(((1, 0), (2, 0), (3, 0), (4, 3)))
    if count > 1:
        levels = bits.number(((0, 0), (1, 0), (2, 0), (3, 1)))
        bits.take(2 * (count - 1))  # shifts
        for _ in range(levels):
            bits.number(_POWERS)
        for _ in range(levels):
            bits.number(((0, 0), (1, 0), (2, 0), (0, 3)))
    return count


def _read_place(bits: CodestreamBits, canvas: Canvas, frame: _Frame) -> None:
    left = top = 0
    if frame.kind in _SHOWN:
        left, top = _signed(bits.number(_SIZE)), _signed(bits.number(_SIZE))
    frame.width, frame.height = bits.number(_SIZE), bits.number(_SIZE)
    covers = left <= 0 and top <= 0 and left + frame.width >= canvas.width and top + frame.height >= canvas.height
    frame.partial = not covers


def _signed(number: int) -> int:
    return -(number + 1 >> 1) if number & 1 else number >> 1


def _read_blending(bits: CodestreamBits, canvas: Canvas, frame: _Frame) -> None:
    for _ in range(1 + canvas.extra):
        mode = bits.number(((0, 0), (1, 0), (2, 0), (3, 2)))
        frame.modes.append(mode)
        alpha = canvas.extra > 0 and mode in (_BLEND, _ALPHA_ADD)
        if alpha:
            bits.number(((0, 0), (1, 0), (2, 0), (3, 3)))  # the channel
        if alpha or mode == _MULTIPLY:
            bits.flag()  # clamp
        if mode != _REPLACE or frame.partial:
            bits.take(2)  # source
    if canvas.animation:
        frame.duration = bits.number(((0, 0), (1, 0), (0, 8), (0, 32)))
        if canvas.timecodes:
            bits.skip(32)
    frame.last = bits.flag()


def _skip_filters(bits: CodestreamBits, *, modular: bool) -> None:
    """Leave out a RestorationFilter."""
    if bits.flag():  # all_default
        return
    if bits.flag():  # Gaborish
        bits.skip_optional_floats(6)
    if bits.take(2):  # iterations of the edge-preserving filter
        if not modular:
            bits.skip_optional_floats(8)
        bits.skip_optional_floats(3 + 2, 3 if modular else 4)
        if modular:
            bits.skip_floats(1)
    bits.skip_extensions()
