"""The cost of the filters: blur, sharpening, squares, colours, sheets."""

from __future__ import annotations

from typing import Final

from mememime_proxy.formats.effects_plan import NO_SHAPE, BlurAreas, Effects
from mememime_proxy.geometry.geometry import Geometry
from mememime_proxy.imaging.cost.work import Work
from mememime_proxy.plan import Plan

_FLAT_BLUR: Final = 40.0
"""Sigma from which a blur takes no more time."""
_MAX_BLUR: Final = 1000.0
"""Of ``steps.filters``."""
_BLURS: Final = (1 / 8, 1 / 4, 1 / 2, 1.0)
"""Shares of the full blur that a progressive one is mixed from."""


def add_filters(
    work: Work, plan: Plan, pixels: float, bands: int, sample: int, geometry: Geometry, *, alpha: bool
) -> None:
    """Add the plan's filters of a picture of so many pixels; ``sample``: bytes of a channel."""
    effects = plan.effects
    if not (plan.blur or plan.sharpen or plan.pixelate > 1 or effects.is_filter or plan.objects.draw.enabled):
        return
    samples = pixels * bands
    work.add("filters", samples, held=2 * sample)
    if alpha and (plan.blur or plan.sharpen):
        work.add("transparency", samples, 4, held=sample)
    if plan.blur:
        _blur(work, samples, plan.blur)
    if plan.sharpen:
        work.add("sharpen", samples)
        work.add("sharpen, each pixel of sigma", samples, min(plan.sharpen, 10.0))
    if plan.pixelate > 1:
        work.add("pixelate", samples)
    if effects.is_filter:
        _effects(work, effects, samples, alpha=alpha)
        _areas(work, effects.blur_areas, pixels, bands, geometry)
        if effects.blur_detections:
            _blur(work, samples, effects.blur_detections.sigma)


def add_shape(work: Work, plan: Plan, pixels: float, grown: float) -> float:
    """Add the plan's outline of a picture of so many pixels, which has ``grown`` after it; return what it has."""
    shape = plan.shape
    if shape == NO_SHAPE:
        return pixels
    work.add("sheet", pixels * 4, 1 + 2 * bool(shape.corners) + 3 * bool(shape.mask), held=2)
    if shape.angle:
        work.add("free rotation", grown * 4, held=2)
    if shape.background_blur:
        work.add("sheet, with transparency", grown * 4, held=2)
    return grown if shape.angle else pixels


def _effects(work: Work, effects: Effects, samples: float, *, alpha: bool) -> None:
    matrices = (effects.saturation != 1) + bool(effects.hue) + bool(effects.sepia)
    tones = bool(effects.monochrome) + bool(effects.duotone) + (effects.normalize is not None)
    work.add("tables", samples, 1 + matrices)
    work.add("colour matrix", samples, matrices)
    work.add("lightness", samples, tones, held=tones)
    sheets = bool(effects.gradient) + bool(effects.colorize)
    work.add("sheet, with transparency" if alpha else "sheet", samples, sheets)
    if effects.progressive_blur:
        for share in _BLURS:
            _blur(work, samples, effects.progressive_blur.sigma * share)
        work.add("sheet", samples, len(_BLURS), held=2)
        work.add("transparency", samples, 4 * alpha, held=alpha)


def _areas(work: Work, option: BlurAreas, pixels: float, bands: int, geometry: Geometry) -> None:
    """Add a blur of each area, with the margin that it is computed with."""
    across = geometry.source_width * geometry.width_scale
    down = geometry.source_height * geometry.height_scale
    margin = 6 * min(option.sigma, _MAX_BLUR)
    for _, _, width, height in option.areas:
        wide, high = (height, width) if geometry.sideways else (width, height)
        _blur(work, bands * min(pixels, (wide * across + margin) * (high * down + margin)), option.sigma)


def _blur(work: Work, samples: float, sigma: float) -> None:
    work.add("blur", samples)
    work.add("blur, each pixel of sigma", samples, min(sigma, _FLAT_BLUR))
