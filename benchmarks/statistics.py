"""Middle and spread of a few numbers."""

from __future__ import annotations

import statistics
from collections.abc import Sequence


def median(values: Sequence[float]) -> float:
    """The middle value."""
    return statistics.median(values)


def spread(values: Sequence[float]) -> float:
    """Half the range, relative to the median: what «±» means in the reports."""
    middle = median(values)
    return (max(values) - min(values)) / 2 / middle if middle else 0.0


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least ``share`` (0–1) of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * share // 1).__int__() - 1)]


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Least squares: how much y grows for each x."""
    if len({x for x, _ in points}) < 2:
        return 0.0
    return statistics.linear_regression([x for x, _ in points], [y for _, y in points]).slope
