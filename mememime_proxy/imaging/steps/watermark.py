"""add_watermark: lay the operator's watermark over the picture."""

from __future__ import annotations

import pyvips

from mememime_proxy.formats.effects_plan import Watermark
from mememime_proxy.geometry.geometry import calculate
from mememime_proxy.geometry.watermark import REPEAT, mark_plan, mark_position, mark_tiles
from mememime_proxy.imaging.codecs.load import OriginalImage
from mememime_proxy.imaging.color.working_space import GREY
from mememime_proxy.imaging.picture import Picture
from mememime_proxy.imaging.steps.canvas import pad
from mememime_proxy.imaging.steps.colors import as_rgb, to_processing, to_srgb
from mememime_proxy.imaging.steps.rotation import rotate_and_flip
from mememime_proxy.imaging.steps.scale_on_load import scale_on_load
from mememime_proxy.imaging.steps.scaling import scale
from mememime_proxy.imaging.steps.vector import vector_guard

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
        left, top = mark_position(plan, (width, height), (mark.width, mark.height), picture.geometry.dpr)
    if frames > 1:
        mark = mark.embed(left, top, width, height).replicate(1, frames)
        left = top = 0
    return picture.with_image(_composite(image, mark, left, top))


def _render_mark(
    picture: Picture, watermark: Watermark, original: OriginalImage, width: int, height: int
) -> pyvips.Image:
    """Return the watermark for a picture of ``width`` × ``height``, with a gap around it if it is repeated."""
    plan = mark_plan(watermark, (width, height), picture.geometry.dpr, picture.plan.limits)
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


def _tile(mark: pyvips.Image, width: int, height: int) -> pyvips.Image:
    """Return an area of ``width`` × ``height`` covered with the watermark."""
    across, down, left, top = mark_tiles((width, height), (mark.width, mark.height))
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
