"""Rounding as the URL grammar's geometry needs it: two kinds of half, and sizes that never become negative zero.

Python's ``round`` goes to even; the geometry rounds half away from zero for sizes and to even for positions. A number
that is not finite, or too large for any picture, is brought to ``CEILING`` instead of failing, so that geometry is
total: a size that large is refused later by the limits.
"""

from __future__ import annotations

import math

CEILING = 2**31 - 1
"""Largest magnitude that a rounded value takes; libvips counts pixels in 32 bits."""


def _bounded(x: float) -> float:
    if math.isnan(x):
        return 0.0
    return max(-float(CEILING), min(float(CEILING), x))


def round_half_away(x: float) -> int:
    """Return the nearest whole number; halves go away from zero."""
    x = _bounded(x)
    number = math.floor(abs(x))
    if abs(x) - number >= 0.5:
        number += 1
    return number if x >= 0 else -number


def round_half_even(x: float) -> int:
    """Return the nearest whole number; halves go to the even one."""
    return round(_bounded(x))


def scale(size: int, factor: float) -> int:
    """``size × factor``, halves away from zero."""
    return round_half_away(size * factor) if size else 0


def scale_even(size: int, factor: float) -> int:
    """``size × factor``, halves to even."""
    return round_half_even(size * factor) if size else 0


def shrink(size: int, factor: float) -> int:
    """``size ÷ factor``, halves away from zero."""
    return round_half_away(size / factor) if size else 0


def shrink_even(size: int, factor: float) -> int:
    """``size ÷ factor``, halves to even."""
    return round_half_even(size / factor) if size else 0


def min_nonzero(a: int, b: int) -> int:
    """Return the smaller one, where 0 means "not given"."""
    if a == 0:
        return b
    if b == 0:
        return a
    return min(a, b)
