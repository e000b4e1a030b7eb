"""crop before scaling, crop_to_result after it."""

from __future__ import annotations

from typing import Any

from mememime_proxy.geometry.gravity import position
from mememime_proxy.geometry.numbers import min_nonzero
from mememime_proxy.imaging.picture import Picture
from mememime_proxy.plan import Gravity, GravityType


def crop(picture: Picture) -> Picture:
    """Return the area of the plan's ``crop``, which is given for the rotated picture and cut from the stored one."""
    geometry = picture.geometry
    if not geometry.crop_width and not geometry.crop_height:
        return picture
    width, height, gravity = geometry.stored_crop(picture.plan)
    return _cut(picture, width, height, gravity, 1.0)


def crop_to_result(picture: Picture) -> Picture:
    """Return the part of the scaled picture that is inside the plan's box."""
    geometry = picture.geometry
    return _cut(picture, geometry.result_crop_width, geometry.result_crop_height, picture.plan.gravity, geometry.dpr)


def _cut(picture: Picture, width: int, height: int, gravity: Gravity, dpr: float) -> Picture:
    if not width and not height:
        return picture
    image = picture.image
    outer_width, outer_height = image.width, image.height
    width = min_nonzero(width, outer_width)
    height = min_nonzero(height, outer_height)
    if width >= outer_width and height >= outer_height:
        return picture
    if gravity.type is GravityType.SMART:
        return _smart(picture.with_image(image.copy_memory()), width, height)
    left, top = position((outer_width, outer_height), (width, height), gravity, dpr)
    return picture.cropped(left, top, width, height)


def _smart(picture: Picture, width: int, height: int) -> Picture:
    """Return the part that draws the eye most, by libvips' attention strategy."""
    if picture.gain is None and not picture.has_boxes:
        return picture.with_image(picture.image.smartcrop(width, height))
    image = picture.image
    outputs: Any = image.smartcrop(width, height, attention_x=True, attention_y=True)
    attention = outputs[1]
    left = max(0, min(attention["attention_x"] - width // 2, image.width - width))
    top = max(0, min(attention["attention_y"] - height // 2, image.height - height))
    return picture.cropped(left, top, width, height)
