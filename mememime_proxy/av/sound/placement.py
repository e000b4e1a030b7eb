"""Positions of decoded samples on a track's own grid: exact where the container's clock is coarser than a sample."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

JITTER: Final = 0.02
"""Seconds by which the time of a frame may differ from where the samples before it end, without a gap or an overlap.

Clocks of recordings jitter by this much, and eyes and ears notice an offset of sound from 45 ms on (ITU-R BT.1359)."""


@dataclass(frozen=True, slots=True)
class PacketGrid:
    """Packets of equal length: each begins at ``origin`` and a multiple of ``size`` samples."""

    origin: int
    size: int

    def snap(self, position: int, tolerance: int) -> int:
        """Return the position on the grid that is at most ``tolerance`` samples away; else the position itself."""
        nearest = self.origin + round((position - self.origin) / self.size) * self.size
        return nearest if abs(nearest - position) <= tolerance else position


class Placement:
    """Positions of the frames of one track as they are decoded, in samples from the start of the film.

    Frames that follow each other do so without a gap, whatever the rounding of their times. Positions are the same
    wherever decoding begins: in Matroska, a time is a whole number of milliseconds, and the grid of the packets tells
    which sample is meant.
    """

    def __init__(self, rate: int, start: Fraction, time_base: Fraction, grid: PacketGrid | None = None) -> None:
        """``rate``: samples a second. ``start``: of the film, seconds in its clock."""
        self._rate = rate
        self._start = start
        self._tolerance = max(1, round(time_base * rate)) + 1
        self._jitter = max(self._tolerance, round(JITTER * rate))
        self._grid = grid
        self._end: int | None = None

    def place(self, time: Fraction | None, count: int) -> int:
        """Return the position of the next ``count`` samples, whose first one is presented at ``time``.

        Samples without a time follow the ones before them.
        """
        end = self._end
        if time is None:
            position = end or 0
        else:
            position = round((time - self._start) * self._rate)
            if end is not None and abs(position - end) <= self._jitter:
                position = end
            elif self._grid is not None:
                position = self._grid.snap(position, self._tolerance)
        self._end = position + count
        return position
