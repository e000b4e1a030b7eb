"""Where the segments of a stream begin and end, in frames of pictures and of sound. Arithmetic of whole numbers alone.

All pictures of a stream have the boundaries of one table, so that players can go from one rendition to another at each
of them. Those of sound are the first frames of AAC at them or behind: its frames have another length.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import ceil
from typing import Final

from mememime_proxy.av.encoding.rate_grid import RateGrid

SOUND_RATE: Final = 48_000
SOUND_FRAME: Final = 1024
"""Samples of a frame of AAC-LC."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """The segments of a stream, numbered from 0."""

    rate: Fraction
    """Frames a second of the pictures."""
    boundaries: tuple[int, ...]
    """First frame of each segment of pictures, and the number of all frames."""
    sound_end: int
    """Number of all frames of sound."""

    @property
    def count(self) -> int:
        """The number of segments."""
        return len(self.boundaries) - 1

    def video(self, number: int) -> tuple[int, int]:
        """Return the frames of a segment of pictures: the first, and the one behind the last."""
        return self.boundaries[number], self.boundaries[number + 1]

    def sound(self, number: int) -> tuple[int, int]:
        """Return the frames of a segment of sound, as ``video``."""
        end = self.sound_end if number + 1 == self.count else self._sound_at(number + 1)
        return self._sound_at(number), end

    def video_seconds(self) -> list[Fraction]:
        """Return the duration of each segment of pictures."""
        return [(end - first) / self.rate for first, end in pairwise(self.boundaries)]

    def sound_seconds(self) -> list[Fraction]:
        """Return the duration of each segment of sound."""
        parts = (self.sound(number) for number in range(self.count))
        return [Fraction((end - first) * SOUND_FRAME, SOUND_RATE) for first, end in parts]

    def _sound_at(self, number: int) -> int:
        return ceil(self.boundaries[number] / self.rate * SOUND_RATE / SOUND_FRAME)


def segment_frames(rate: Fraction, seconds: Fraction | float) -> int:
    """Return the frames of a segment of about ``seconds``: at 29.97 a second, one of 6 lasts 6.006 s."""
    return max(1, round(Fraction(seconds) * rate))


def grid_timeline(rate: Fraction, duration: Fraction | float, seconds: Fraction | float) -> Timeline:
    """Return segments of one length, the last one shorter. ``duration``: of the film, in seconds."""
    count, length = RateGrid(rate).count(duration), segment_frames(rate, seconds)
    return _timeline(rate, duration, (*range(0, count, length), count))


def table_timeline(rate: Fraction, duration: Fraction | float, starts: tuple[int, ...]) -> Timeline:
    """Return segments that begin at these frames; the first one at 0."""
    count = RateGrid(rate).count(duration)
    return _timeline(rate, duration, (*(start for start in starts if start < count), count))


def _timeline(rate: Fraction, duration: Fraction | float, boundaries: tuple[int, ...]) -> Timeline:
    timeline = Timeline(rate, boundaries, 0)
    # A last segment shorter than a frame of sound has one of silence.
    end = max(ceil(Fraction(duration) * SOUND_RATE / SOUND_FRAME), timeline._sound_at(timeline.count - 1) + 1)
    return Timeline(rate, boundaries, end)
