"""Where a window lies: gravity to position, and gravity in a picture before its rotation.

Pure arithmetic. Offsets push inwards from an edge, and right or down from the centre.
"""

from __future__ import annotations

from mememime_proxy.geometry.numbers import round_half_even, scale_even, shrink_even
from mememime_proxy.plan import Gravity, GravityType

Size = tuple[int, int]
"""Width and height in pixels."""

_NORTHERN = frozenset({GravityType.NORTH, GravityType.NORTH_EAST, GravityType.NORTH_WEST})
_SOUTHERN = frozenset({GravityType.SOUTH, GravityType.SOUTH_EAST, GravityType.SOUTH_WEST})
_WESTERN = frozenset({GravityType.WEST, GravityType.NORTH_WEST, GravityType.SOUTH_WEST})
_EASTERN = frozenset({GravityType.EAST, GravityType.NORTH_EAST, GravityType.SOUTH_EAST})

_MIRRORED_X = {
    GravityType.EAST: GravityType.WEST,
    GravityType.WEST: GravityType.EAST,
    GravityType.NORTH_EAST: GravityType.NORTH_WEST,
    GravityType.NORTH_WEST: GravityType.NORTH_EAST,
    GravityType.SOUTH_EAST: GravityType.SOUTH_WEST,
    GravityType.SOUTH_WEST: GravityType.SOUTH_EAST,
}
_MIRRORED_Y = {
    GravityType.NORTH: GravityType.SOUTH,
    GravityType.SOUTH: GravityType.NORTH,
    GravityType.NORTH_EAST: GravityType.SOUTH_EAST,
    GravityType.SOUTH_EAST: GravityType.NORTH_EAST,
    GravityType.NORTH_WEST: GravityType.SOUTH_WEST,
    GravityType.SOUTH_WEST: GravityType.NORTH_WEST,
}
_CLOCKWISE = (  # each ring moves by one place when a quarter rotation is undone
    (GravityType.NORTH, GravityType.WEST, GravityType.SOUTH, GravityType.EAST),
    (GravityType.NORTH_EAST, GravityType.NORTH_WEST, GravityType.SOUTH_WEST, GravityType.SOUTH_EAST),
)
_QUARTER = {ring[i]: ring[(i + 1) % 4] for ring in _CLOCKWISE for i in range(4)}


def position(outer: Size, inner: Size, gravity: Gravity, dpr: float, *, overflow: bool = False) -> tuple[int, int]:
    """Left and top of an ``inner`` box in an ``outer`` one.

    The inner box lies within the outer one; with ``overflow`` at least one pixel of it does. Absolute offsets
    (|offset| ≥ 1) are multiplied by ``dpr``, relative ones count from the outer box.
    """
    free_x, free_y = outer[0] - inner[0], outer[1] - inner[1]
    if gravity.type is GravityType.FOCUS_POINT:
        left = scale_even(outer[0], gravity.x) - inner[0] // 2
        top = scale_even(outer[1], gravity.y) - inner[1] // 2
    else:
        offset_x = round_half_even(gravity.x * dpr) if abs(gravity.x) >= 1 else scale_even(outer[0], gravity.x)
        offset_y = round_half_even(gravity.y * dpr) if abs(gravity.y) >= 1 else scale_even(outer[1], gravity.y)
        if gravity.type in _WESTERN:
            left = offset_x
        elif gravity.type in _EASTERN:
            left = free_x - offset_x
        else:
            left = shrink_even(free_x + 1, 2) + offset_x
        if gravity.type in _NORTHERN:
            top = offset_y
        elif gravity.type in _SOUTHERN:
            top = free_y - offset_y
        else:
            top = shrink_even(free_y + 1, 2) + offset_y
    if overflow:
        return _clamp(left, 1 - inner[0], outer[0] - 1), _clamp(top, 1 - inner[1], outer[1] - 1)
    return _clamp(left, 0, free_x), _clamp(top, 0, free_y)


def _clamp(value: int, lowest: int, highest: int) -> int:
    return max(lowest, min(value, highest))


def before_rotation(gravity: Gravity, angle: int, *, flip_x: bool = False, flip_y: bool = False) -> Gravity:
    """Return the gravity before a picture is rotated by ``angle`` (clockwise) and then flipped.

    ``gravity`` is meant for the picture as it is seen at the end. Flips are undone first, then the rotation.
    """
    kind, x, y = gravity.type, gravity.x, gravity.y
    focus = kind is GravityType.FOCUS_POINT
    if flip_x:
        if focus:
            x = 1 - x
        elif kind in (GravityType.CENTER, GravityType.NORTH, GravityType.SOUTH):
            x = -x
        kind = _MIRRORED_X.get(kind, kind)
    if flip_y:
        if focus:
            y = 1 - y
        elif kind in (GravityType.CENTER, GravityType.EAST, GravityType.WEST):
            y = -y
        kind = _MIRRORED_Y.get(kind, kind)
    for _ in range(angle // 90 % 4):
        kind, x, y = _quarter_back(kind, x, y)
    return Gravity(kind, x, y)


def _quarter_back(kind: GravityType, x: float, y: float) -> tuple[GravityType, float, float]:
    """Return a gravity before a quarter rotation: the right edge of the rotated picture was its top edge."""
    kind = _QUARTER.get(kind, kind)
    if kind is GravityType.FOCUS_POINT:
        return kind, y, 1 - x
    if kind in (GravityType.CENTER, GravityType.EAST, GravityType.WEST):
        return kind, y, -x
    return kind, y, x
