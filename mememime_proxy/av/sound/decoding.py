"""The samples of a track in its own rate, from any moment on, without gaps: silence where the track has none."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from fractions import Fraction
from itertools import chain, count
from typing import TYPE_CHECKING, Final

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError, InvalidDataError
from av.packet import Packet
from av.stream import Discard

from mememime_proxy.av.opening import codec_of
from mememime_proxy.av.sound.frames import FORMAT, LAYOUTS, Samples, to_samples
from mememime_proxy.av.sound.placement import PacketGrid, Placement
from mememime_proxy.av.sound.tracks import ENCRYPTED
from mememime_proxy.errors import BrokenImageError, LimitError, UnsupportedFormatError

if TYPE_CHECKING:
    # The class has parameters in its stubs alone.
    _Packet = Packet[AudioStream]

MAX_GAP: Final = 60
"""Seconds between two packets that are filled with silence."""
_WARM_UP: Final = 0.5
"""Seconds that are decoded before the first sample: decoders need what was before (MP3's bit reservoir, SBR, Opus)."""
_BLOCK: Final = 1 << 14
"""Samples of silence that are yielded at once."""
_EXACT_LENGTH: Final = ("mov", "wav", "flac", "aiff")
"""Demuxers whose duration of a track is exact, and ends it: AAC in MP4 has samples behind its end."""
_SEEKABLE_IN_OGG: Final = ("opus", "vorbis")
"""Codecs whose packets have right times after a seek in Ogg; those of FLAC are up to a page off."""
_MAX_MISSING: Final = 1.0
"""Seconds by which such a track may end early and still count as whole."""
_MAX_DAMAGED: Final = 0.01
"""Share of the packets that cannot be decoded in a track that still counts as whole."""
_LEAST_DAMAGED: Final = 3


class TrackDecoder:
    """Decodes one track, mixed to a number of channels. Positions are samples from the start of the film."""

    def __init__(self, open_again: Callable[[], tuple[InputContainer, AudioStream]], channels: int) -> None:
        """``open_again``: the film at its start, and the track; what it returned before is not used any more.

        ``channels``: at most so many; see ``channels_of``.
        """
        self._open_again = open_again
        self._open()
        context = self.stream.codec_context
        self.rate = context.sample_rate
        """Samples a second."""
        self.channels = mixed_channels(context.channels, channels)
        start = self._film.start_time
        self._start = Fraction(start, av.time_base) if start is not None else Fraction(0)
        self._time_base = self.stream.time_base or Fraction(1, self.rate)
        container = self._film.format.name
        self._is_indexed = container.startswith("mov")
        self._is_seekable = not container.startswith("ogg") or codec_of(self.stream) in _SEEKABLE_IN_OGG
        self._limit = self._exact_end()
        self._grid: PacketGrid | None = None
        self._mixers: dict[tuple[str, str, int], AudioResampler] = {}
        self.packets = self.damaged = 0
        """Packets that were decoded, and those among them that could not be."""

    def _open(self) -> None:
        self._film, self.stream = self._open_again()
        self._is_at_start = True

    @property
    def duration(self) -> float:
        """Seconds from the start of the film to the end of the track, as the file tells it; 0 = unknown."""
        if self.stream.duration:
            begin = Fraction(self.stream.start_time or 0) * self._time_base - self._start
            return max(0.0, float(begin + self.stream.duration * self._time_base))
        return self.film_duration

    @property
    def film_duration(self) -> float:
        """Seconds of the whole film, as the file tells it; 0 = unknown."""
        return self._film.duration / av.time_base if self._film.duration and self._film.duration > 0 else 0.0

    @property
    def texts(self) -> dict[str, str]:
        """Tags of the file, and those of the track: Ogg has them there."""
        return {name.lower(): text for name, text in (*self._film.metadata.items(), *self.stream.metadata.items())}

    def read(self, first: int) -> Iterator[Samples]:
        """Yield the samples from position ``first`` on, which may be negative, to the end of the track.

        Gaps are silence, and overlaps are dropped. Raises LimitError for a gap of more than ``MAX_GAP``.
        """
        position = first
        for begin, samples in self._from(first):
            if self._limit is not None and begin >= self._limit:
                return
            end = begin + samples.shape[1] if self._limit is None else min(begin + samples.shape[1], self._limit)
            if end <= position:
                continue
            gap = begin - position
            if gap > MAX_GAP * self.rate and position > first:
                raise LimitError(f"{gap / self.rate:.0f} s of the track are missing; {MAX_GAP} s are filled")
            yield from self._silence(gap)
            yield samples[:, max(0, position - begin) : end - begin]
            position = end

    def check_whole(self, end: int | None) -> None:
        """Raise BrokenImageError where the track is damaged, or ends before it should.

        ``end``: its last position; None = it was not read to its end.
        """
        if self.damaged > max(_LEAST_DAMAGED, self.packets * _MAX_DAMAGED):
            raise BrokenImageError(f"{self.damaged} of {self.packets} packets of the sound cannot be decoded")
        if end is not None and self._limit is not None and end < self._limit - _MAX_MISSING * self.rate:
            raise BrokenImageError(f"the sound ends after {end / self.rate:.1f} s of {self._limit / self.rate:.1f} s")

    def _silence(self, length: int) -> Iterator[Samples]:
        for begin in range(0, length, _BLOCK):
            yield np.zeros((self.channels, min(_BLOCK, length - begin)), np.float32)

    def _exact_end(self) -> int | None:
        if not self._film.format.name.startswith(_EXACT_LENGTH) or not self.stream.duration:
            return None
        begin = Fraction(self.stream.start_time or 0) * self._time_base - self._start
        return round((begin + self.stream.duration * self._time_base) * self.rate)

    def _from(self, first: int) -> Iterator[tuple[int, Samples]]:
        """Yield decoded samples with their positions, from before ``first`` on if there are any."""
        begin = round((Fraction(self.stream.start_time or 0) * self._time_base - self._start) * self.rate)
        target = max(first, begin) - round(_WARM_UP * self.rate)
        if self._is_seekable and target > begin + self.rate:
            if self._time_base.denominator % self.rate and self._grid is None:
                self._grid = self._find_grid()
            for back in chain((0,), (1 << step for step in count())):
                if target - back * self.rate <= begin or not self._seek(target - back * self.rate):
                    break
                found = self._decode()
                head = next(found, None)
                if head is not None and head[0] <= first:
                    yield head
                    yield from found
                    return
        if not self._is_at_start:
            self._open()
        yield from self._decode()

    def _find_grid(self) -> PacketGrid | None:
        """Return the grid of the packets, from the first ones of the track: the first may be cut by a decoder's delay.

        None where their lengths differ.
        """
        if not self._is_at_start:
            self._open()
        frames = self._decode()
        heads = [(position, samples.shape[1]) for (position, samples), _ in zip(frames, range(4), strict=False)]
        frames.close()
        lengths = {length for _, length in heads[1:]}
        if len(heads) < 3 or len(lengths) != 1:
            return None
        return PacketGrid(heads[0][0] + heads[0][1], lengths.pop())

    def _seek(self, position: int) -> bool:
        """Go to before a position, or about there; False where the demuxer cannot."""
        time = Fraction(position, self.rate) + self._start
        self._is_at_start = False
        for stream in self._film.streams:
            stream.discard = Discard.default
        try:
            if self._is_indexed:
                self._film.seek(int(time / self._time_base), stream=self.stream)
            else:
                # Not on the stream of sound: Matroska has an index of pictures alone.
                self._film.seek(int(time * av.time_base))
        except FFmpegError:
            return False
        return True

    def _decode(self) -> Generator[tuple[int, Samples], None, None]:
        placement = Placement(self.rate, self._start, self._time_base, self._grid)
        self._is_at_start = False
        for stream in self._film.streams:
            stream.discard = Discard.default if stream.index == self.stream.index else Discard.all
        for packet in self._packets():
            if packet.has_sidedata("encryption_info"):
                raise UnsupportedFormatError(ENCRYPTED)
            self.packets += 1
            for frame in self._frames(packet):
                time = None if frame.pts is None or frame.time_base is None else frame.pts * frame.time_base
                samples = self._mix(frame)
                yield placement.place(time, samples.shape[1]), samples

    def _packets(self) -> Iterator[_Packet]:
        try:
            yield from self._film.demux(self.stream)
        except (InvalidDataError, IndexError):
            # PyAV raises the latter for a packet of a stream that the film did not have when it was opened.
            self.damaged += _LEAST_DAMAGED
            return

    def _frames(self, packet: _Packet) -> list[AudioFrame]:
        try:
            return self.stream.codec_context.decode(packet)
        except InvalidDataError:
            self.damaged += 1
            return []

    def _mix(self, frame: AudioFrame) -> Samples:
        """Return the samples of a frame in the channels and the rate of the track; a frame may have others.

        Stereo is mixed from more channels by swresample (ITU-R BS.775: loud passages may pass full scale). Mono is the
        mean of stereo, which cannot.
        """
        key = (frame.format.name, frame.layout.name, frame.sample_rate)
        mixer = self._mixers.get(key)
        if mixer is None:
            channels = 2 if self.channels == 1 and frame.layout.nb_channels > 1 else self.channels
            mixer = self._mixers[key] = AudioResampler(FORMAT, LAYOUTS[channels], self.rate)
        parts = [to_samples(part) for part in mixer.resample(frame)]
        if not parts:
            return np.zeros((self.channels, 0), np.float32)
        samples = np.concatenate(parts, axis=1) if len(parts) > 1 else parts[0]
        if len(samples) > self.channels:
            return (samples[:1] + samples[1:]) * np.float32(0.5)
        return samples


def mixed_channels(present: int, limit: int) -> int:
    """Return the channels that a track is mixed to: those of ``LAYOUTS`` which it has, at most ``limit``."""
    return max(channels for channels in LAYOUTS if channels <= min(present, limit))
