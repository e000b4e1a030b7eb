"""The frame of a film at a moment: seek to the key frame before it, decode up to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError, InvalidDataError
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from mememime_proxy.errors import BrokenImageError
from mememime_proxy.formats.film_still import MomentKind, VideoMoment

if TYPE_CHECKING:
    # The class has parameters in its stubs alone.
    _Packet = Packet[VideoStream]

_STEPS_BACK: Final = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds before the moment from which decoding is tried: MPEG-TS has no index, and a seek may land behind it."""
_INDEXED: Final = ("mov", "matroska")
"""Demuxers that find the last key frame before a moment at once. With others, packets up to it are looked at."""
_UNKNOWN_STEP: Final = Fraction(1, 25)
"""Seconds from one frame to the next, where they have no times."""
_AUTO_FRAMES: Final = 8
_AUTO_SHARE: Final = 0.1
"""Share of the film, from its start, that ``auto`` looks at."""
_DARK: Final = 24.0
_FLAT: Final = 12.0
"""Mean and standard deviation of luma, of 255, that a frame which shows something is above."""
_SMALL: Final = (64, 36)


class FrameGrabber:
    """Finds frames of one film. Times in seconds from the film's start."""

    def __init__(self, open_again: Callable[[], tuple[InputContainer, VideoStream]]) -> None:
        """``open_again``: the film at its start, and its pictures; what it returned before is not used any more."""
        self._open_again = open_again
        self._open()
        film = self._film
        self._start = film.start_time / av.time_base if film.start_time is not None else 0.0
        self.duration = film.duration / av.time_base if film.duration and film.duration > 0 else 0.0
        """Seconds; 0 = unknown."""
        self.tags: Mapping[str, str] = film.metadata
        """Of the container."""

    def _open(self) -> None:
        self._film, self.stream = self._open_again()
        self._is_indexed = self._film.format.name.startswith(_INDEXED)

    def grab(self, moment: VideoMoment, *, key_frames: bool) -> VideoFrame:
        """Return the frame on screen at a moment: the last one that begins at it or before; past the end, the last.

        ``key_frames``: the last key frame at it or before. What lies before damage can be shown. Raises
        BrokenImageError where there is no frame.
        """
        if moment.kind is MomentKind.AUTO:
            return self._grab_telling()
        return self._grab_at(self.seconds_of(moment), key_frames=key_frames)

    def frames_from(self, seconds: Fraction) -> Iterator[tuple[Fraction, VideoFrame]]:
        """Yield the frames from the last one before a moment on, or from an earlier one, each with its time.

        From the first one on, where none is before it. Times are seconds from the start of the film, exact ones. Yields
        as far as the film can be decoded.
        """
        target = float(seconds) + self._start
        for back in _STEPS_BACK:
            if target - back <= self._start or not self._seek(target - back):
                break
            frames = self._timed_frames()
            first = next(frames, None)
            if first is not None and first[0] < seconds:
                yield first
                yield from frames
                return
        self._open()
        yield from self._timed_frames()

    def seconds_of(self, moment: VideoMoment) -> float:
        """Return a moment in seconds from the start; where the duration is unknown, counts from the end are 0."""
        if moment.kind is MomentKind.PERCENT:
            return self.duration * moment.value / 100
        return max(0.0, self.duration + moment.value) if moment.value < 0 else moment.value

    def _grab_telling(self) -> VideoFrame:
        """Return the first of some key frames at the start of the film that is neither dark nor flat, or the best."""
        best: tuple[float, VideoFrame] | None = None
        seen: set[int | None] = set()
        for number in range(_AUTO_FRAMES):
            frame = self._grab_at(self.duration * _AUTO_SHARE * number / _AUTO_FRAMES, key_frames=True)
            if frame.pts in seen:
                continue
            seen.add(frame.pts)
            luma = frame.reformat(*_SMALL, "gray").to_ndarray()
            contrast = float(np.std(luma))
            if contrast > _FLAT and float(np.mean(luma)) > _DARK:
                return frame
            if best is None or contrast > best[0]:
                best = contrast, frame
        if best is None:
            raise BrokenImageError("the film has no frame that can be decoded")
        return best[1]

    def _grab_at(self, seconds: float, *, key_frames: bool) -> VideoFrame:
        target = self._start + seconds
        for back in _STEPS_BACK:
            if target - back <= self._start or not self._seek(target - back):
                break
            # With an index, the first key frame from here on is the last one at the moment or before it.
            is_last = self._is_indexed and not back
            found, _ = self._read_key(target, is_last=is_last) if key_frames else self._read(target)
            if found is not None:
                return found
        self._open()
        found, first = self._read_key(target, is_last=False) if key_frames else self._read(target)
        frame = found or first
        if frame is None:
            raise BrokenImageError("the film has no frame that can be decoded")
        return frame

    def _seek(self, seconds: float) -> bool:
        """Go to the last key frame at a moment or before it, or about there; False where the demuxer cannot."""
        base = self.stream.time_base
        if base is None:
            return False
        try:
            # On the stream of pictures, with nothing discarded yet: an index of sound may be coarse, or none.
            self._film.seek(int(seconds / base), stream=self.stream)
        except FFmpegError:
            return False
        self.stream.codec_context.flush_buffers()
        return True

    def _read(self, target: float) -> tuple[VideoFrame | None, VideoFrame | None]:
        """Return the last frame at ``target`` or before, and the first one from here on; None where there is none."""
        first: VideoFrame | None = None
        found: VideoFrame | None = None
        last = float("-inf")
        for frame in self._frames():
            last = self._time_of(frame, last)
            first = first or frame
            if last > target:
                break
            found = frame
        return found, first

    def _read_key(self, target: float, *, is_last: bool) -> tuple[VideoFrame | None, VideoFrame | None]:
        """Return the last key frame at ``target`` or before, and the first one from here on, as ``_read``.

        ``is_last``: the first one is that. Only these are decoded: reading on to the next one would cost megabytes.
        """
        first: _Packet | None = None
        found: _Packet | None = None
        for packet in self._packets():
            time = _time_of_packet(packet)
            # A list of edits may leave out the first frames: they are decoded for others, and never shown.
            if packet.is_keyframe and packet.size and not packet.is_discard:
                first = first or packet
                if time is None or time <= target:
                    found = packet
                if is_last:
                    break
            is_behind = packet.dts is not None and float(packet.dts * packet.time_base) > target
            if first is not None and time is not None and is_behind:
                break
        return self._decode_alone(found), self._decode_alone(first) if found is None else None

    def _decode_alone(self, packet: _Packet | None) -> VideoFrame | None:
        """Return the frame of a key packet."""
        if packet is None:
            return None
        self.stream.codec_context.flush_buffers()
        frames = self._decode(packet) or self._decode(None)
        self.stream.codec_context.flush_buffers()
        return frames[0] if frames else None

    def _time_of(self, frame: VideoFrame, last: float) -> float:
        """Return the time of a frame; of one without, just after the one before."""
        time = frame.pts if frame.pts is not None else frame.dts
        if time is None or frame.time_base is None:
            return max(last, self._start) + float(_UNKNOWN_STEP)
        return float(time * frame.time_base)

    def _packets(self) -> Iterator[_Packet]:
        """Yield the packets of the pictures from here on, as far as they can be read."""
        try:
            yield from self._film.demux(self.stream)
        except (InvalidDataError, IndexError):
            # PyAV raises the latter for a packet of a stream that the film did not have when it was opened.
            return

    def _frames(self) -> Iterator[VideoFrame]:
        """Yield the frames from here on, as far as they can be decoded."""
        for packet in self._packets():
            yield from self._decode(packet)

    def _timed_frames(self) -> Iterator[tuple[Fraction, VideoFrame]]:
        start = Fraction(self._film.start_time or 0, av.time_base)
        last = start - _UNKNOWN_STEP
        for frame in self._frames():
            time = frame.pts if frame.pts is not None else frame.dts
            if time is None or frame.time_base is None:
                last += _UNKNOWN_STEP
            else:
                last = time * frame.time_base
            yield last - start, frame

    def _decode(self, packet: _Packet | None) -> list[VideoFrame]:
        """Return the frames that a packet completes. One that is damaged completes none."""
        try:
            return [frame for frame in self.stream.codec_context.decode(packet) if frame.width]
        except InvalidDataError:
            return []


def _time_of_packet(packet: _Packet) -> float | None:
    time = packet.pts if packet.pts is not None else packet.dts
    return None if time is None or packet.time_base is None else float(time * packet.time_base)
