"""stamp: lay the watermark over the picture."""

from __future__ import annotations

import math

import pyvips

from mememime_proxy.imaging.geometry.geometry import calculate
from mememime_proxy.imaging.geometry.gravity import position
from mememime_proxy.imaging.geometry.numbers import half_even, scale_even
from mememime_proxy.imaging.picture import Picture
from mememime_proxy.imaging.steps.canvas import pad
from mememime_proxy.imaging.steps.colors import to_processing
from mememime_proxy.imaging.steps.reload import scale_on_load
from mememime_proxy.imaging.steps.scaling import scale
from mememime_proxy.imaging.steps.turning import rotate_and_flip
from mememime_proxy.imaging.steps.vector import vector_guard
from mememime_proxy.plan import Gravity, GravityType, ImageLimits, Padding, Plan, Watermark

REPEAT = "re"
_GREY = frozenset({"b-w", "grey16"})
_COLOR_OF_GREY = {"b-w": "srgb", "grey16": "rgb16"}

STEPS = (vector_guard, scale_on_load, to_processing, scale, rotate_and_flip, pad)
"""What is done to the watermark itself."""


def stamp(picture: Picture) -> Picture:
    """The picture with the plan's watermark; unchanged where there is none to lay over it."""
    return stamp_frames(picture, 1)


def stamp_frames(picture: Picture, frames: int) -> Picture:
    """The same for ``frames`` pictures of one size stacked in one, each with the watermark at its own place."""
    wanted = picture.plan.watermark
    if wanted is None or picture.watermark is None:
        return picture
    opacity = wanted.opacity * picture.config.watermark_opacity
    if opacity <= 0:
        return picture
    image = picture.image
    width, height = image.width, image.height // frames
    mark = _with_opacity(_prepared(picture, wanted, width, height), opacity)
    dpr = picture.geometry.dpr
    if wanted.position == REPEAT:
        left = top = 0
        mark = _repeated(mark, width, height)
    else:
        gravity = Gravity(GravityType(wanted.position), wanted.x, wanted.y)
        left, top = position((width, height), (mark.width, mark.height), gravity, dpr, overflow=True)
    if frames > 1:
        mark = mark.embed(left, top, width, height).replicate(1, frames)
        left = top = 0
    return picture.showing(_over(image, mark, left, top))


def _prepared(picture: Picture, wanted: Watermark, width: int, height: int) -> pyvips.Image:
    """The watermark at its size for a picture of ``width`` × ``height``, with the gap around it if it is repeated."""
    original = picture.watermark
    if original is None:
        raise ValueError("no watermark to prepare")
    box_width = max(1, scale_even(width, wanted.scale)) if wanted.scale > 0 else 0
    box_height = max(1, scale_even(height, wanted.scale)) if wanted.scale > 0 else 0
    plan = Plan(
        width=box_width,
        height=box_height,
        enlarge=True,
        padding=_gap(wanted, width, height, picture.geometry.dpr) if wanted.position == REPEAT else Padding(),
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
    for step in STEPS:
        mark = step(mark)
    return mark.image.copy_memory()


def _gap(wanted: Watermark, width: int, height: int, dpr: float) -> Padding:
    """The offsets of a repeated watermark, shared out to both sides of it."""
    gap_x = half_even(wanted.x * dpr) if abs(wanted.x) >= 1 else scale_even(width, wanted.x)
    gap_y = half_even(wanted.y * dpr) if abs(wanted.y) >= 1 else scale_even(height, wanted.y)
    left, top = math.trunc(gap_x / 2), math.trunc(gap_y / 2)
    return Padding(top=top, right=gap_x - left, bottom=gap_y - top, left=left)


def _repeated(mark: pyvips.Image, width: int, height: int) -> pyvips.Image:
    """An area of ``width`` × ``height`` covered with the watermark; one copy lies in its centre."""
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


def _over(image: pyvips.Image, mark: pyvips.Image, left: int, top: int) -> pyvips.Image:
    """The image with the mark on it: of the same format, opaque if it was, in colour if one of the two is."""
    space = image.interpretation
    if space in _GREY and mark.interpretation not in _GREY:
        space = _COLOR_OF_GREY[space]
    opaque = not image.hasalpha()
    stamped = image.composite2(mark, "over", x=left, y=top, compositing_space=space).cast(image.format)
    return stamped.extract_band(0, n=stamped.bands - 1) if opaque else stamped
