"""What a render did to its original, in the words of C2PA (specification 2.2, 18.15.4)."""

from __future__ import annotations

from collections.abc import Iterable

from mememime_proxy.formats.effects_plan import NO_EFFECTS, NO_SHAPE, Effects
from mememime_proxy.geometry.geometry import Geometry
from mememime_proxy.plan import Plan

_COLORS = frozenset(
    {
        *("brightness", "contrast", "saturation", "hue", "gamma", "monochrome", "duotone", "negate", "sepia"),
        *("normalize", "colorize", "gradient"),
    }
)
"""Fields of ``Effects`` that are about colours; the others soften parts of the picture."""


def actions_of(pipelines: Iterable[tuple[Plan, Geometry]]) -> list[str]:
    """Return the actions of all pipelines in their order, each once; the last is that the file was encoded anew."""
    found: dict[str, None] = {}
    for plan, geometry in pipelines:
        found |= dict.fromkeys(f"c2pa.{name}" for name, is_done in _done(plan, geometry) if is_done)
    return [*found, "c2pa.transcoded"]


def _done(plan: Plan, geometry: Geometry) -> Iterable[tuple[str, bool]]:
    yield "cropped", plan.trim is not None or _is_cropped(geometry)
    yield "resized", (geometry.width_scale, geometry.height_scale) != (1, 1)
    turned = plan.rotate % 360 != 0 or plan.flip_horizontal or plan.flip_vertical
    yield "orientation", turned or not geometry.upright
    changed = {
        name for name in Effects.__dataclass_fields__ if getattr(plan.effects, name) != getattr(NO_EFFECTS, name)
    }
    yield "color_adjustments", bool(changed & _COLORS)
    softened = changed - _COLORS - {"background_alpha"}
    yield "filtered", bool(softened or plan.blur or plan.sharpen or plan.pixelate > 1)
    canvas = bool(geometry.extended_width or geometry.extended_height or plan.padding)
    yield "edited", canvas or plan.extend.enabled or plan.watermark is not None or plan.shape != NO_SHAPE


def _is_cropped(geometry: Geometry) -> bool:
    whole = geometry.source_width, geometry.source_height
    area = geometry.crop_width or whole[0], geometry.crop_height or whole[1]
    result = geometry.result_crop_width, geometry.result_crop_height
    return area != whole or 0 < result[0] < geometry.scaled_width or 0 < result[1] < geometry.scaled_height
