"""From boxes of objects to a window: which part of a picture shows them best. Pure arithmetic, in pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, hypot
from operator import mul
from typing import Final

from mememime_proxy.detection.config import GravityMode
from mememime_proxy.geometry.boxes import Box
from mememime_proxy.geometry.gravity import Size, position
from mememime_proxy.geometry.numbers import round_half_even
from mememime_proxy.plan import Gravity, GravityType

_MOST: Final = 32
"""Objects, those with the most weight, that a window is chosen by: its time grows with their third power."""
_TIE: Final = 1e-9


@dataclass(frozen=True, slots=True)
class WeightedBox:
    """A box in pixels of the picture, and how much its object counts."""

    box: Box
    weight: float


def weighted(boxes: Sequence[tuple[Box, float]], outer: Size, mode: GravityMode) -> tuple[WeightedBox, ...]:
    """Return boxes, which are in shares of a picture of the size ``outer``, in its pixels, the first the heaviest.

    Their weights are those of class and certainty; of the one best object its share of the picture counts, too, and of
    the one in the middle how near it is to that.
    """
    width, height = outer
    found = []
    for box, by_class in boxes:
        area = (box.right - box.left) * (box.bottom - box.top)
        weight = by_class if mode == "max_score_area" else by_class * area
        if mode == "one_best_centermost":
            away = hypot(width * (box.left + box.right - 1) / 2, height * (box.top + box.bottom - 1) / 2)
            weight *= 1 - away / (hypot(width, height) / 2)
        edges = Box(box.left * width, box.top * height, box.right * width, box.bottom * height)
        if area > 0 and weight > 0:
            found.append(WeightedBox(edges, weight))
    return tuple(sorted(found, key=lambda each: (-each.weight, each.box)))


def place_window(
    objects: Sequence[WeightedBox], outer: Size, inner: Size, mode: GravityMode, place: Gravity, dpr: float
) -> tuple[int, int]:
    """Return left and top of a window of the size ``inner`` within a picture of the size ``outer``.

    ``objects``: at least one, the heaviest first. ``place``: where they lie in the window, as far as the picture goes.
    """
    objects = objects[:_MOST]
    shown = objects[0].box if mode != "max_score_area" else _shown(objects, best_window(objects, outer, inner), inner)
    left, top = floor(shown.left), floor(shown.top)
    size = max(1, round_half_even(shown.right) - left), max(1, round_half_even(shown.bottom) - top)
    if place.type is GravityType.PROPORTIONAL:
        centre = (shown.left + shown.right) / 2 / outer[0], (shown.top + shown.bottom) / 2 / outer[1]
        place = Gravity(GravityType.FOCUS_POINT, *centre)
    across, down = position(inner, size, place, dpr, overflow=True)
    return max(0, min(left - across, outer[0] - inner[0])), max(0, min(top - down, outer[1] - inner[1]))


def best_window(objects: Sequence[WeightedBox], outer: Size, inner: Size) -> tuple[float, float]:
    """Return left and top of the window that covers most: the largest sum of weights by the share that is covered.

    Along one side a covered share rises, stays and falls, so that the best window has an edge in common with a box, or
    with the picture. Of several, the one that is nearest to the objects' common centre.
    """
    total = sum(each.weight for each in objects)
    centre = [
        sum(each.weight * (each.box[i] + each.box[i + 2]) / 2 for each in objects) / total - inner[i] / 2
        for i in (0, 1)
    ]
    sides = []
    for i in (0, 1):
        free = outer[i] - inner[i]
        starts = {0.0, float(free)}
        for each in objects:
            starts |= {min(max(edge, 0.0), float(free)) for edge in (each.box[i], each.box[i + 2] - inner[i])}
        starts.add(min(max(centre[i], 0.0), float(free)))
        sides.append(
            [(start, [_covered(each.box, i, start, inner[i]) for each in objects]) for start in sorted(starts)]
        )
    best, found = -1.0, (0.0, 0.0)
    nearest = 0.0
    for left, across in sides[0]:
        scores = [each.weight * share for each, share in zip(objects, across, strict=True)]
        for top, down in sides[1]:
            score = sum(map(mul, scores, down))
            away = hypot(left - centre[0], top - centre[1])
            if score > best + _TIE * total or (score >= best - _TIE * total and away < nearest):
                best, found, nearest = max(best, score), (left, top), away
    return found


def _covered(box: Box, side: int, start: float, length: int) -> float:
    """Return the share of a box's side, 0 the horizontal and 1 the vertical one, that lies in a window."""
    low, high = box[side], box[side + 2]
    return max(0.0, min(high, start + length) - max(low, start)) / (high - low)


def _shown(objects: Sequence[WeightedBox], window: tuple[float, float], inner: Size) -> Box:
    """Return the box around those of which a window covers half at least; around the one it covers best if of none."""
    shares = [
        _covered(each.box, 0, window[0], inner[0]) * _covered(each.box, 1, window[1], inner[1]) for each in objects
    ]
    covered = [each.box for each, share in zip(objects, shares, strict=True) if share >= 0.5]
    if not covered:
        return max(zip(objects, shares, strict=True), key=lambda pair: pair[0].weight * pair[1])[0].box
    return around(covered)


def around(boxes: Sequence[Box]) -> Box:
    """Return the box around others, at least one."""
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return Box(min(lefts), min(tops), max(rights), max(bottoms))


def crop_around(boxes: Sequence[Box], outer: Size, scale: float, ratio: float) -> tuple[int, int, int, int]:
    """Return left, top, width and height of the crop around boxes, which are in shares of the size ``outer``.

    The box around them is scaled about its centre, then widened to an aspect ratio, if that is not 0, and moved and cut
    to what is in the picture.
    """
    box = around(boxes)
    width, height = outer
    across, down = (
        min(width, (box.right - box.left) * width * scale),
        min(height, (box.bottom - box.top) * height * scale),
    )
    if ratio:
        across, down = max(across, down * ratio), max(down, across / ratio)
        # Wider than the picture: the other side is cut, too, down to what the objects need.
        across, down = min(across, width), min(down, height)
    wide, high = max(1, round_half_even(across)), max(1, round_half_even(down))
    left = round_half_even((box.left + box.right) / 2 * width - wide / 2)
    top = round_half_even((box.top + box.bottom) / 2 * height - high / 2)
    return max(0, min(left, width - wide)), max(0, min(top, height - high)), wide, high
