"""Where the picture of each frame goes: sizes and positions of a plan, for moving pictures. Pure arithmetic.

The sizes are those of the same plan for a still (``mememime_proxy.geometry``); each is then rounded down to an even
number, because encoders of films halve the colours.
"""

from __future__ import annotations

from dataclasses import dataclass

from mememime_proxy.errors import OptionError
from mememime_proxy.formats.effects_plan import CHESSBOARD, NO_EFFECTS, NO_MARK, NO_SHAPE
from mememime_proxy.geometry.geometry import Geometry, calculate
from mememime_proxy.geometry.gravity import position
from mememime_proxy.geometry.numbers import min_nonzero
from mememime_proxy.plan import Color, GravityType, Plan

WHITE: Color = (255, 255, 255)
"""Background where the plan names none, as of a still without transparency."""

Area = tuple[int, int, int, int]
"""Left, top, width, height."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameLayout:
    """Steps for an upright frame with square pixels, in this order; None = left out."""

    crop: Area | None
    scaled: tuple[int, int]
    rotate: int
    """Clockwise, one of 0, 90, 180, 270."""
    flip_horizontal: bool
    flip_vertical: bool
    result_crop: Area | None
    canvas: Area | None
    """Left and top of the picture on a canvas, and the sides of that."""
    background: Color
    width: int
    """Of the result."""
    height: int
    dpr: float


def check_options(plan: Plan) -> None:
    """Raise OptionError where the plan asks for what is not done to moving pictures."""
    gravities = {plan.gravity.type, plan.crop.gravity and plan.crop.gravity.type}
    smart = bool({GravityType.SMART, GravityType.OBJECTS} & gravities)
    refused = {
        "trim": plan.trim is not None,
        "sharpen": bool(plan.sharpen),
        "pixelate": plan.pixelate > 1,
        "max_bytes": bool(plan.max_bytes),
        "shape": plan.shape != NO_SHAPE,
        "effects": plan.effects != NO_EFFECTS,
        "watermark": plan.mark != NO_MARK or (plan.watermark is not None and plan.watermark.position == CHESSBOARD),
        "gravity": smart,
    }
    for name, is_set in refused.items():
        if is_set:
            raise OptionError(f"{name}: not done to moving pictures{' (sm)' if name == 'gravity' else ''}")


def lay_out(width: int, height: int, plan: Plan) -> FrameLayout:
    """Return the layout for upright frames of this size. Raises OptionError, see ``check_options``."""
    check_options(plan)
    geometry = calculate(width, height, 1, plan)
    scaled = even(geometry.scaled_width), even(geometry.scaled_height)
    size, cut = _result_crop(geometry, plan, scaled)
    canvas, placed = size, (0, 0)
    for box, gravity in (
        ((geometry.target_width, geometry.target_height), plan.extend.enabled and plan.extend.gravity),
        (
            (geometry.extended_width, geometry.extended_height),
            plan.extend_aspect_ratio.enabled and plan.extend_aspect_ratio.gravity,
        ),
    ):
        wanted = even(box[0] or canvas[0]), even(box[1] or canvas[1])
        if gravity and any(box) and (wanted[0] > canvas[0] or wanted[1] > canvas[1]):
            left, top = position(wanted, canvas, gravity, geometry.dpr)
            canvas, placed = wanted, (placed[0] + left, placed[1] + top)
    padding = geometry.padding(plan.padding)
    canvas = even(canvas[0] + padding.left + padding.right), even(canvas[1] + padding.top + padding.bottom)
    placed = _even_offset(placed[0] + padding.left), _even_offset(placed[1] + padding.top)
    return FrameLayout(
        crop=_crop(geometry, plan, width, height),
        scaled=(scaled[1], scaled[0]) if geometry.sideways else scaled,
        rotate=plan.rotate,
        flip_horizontal=plan.flip_horizontal,
        flip_vertical=plan.flip_vertical,
        result_crop=cut,
        canvas=None if canvas == size else (*placed, *canvas),
        background=plan.background or WHITE,
        width=canvas[0],
        height=canvas[1],
        dpr=geometry.dpr,
    )


def even(side: int) -> int:
    """Return a side that an encoder takes: even, at least 2."""
    return max(2, side - side % 2)


def _even_offset(offset: int) -> int:
    return offset - offset % 2


def _crop(geometry: Geometry, plan: Plan, width: int, height: int) -> Area | None:
    """Return the area of the plan's ``crop`` in the frame before the plan's rotation."""
    across, down, gravity = geometry.stored_crop(plan)
    across, down = min_nonzero(min(across, width), width), min_nonzero(min(down, height), height)
    if (across, down) == (width, height):
        return None
    return (*position((width, height), (across, down), gravity, 1.0), across, down)


def _result_crop(geometry: Geometry, plan: Plan, scaled: tuple[int, int]) -> tuple[tuple[int, int], Area | None]:
    """Return the size after the crop to the plan's box, and that crop."""
    width = min(scaled[0], even(min_nonzero(geometry.result_crop_width, scaled[0])))
    height = min(scaled[1], even(min_nonzero(geometry.result_crop_height, scaled[1])))
    if (width, height) == scaled:
        return scaled, None
    left, top = position(scaled, (width, height), plan.gravity, geometry.dpr)
    return (width, height), (_even_offset(left), _even_offset(top), width, height)
