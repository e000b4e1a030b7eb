"""The part of a film that is wanted, and its frames on a grid of a constant rate."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from av.error import BlockingIOError as NotYetError
from av.filter import Graph
from av.video.frame import VideoFrame

from mememime_proxy.av.encoding.rate_grid import RateGrid, choose_rate
from mememime_proxy.av.moments import FrameGrabber
from mememime_proxy.errors import LimitError, OptionError

MAX_FRAMES: Final = 100_000
"""Of one result."""
_MAX_GAP: Final = 60
"""Seconds from one frame to the next past which a film is not played as it says."""


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a film in seconds from its start. ``duration``: of the film's time; None = up to its last frame."""

    start: Fraction
    duration: Fraction | None


def span_of(start: float, duration: float, film: float) -> Span:
    """Return the part that ``clip`` names, of a film of ``film`` seconds (0 = unknown).

    A negative start counts from the end. Raises OptionError for a part behind the end.
    """
    begin = max(0.0, film + start) if start < 0 else start
    if film and begin >= film:
        raise OptionError(f"clip: begins at {begin:g} s, and the film ends at {film:g} s")
    is_whole = not duration or (film and begin + duration >= film)
    return Span(_exact(begin), None if is_whole else _exact(duration))


def _exact(seconds: float) -> Fraction:
    """Return what a URL's decimal number means."""
    return Fraction(seconds).limit_denominator(1_000_000)


def output_rate(guessed: Fraction | None, average: Fraction | None, fps: float, *, exact: bool, limit: int) -> Fraction:
    """Return the frames a second of the result: the film's, at most ``fps``, which it is where ``exact``.

    ``fps``: 0 = not named. ``limit``: the operator's, which holds for films; see ``choose_rate``.
    """
    rate = choose_rate(guessed, average, limit)
    if not fps:
        return rate
    named = Fraction(fps).limit_denominator(1001)
    # 29.97 and 23.976 are rounded names of rates by 1001.
    by_1001 = Fraction(round(named * Fraction(1001, 1000)) * 1000, 1001)
    if named.denominator != 1 and abs(float(by_1001) - fps) < 0.005:
        named = by_1001
    return named if exact or named < rate else rate


class ClipFrames:
    """The frames of a part of a film, on a grid. Each is a frame of the film, with the number that it has here."""

    def __init__(
        self, grabber: FrameGrabber, span: Span, rate: Fraction, *, speed: float = 1.0, deinterlace: bool = True
    ) -> None:
        """``speed``: how many times faster the film is played. ``deinterlace``: frames that say they are interlaced."""
        self._grabber = grabber
        self._span = span
        self._grid = RateGrid(rate)
        self._speed = _exact(speed)
        self._deinterlace = deinterlace
        self._end: Fraction | None = None if span.duration is None else span.duration / self._speed

    def __iter__(self) -> Iterator[tuple[int, VideoFrame]]:
        """Yield number and frame. Raises BrokenImageError, and LimitError for too many, or gaps that are too long."""
        limit = MAX_FRAMES + 1 if self._end is None else self._grid.count(self._end)
        for number, frame in self._grid.place(self._timed(), 0, min(limit, MAX_FRAMES + 1)):
            if self._end is not None and number >= self._grid.count(self._end):
                return
            if number >= MAX_FRAMES:
                raise LimitError(f"more than {MAX_FRAMES} frames")
            yield number, frame

    def _timed(self) -> Iterator[tuple[Fraction, VideoFrame]]:
        """Yield the frames with their times in the result. Notes its end behind the last one."""
        frames = self._grabber.frames_from(self._span.start)
        if self._deinterlace:
            frames = deinterlaced(frames)
        start, last, length = self._span.start, None, Fraction(0)
        for time, frame in frames:
            if last is not None and time - last > _MAX_GAP:
                raise LimitError(f"{float(time - last):g} s from one frame to the next are more than {_MAX_GAP}")
            length = _length_of(frame) or (length if last is None else time - last)
            last = time
            yield (time - start) / self._speed, frame
        if self._end is None and last is not None:
            step = 1 / self._grid.rate
            self._end = max(step, (last + (length if length > 0 else step) - start) / self._speed)


def _length_of(frame: VideoFrame) -> Fraction:
    if not frame.duration or frame.time_base is None:
        return Fraction(0)
    return frame.duration * frame.time_base


def deinterlaced(frames: Iterator[tuple[Fraction, VideoFrame]]) -> Iterator[tuple[Fraction, VideoFrame]]:
    """Yield as many frames, whole ones in place of those of two fields (``bwdif``). Times stay."""
    push: Callable[[VideoFrame | None], None] | None = None
    graph = Graph()
    times: list[Fraction] = []
    for time, frame in frames:
        if push is None:
            if not frame.interlaced_frame:
                yield time, frame
                continue
            push = _start(graph, frame)
        times.append(time)
        push(frame)
        yield from _pull(graph, times)
    if push is not None:
        push(None)
        yield from _pull(graph, times)


def _start(graph: Graph, frame: VideoFrame) -> Callable[[VideoFrame | None], None]:
    source = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base)
    filter_ = graph.add("bwdif", "mode=send_frame:parity=auto:deint=interlaced")
    sink = graph.add("buffersink")
    source.link_to(filter_)
    filter_.link_to(sink)
    graph.configure()
    return source.push


def _pull(graph: Graph, times: list[Fraction]) -> Iterator[tuple[Fraction, VideoFrame]]:
    while times:
        try:
            frame = graph.vpull()
        except (NotYetError, EOFError):
            return
        yield times.pop(0), frame
