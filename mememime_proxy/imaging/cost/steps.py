"""The cost of the steps of a pipeline between a decoder and an encoder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mememime_proxy.geometry.geometry import Geometry, result_size
from mememime_proxy.geometry.numbers import min_nonzero
from mememime_proxy.imaging.cost.filters import add_filters, add_shape
from mememime_proxy.imaging.cost.watermark import add_watermark
from mememime_proxy.imaging.cost.work import Work
from mememime_proxy.imaging.gate.header import ImageHeader
from mememime_proxy.plan import GravityType, Plan, RenderConfig

ROWS: Final = 20
"""Rows of a result that are computed at a time, and some: so many times the reduction are held in front of a resize."""
_SMART_CROP: Final = 0.005
"""Seconds of a smart crop of any size: libvips builds forty operations for it."""


@dataclass(frozen=True, slots=True)
class PictureState:
    """A picture in front of a pipeline."""

    pixels: float
    """Of a frame."""
    bands: int
    alpha: bool
    width: float
    """Of the original, of which ``shrink`` is the reduction by its decoder."""
    shrink: float


def add_steps(
    work: Work,
    plan: Plan,
    config: RenderConfig,
    geometry: Geometry,
    state: PictureState,
    sample: int,
    frames: int,
    marks: Mapping[str, ImageHeader],
) -> PictureState:
    """Add the steps of a pipeline between a decoder and an encoder; return the state of its result."""
    bands, alpha = state.bands, state.alpha
    if plan.trim is not None and frames == 1:
        work.add("trim", state.pixels * bands, held=sample)
    left = _crop(work, plan, geometry, state.pixels, bands * frames, sample)
    left = _scale(work, config, geometry, left, bands * frames, sample, state)
    if (plan.unsharp.mode or config.unsharp_masking_mode) != "none":
        work.add("unsharp mask", left * bands * frames, held=1)
    if not geometry.upright or plan.rotate or plan.flip_horizontal or plan.flip_vertical:
        work.add("rotate", left * bands * frames, held=sample)
    left = _crop_to_result(work, plan, geometry, left, bands * frames, sample)
    add_filters(work, plan, left, max(3, bands) * frames, sample, geometry, alpha=alpha)
    width, height = result_size(geometry, plan)
    left = add_shape(work, plan, left * frames, width * height * frames) / frames
    if plan.shape.makes_transparency:
        bands, alpha = max(bands, 4), True
    pixels = width * height * frames
    if pixels > left * frames:
        bands, alpha = max(bands, 4), True
        work.add("canvas", pixels * bands)
    watermark = marks.get(plan.mark.url)
    if plan.watermark is not None and (watermark is not None or plan.mark.text):
        bands = max(bands, 3)
        add_watermark(work, watermark, plan, geometry.dpr, width, height, frames)
    if frames > 1:
        work.add("stack", pixels * bands, held=sample)
    return PictureState(width * height, bands, alpha, width, 1.0)


def _crop(work: Work, plan: Plan, geometry: Geometry, loaded: float, bands: float, sample: int) -> float:
    """Add the crop in front of the scaling; return the pixels that are left of a frame."""
    if not geometry.crop_width and not geometry.crop_height:
        return loaded
    if geometry.crop_gravity.type in (GravityType.SMART, GravityType.OBJECTS):
        _smart(work, loaded * bands, sample)
    across = min_nonzero(geometry.crop_width, geometry.source_width) / geometry.source_width
    down = min_nonzero(geometry.crop_height, geometry.source_height) / geometry.source_height
    return loaded * across * down


def _scale(
    work: Work,
    config: RenderConfig,
    geometry: Geometry,
    left: float,
    bands: float,
    sample: int,
    state: PictureState,
) -> float:
    """Add the scaling; return the pixels that a frame has after it."""
    scaled = geometry.scaled_width * geometry.scaled_height
    if geometry.width_scale == 1 and geometry.height_scale == 1:
        return scaled
    work.add("resize, each pixel before", left * bands)
    work.add("resize, each pixel after", scaled * bands)
    shrink = state.shrink
    if state.alpha:
        work.add("transparency", (left + scaled) * bands)
    if config.use_linear_colorspace:
        work.add("linear light", (left + scaled) * bands, held=1.5)
    horizontal, vertical = geometry.stored_scale()
    rows = ROWS / max(vertical * shrink, 1e-9)
    across = state.width / shrink * max(1.0, horizontal * shrink)
    sample = 4 if config.use_linear_colorspace else sample
    work.memory += min(left * max(1.0, horizontal * shrink), across * rows) * bands * sample
    return scaled


def _crop_to_result(work: Work, plan: Plan, geometry: Geometry, left: float, bands: float, sample: int) -> float:
    """Add the crop to the plan's box; return the pixels that are left of a frame."""
    width = min_nonzero(geometry.result_crop_width, geometry.scaled_width)
    height = min_nonzero(geometry.result_crop_height, geometry.scaled_height)
    if width >= geometry.scaled_width and height >= geometry.scaled_height:
        return left
    if plan.gravity.type in (GravityType.SMART, GravityType.OBJECTS):
        _smart(work, left * bands, sample)
    return min(width, geometry.scaled_width) * min(height, geometry.scaled_height)


def _smart(work: Work, samples: float, sample: int) -> None:
    work.add("smart crop", samples, held=1.5 * sample)
    work.seconds_fixed += _SMART_CROP
