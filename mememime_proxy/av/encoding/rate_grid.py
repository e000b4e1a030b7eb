"""The grid of output frames: a constant rate, exact for films of a variable one, too.

Times are seconds from the film's start, as fractions: a grid of 30000/1001 frames a second has no other exact ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Final, TypeVar

Frame = TypeVar("Frame")

DEFAULT_RATE: Final = Fraction(25)
"""Frames a second of a film that does not say."""
_MAX_NUMERATOR: Final = 1 << 20
"""Past it, a rate is rounded: numerators are time scales of files, of 32 bits."""
_MAX_DENOMINATOR: Final = 1001
_ROUNDING: Final = Fraction(1, 10)
"""Frames by which a duration may be too long, because containers round it: Matroska to milliseconds."""


def choose_rate(guessed: Fraction | None, average: Fraction | None, limit: float) -> Fraction:
    """Return the frames a second of what is made of a film, from the rates that its container tells.

    Above ``limit`` the rate is halved until it fits, so that every second frame is shown, or every fourth.
    """
    rate = next((each for each in (guessed, average) if each is not None and each > 0), DEFAULT_RATE)
    if rate.numerator > _MAX_NUMERATOR or rate.denominator > _MAX_NUMERATOR:
        rate = rate.limit_denominator(_MAX_DENOMINATOR) or Fraction(1, _MAX_DENOMINATOR)
    while rate > limit:
        rate /= 2
    return rate


@dataclass(frozen=True, slots=True)
class RateGrid:
    """Output frames at a constant rate: frame n is on screen from n/rate to (n + 1)/rate."""

    rate: Fraction
    """Frames a second."""

    def count(self, duration: Fraction | float) -> int:
        """Return how many frames a film of that many seconds has, at least one: the last may be cut short."""
        return max(1, ceil(Fraction(duration) * self.rate - _ROUNDING))

    def time_of(self, number: int) -> Fraction:
        """Return the seconds at which a frame begins."""
        return number / self.rate

    def place(self, frames: Iterable[tuple[Fraction, Frame]], first: int, end: int) -> Iterator[tuple[int, Frame]]:
        """Yield the output frames ``[first, end)``, each with its number and the source frame that it shows.

        Output frame n shows the last source frame whose time is before (n + ½)/rate: source frames are repeated and
        dropped as needed. In front of the first source frame that one is shown, behind the last one the last. None is
        yielded where there are no source frames.

        ``frames``: in the order of their times, with those times. Where one is before its predecessor's, it counts as
        that. They are taken one by one, at most one more than is shown.
        """
        number, shown, last = first, None, None
        for time, frame in frames:
            last = time if last is None else max(last, time)
            bound = 2 * last * self.rate
            while shown is not None and number < end and 2 * number + 1 <= bound:
                yield number, shown[0]
                number += 1
            if number >= end:
                return
            shown = (frame,)
        while shown is not None and number < end:
            yield number, shown[0]
            number += 1
