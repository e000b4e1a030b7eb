"""Options that are stored with a source join the plan: its focal point, its preset."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from mememime_proxy.plan import Gravity, GravityType, Plan
from mememime_proxy.sources.model import Original


def apply_source_options(plan: Plan, original: Original, apply_preset: Callable[[Plan, str], Plan]) -> Plan:
    """Return ``plan`` with the options that it leaves to its source.

    ``apply_preset``: a plan with the options of a preset by its name. Raises PresetError as that does.
    """
    if plan.takes_preset and original.preset:
        plan = apply_preset(plan, original.preset)
    if original.focus is None:
        return plan
    gravity = Gravity(GravityType.FOCUS_POINT, *rotate_and_flip_point(original.focus, plan))
    crop = plan.crop
    if crop.gravity is not None and crop.gravity.type is GravityType.SMART:
        crop = replace(crop, gravity=gravity)
    return replace(plan, gravity=gravity if plan.follows_focus else plan.gravity, crop=crop)


def rotate_and_flip_point(point: tuple[float, float], plan: Plan) -> tuple[float, float]:
    """Return where a point of the upright picture is after the plan's rotation and flips; sides are 1."""
    x, y = point
    for _ in range(plan.rotate // 90 % 4):
        x, y = 1 - y, x
    return 1 - x if plan.flip_horizontal else x, 1 - y if plan.flip_vertical else y
