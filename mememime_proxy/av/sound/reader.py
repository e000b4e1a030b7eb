"""The samples of a film's sound by time, on the grid of any sample rate."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from math import gcd
from typing import Final

import numpy as np
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer

from mememime_proxy.av.byte_source import ByteSource
from mememime_proxy.av.opening import codec_of, engine_errors, open_film
from mememime_proxy.av.sound.decoding import TrackDecoder
from mememime_proxy.av.sound.frames import FORMAT, LAYOUTS, Samples, to_frame, to_samples
from mememime_proxy.av.sound.tracks import choose_sound
from mememime_proxy.errors import LimitError
from mememime_proxy.formats.film_config import FilmConfig

_LOSSLESS: Final = ("flac", "alac")
_FILTER: Final = 512
"""Samples of the result before the first one that are converted, too: more than the filter of swresample spans."""


class SampleReader:
    """Reads samples by time: sample ``n`` is heard ``n / rate`` seconds after the start of the film.

    The same range gives the same samples, whatever was read before. Parts that are read apart fit together, where the
    times of the container are exact or its packets are of one length.
    """

    def __init__(
        self, open_again: Callable[[], tuple[InputContainer, AudioStream]], rate: int = 0, channels: int = 2
    ) -> None:
        """``rate``: samples a second; 0 = as the track has them. ``channels``: it is mixed to at most so many."""
        self._decoder = TrackDecoder(open_again, channels)
        self.rate = rate or self._decoder.rate
        """Samples a second. It may be set until samples are read."""

    @property
    def stream(self) -> AudioStream:
        """The track."""
        return self._decoder.stream

    @property
    def channels(self) -> int:
        """Channels of the samples: 1, 2 or 6."""
        return self._decoder.channels

    @property
    def layout(self) -> str:
        """FFmpeg's name of the channels."""
        return LAYOUTS[self.channels]

    @property
    def duration(self) -> float:
        """Seconds from the start of the film to the end of the track, as the file tells it; 0 = unknown."""
        return self._decoder.duration

    @property
    def film_duration(self) -> float:
        """Seconds of the whole film, as the file tells it; 0 = unknown."""
        return self._decoder.film_duration

    @property
    def source_rate(self) -> int:
        """Samples a second of the track."""
        return self._decoder.rate

    @property
    def texts(self) -> dict[str, str]:
        """Tags of the file and of the track, by their names in small letters."""
        return self._decoder.texts

    @property
    def bits(self) -> int:
        """Bits of a sample that are worth keeping: 24 where the track has no loss and more than 16, else 16."""
        context = self.stream.codec_context
        codec = codec_of(self.stream)
        is_lossless = codec in _LOSSLESS or codec.startswith("pcm_")
        return 24 if is_lossless and context.format.bytes > 2 else 16

    def read(
        self, first: int = 0, count: int | None = None, *, strict: bool = False, max_duration: float = 0
    ) -> Iterator[Samples]:
        """Yield samples ``[first, first + count)`` in blocks of any length, to the end of the track at most.

        Where the track begins later or has gaps, it is silent; ``first`` may be negative. ``strict``: raises
        BrokenImageError where what was read is damaged, or the track is truncated. ``max_duration``: seconds, after
        which LimitError is raised; 0 = no limit.
        """
        most = round(max_duration * self.rate) if max_duration else None
        length = count if count is not None else round(self.duration * self.rate) - first
        self._check_length(length, most)
        position = first
        end = None if count is None else first + count
        for samples in self._read(first):
            part = samples if end is None else samples[:, : end - position]
            if part.shape[1]:
                yield part
            position += part.shape[1]
            if most is not None and position - first > most:
                raise LimitError(
                    f"more than {max_duration:g} s of sound, which is what MEMEMIME_AV_MAX_DURATION allows"
                )
            if position == end:
                break
        if strict:
            is_end = position != end
            self._decoder.check_whole(position * self._decoder.rate // self.rate if is_end else None)

    def _check_length(self, length: int, most: int | None) -> None:
        if most is not None and length > most:
            raise LimitError(
                f"{length / self.rate:.0f} s of sound; MEMEMIME_AV_MAX_DURATION allows {most / self.rate:.0f}"
            )

    def read_exactly(self, first: int, count: int) -> Samples:
        """Return samples ``[first, first + count)``, silent where there are none."""
        samples = np.zeros((self.channels, count), np.float32)
        at = 0
        for part in self.read(first, count):
            samples[:, at : at + part.shape[1]] = part
            at += part.shape[1]
        return samples

    def _read(self, first: int) -> Iterator[Samples]:
        source = self._decoder.rate
        if source == self.rate:
            yield from self._decoder.read(first)
            return
        # Both grids meet each ``up`` samples of the result, which are ``down`` of the track: there conversion begins.
        common = gcd(source, self.rate)
        up, down = self.rate // common, source // common
        steps = (first - _FILTER) // up
        skip = first - steps * up
        for samples in self._convert(self._decoder.read(steps * down)):
            if samples.shape[1] > skip:
                yield samples[:, skip:]
            skip = max(0, skip - samples.shape[1])

    def _convert(self, blocks: Iterator[Samples]) -> Iterator[Samples]:
        """Yield samples of the result's rate; as many as the time of the track's takes, rounded up."""
        source, converter = self._decoder.rate, AudioResampler(FORMAT, self.layout, self.rate)
        taken = given = 0
        for block in blocks:
            frame = to_frame(block, source, self.layout, taken)
            taken += block.shape[1]
            for part in converter.resample(frame):
                given += part.samples
                yield to_samples(part)
        end = -(-taken * self.rate // source)
        for part in converter.resample(None):
            samples = to_samples(part)[:, : max(0, end - given)]
            given += samples.shape[1]
            yield samples


@contextmanager
def open_sound(
    source: ByteSource, container: str, config: FilmConfig, track: str = "", *, rate: int = 0, channels: int = 2
) -> Iterator[SampleReader]:
    """Open a track of a film or sound of this container to read its samples; see ``choose_sound``, ``SampleReader``.

    Raises their errors, and those of the source.
    """
    stack = ExitStack()

    def open_again() -> tuple[InputContainer, AudioStream]:
        source.seek(0)
        film = stack.enter_context(open_film(source, container, config))
        return film, choose_sound(film, track)

    with closing(stack), engine_errors(source):
        yield SampleReader(open_again, rate, channels)
