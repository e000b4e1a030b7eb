"""What is kept with a source joins the plan: its focal point, its preset. Known only once the source has answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from mememime_proxy.plan import Gravity, GravityType, Plan
from mememime_proxy.sources.model import Original


def undressed(plan: Plan, _preset: str) -> Plan:
    """The plan as it is, where there are no presets."""
    return plan


def settle(plan: Plan, original: Original, dress: Callable[[Plan, str], Plan]) -> Plan:
    """``plan``, with what it leaves to its source. Raises PresetError for a preset that ``dress`` does not know."""
    if plan.takes_preset and original.preset:
        plan = dress(plan, original.preset)
    if original.focus is None:
        return plan
    gravity = Gravity(GravityType.FOCUS_POINT, *seen(original.focus, plan))
    crop = plan.crop
    if crop.gravity is not None and crop.gravity.type is GravityType.SMART:
        crop = replace(crop, gravity=gravity)
    return replace(plan, gravity=gravity if plan.follows_focus else plan.gravity, crop=crop)


def seen(focus: tuple[float, float], plan: Plan) -> tuple[float, float]:
    """Where a point of the upright picture is once the plan has turned and mirrored it."""
    x, y = focus
    for _ in range(plan.rotate // 90 % 4):
        x, y = 1 - y, x
    return 1 - x if plan.flip_horizontal else x, 1 - y if plan.flip_vertical else y
