"""add_watermark: lay the operator's watermark, or the URL's, over the picture."""

from __future__ import annotations

from dataclasses import replace

import pyvips

from mememime_proxy.formats.effects_plan import CHESSBOARD, REPEAT, Watermark
from mememime_proxy.geometry.geometry import Geometry, calculate
from mememime_proxy.geometry.gravity import Size
from mememime_proxy.geometry.watermark import mark_gap, mark_plan, mark_position
from mememime_proxy.imaging.codecs.load import OriginalImage
from mememime_proxy.imaging.color.working_space import GREY
from mememime_proxy.imaging.effects.marks import MAX_SHADOW, cell, rotated, shadowed, tiled
from mememime_proxy.imaging.effects.text import drawn_text
from mememime_proxy.imaging.picture import Picture
from mememime_proxy.imaging.steps.canvas import pad
from mememime_proxy.imaging.steps.colors import as_rgb, to_processing, to_srgb
from mememime_proxy.imaging.steps.rotation import rotate_and_flip
from mememime_proxy.imaging.steps.scale_on_load import scale_on_load
from mememime_proxy.imaging.steps.scaling import scale
from mememime_proxy.imaging.steps.vector import vector_guard
from mememime_proxy.plan import GravityType, Plan

_COLOR_OF_GREY = {"b-w": "srgb", "grey16": "rgb16"}

WATERMARK_STEPS = (vector_guard, scale_on_load, to_processing, scale, rotate_and_flip, to_srgb, pad)
"""The steps for the watermark itself, which takes its own colour profile to sRGB."""


def add_watermark(picture: Picture) -> Picture:
    """Return the picture with the plan's watermark over each frame; unchanged where there is none."""
    option = picture.plan.watermark
    if option is None or not (picture.plan.mark.text or picture.plan.mark.url in picture.marks):
        return picture
    opacity = option.opacity * picture.config.watermark_opacity
    if opacity <= 0:
        return picture
    image, frames = picture.image, picture.frames
    width, height = image.width, image.height // frames
    mark, left, top = _place(picture, option, width, height)
    mark = _with_opacity(mark, opacity)
    if not picture.working_space.srgb:
        picture, mark = _in_one_space(picture, mark)
        image = picture.image
    if frames > 1:
        mark = mark.embed(left, top, width, height).replicate(1, frames)
        left = top = 0
    return picture.with_image(_composite(image, mark, left, top, picture.plan.mark.blend))


def _place(picture: Picture, option: Watermark, width: int, height: int) -> tuple[pyvips.Image, int, int]:
    """Return the mark for a picture of ``width`` × ``height``, with its left and top; repeated ones cover it."""
    details, dpr, size = picture.plan.mark, picture.geometry.dpr, (width, height)
    if details.angle or details.shadow or option.position == CHESSBOARD:
        mark = _as_srgb(_render_mark(picture, replace(option, position=GravityType.CENTER), size))
        mark = rotated(mark, details.angle)
        bare, margin = (mark.width, mark.height), 0
        if details.shadow:
            mark, margin = shadowed(mark, min(details.shadow * dpr, MAX_SHADOW))
        mark = mark.copy_memory()
        if option.position in (REPEAT, CHESSBOARD):
            mark = cell(mark, mark_gap(option, size, dpr), margin)
    else:
        mark, margin = _render_mark(picture, option, size), 0
        bare = mark.width, mark.height
    if option.position in (REPEAT, CHESSBOARD):
        return tiled(mark, width, height, chessboard=option.position == CHESSBOARD), 0, 0
    left, top = mark_position(option, size, bare, dpr)
    return mark, left - margin, top - margin


def _as_srgb(mark: pyvips.Image) -> pyvips.Image:
    mark = mark.colourspace("srgb")
    return mark if mark.hasalpha() else mark.addalpha()


def _render_mark(picture: Picture, option: Watermark, size: Size) -> pyvips.Image:
    """Return the watermark for a picture of ``size``, with a gap around it if it is repeated."""
    details = picture.plan.mark
    original = None if details.text else picture.marks[details.url]
    plan = mark_plan(option, size, picture.geometry.dpr, picture.plan.limits, details)
    if original is None:
        text = drawn_text(details, picture.geometry.dpr)
        return _through_steps(picture, text, None, plan, calculate(text.width, text.height, 1, plan))
    return render_mark(picture, original, plan)


def render_mark(picture: Picture, original: OriginalImage, plan: Plan) -> pyvips.Image:
    """Return a picture that belongs to ``picture``, in memory, by a plan of its own."""
    image, header = original.load(), original.header
    geometry = calculate(image.width, image.height, header.orientation, plan, vector=original.vector)
    return _through_steps(picture, image, original, plan, geometry)


def _through_steps(
    picture: Picture, image: pyvips.Image, original: OriginalImage | None, plan: Plan, geometry: Geometry
) -> pyvips.Image:
    mark = Picture(
        decoded=image,
        geometry=geometry,
        orientation=1 if original is None else original.header.orientation,
        plan=plan,
        config=picture.config,
        format="png" if original is None else original.format,
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


def _with_opacity(mark: pyvips.Image, opacity: float) -> pyvips.Image:
    if not mark.hasalpha():
        mark = mark.addalpha()
    if opacity >= 1:
        return mark
    last = mark.bands - 1
    return mark.extract_band(0, n=last).bandjoin(mark.extract_band(last) * opacity)


def _composite(image: pyvips.Image, mark: pyvips.Image, left: int, top: int, blend: str) -> pyvips.Image:
    """Return the image with the mark on it: of the same format, opaque if it was, in colour if one of the two is."""
    space = image.interpretation
    if space in GREY and mark.interpretation not in GREY:
        space = _COLOR_OF_GREY[space]
    opaque = not image.hasalpha()
    stamped = image.composite2(mark, blend, x=left, y=top, compositing_space=space).cast(image.format)
    return stamped.extract_band(0, n=stamped.bands - 1) if opaque else stamped
