"""add_watermark: lay the operator's watermark over the picture."""

from __future__ import annotations

import math

import pyvips

from mememime_proxy.geometry.geometry import calculate
from mememime_proxy.geometry.gravity import position
from mememime_proxy.geometry.numbers import round_half_even, scale_even
from mememime_proxy.imaging.codecs.load import OriginalImage
from mememime_proxy.imaging.color.working_space import GREY
from mememime_proxy.imaging.picture import Picture
from mememime_proxy.imaging.steps.canvas import pad
from mememime_proxy.imaging.steps.colors import as_rgb, to_processing, to_srgb
from mememime_proxy.imaging.steps.rotation import rotate_and_flip
from mememime_proxy.imaging.steps.scale_on_load import scale_on_load
from mememime_proxy.imaging.steps.scaling import scale
from mememime_proxy.imaging.steps.vector import vector_guard
from mememime_proxy.plan import Gravity, GravityType, ImageLimits, Padding, Plan, Watermark

REPEAT = "re"
_COLOR_OF_GREY = {"b-w": "srgb", "grey16": "rgb16"}

WATERMARK_STEPS = (vector_guard, scale_on_load, to_processing, scale, rotate_and_flip, to_srgb, pad)
"""The steps for the watermark itself, which takes its own colour profile to sRGB."""


def add_watermark(picture: Picture) -> Picture:
    """Return the picture with the plan's watermark over each frame; unchanged where there is none."""
    plan, original = picture.plan.watermark, picture.watermark
    if plan is None or original is None:
        return picture
    opacity = plan.opacity * picture.config.watermark_opacity
    if opacity <= 0:
        return picture
    image, frames = picture.image, picture.frames
    width, height = image.width, image.height // frames
    mark = _with_opacity(_render_mark(picture, plan, original, width, height), opacity)
    if not picture.working_space.srgb:
        picture, mark = _in_one_space(picture, mark)
        image = picture.image
    if plan.position == REPEAT:
        left = top = 0
        mark = _tile(mark, width, height)
    else:
        gravity = Gravity(GravityType(plan.position), plan.x, plan.y)
        left, top = position((width, height), (mark.width, mark.height), gravity, picture.geometry.dpr, overflow=True)
    if frames > 1:
        mark = mark.embed(left, top, width, height).replicate(1, frames)
        left = top = 0
    return picture.with_image(_composite(image, mark, left, top))


def _render_mark(
    picture: Picture, watermark: Watermark, original: OriginalImage, width: int, height: int
) -> pyvips.Image:
    """Return the watermark for a picture of ``width`` × ``height``, with a gap around it if it is repeated."""
    box_width = max(1, scale_even(width, watermark.scale)) if watermark.scale > 0 else 0
    box_height = max(1, scale_even(height, watermark.scale)) if watermark.scale > 0 else 0
    repeated = watermark.position == REPEAT
    plan = Plan(
        width=box_width,
        height=box_height,
        enlarge=True,
        padding=_gap(watermark, width, height, picture.geometry.dpr) if repeated else Padding(),
        limits=ImageLimits(max_src_resolution=picture.plan.limits.max_src_resolution),
    )
    image = original.load()
    mark = Picture(
        decoded=image,
        geometry=calculate(image.width, image.height, original.header.orientation, plan, vector=original.vector),
        orientation=original.header.orientation,
        plan=plan,
        config=picture.config,
        format=original.format,
        original=original,
    )
    for step in WATERMARK_STEPS:
        mark = step(mark)
    return mark.image.copy_memory()


def _in_one_space(picture: Picture, mark: pyvips.Image) -> tuple[Picture, pyvips.Image]:
    """Return the picture, whose own profile is kept, and the mark in the same space; grey gives way to colour."""
    if mark.interpretation not in GREY:
        picture = as_rgb(picture)
    return picture, picture.working_space.from_srgb(mark, sixteen=picture.image.format == "ushort")


def _gap(watermark: Watermark, width: int, height: int, dpr: float) -> Padding:
    """Return the offsets of a repeated watermark, shared out to both sides of it."""
    gap_x = round_half_even(watermark.x * dpr) if abs(watermark.x) >= 1 else scale_even(width, watermark.x)
    gap_y = round_half_even(watermark.y * dpr) if abs(watermark.y) >= 1 else scale_even(height, watermark.y)
    left, top = math.trunc(gap_x / 2), math.trunc(gap_y / 2)
    return Padding(top=top, right=gap_x - left, bottom=gap_y - top, left=left)


def _tile(mark: pyvips.Image, width: int, height: int) -> pyvips.Image:
    """Return an area of ``width`` × ``height`` covered with the watermark; one copy lies in its centre."""
    across = math.ceil(width / mark.width) | 1
    down = math.ceil(height / mark.height) | 1
    left = (across * mark.width - width) // 2
    top = (down * mark.height - height) // 2
    return mark.replicate(across, down).crop(left, top, width, height)


def _with_opacity(mark: pyvips.Image, opacity: float) -> pyvips.Image:
    if not mark.hasalpha():
        mark = mark.addalpha()
    if opacity >= 1:
        return mark
    last = mark.bands - 1
    return mark.extract_band(0, n=last).bandjoin(mark.extract_band(last) * opacity)


def _composite(image: pyvips.Image, mark: pyvips.Image, left: int, top: int) -> pyvips.Image:
    """Return the image with the mark on it: of the same format, opaque if it was, in colour if one of the two is."""
    space = image.interpretation
    if space in GREY and mark.interpretation not in GREY:
        space = _COLOR_OF_GREY[space]
    opaque = not image.hasalpha()
    stamped = image.composite2(mark, "over", x=left, y=top, compositing_space=space).cast(image.format)
    return stamped.extract_band(0, n=stamped.bands - 1) if opaque else stamped
