"""flatten: no transparency where none is wanted or none can be written."""

from __future__ import annotations

from mememime_proxy.formats import FORMATS
from mememime_proxy.imaging.picture import Picture

WHITE = (255, 255, 255)
_GREY = frozenset({"b-w", "grey16"})
_SIXTEEN_BITS = {"rgb16": "rgb16", "grey16": "rgb16"}


def flatten(picture: Picture) -> Picture:
    """Return the picture on the plan's background (white where it names none) if it has to be opaque."""
    plan = picture.plan
    if plan.background is None and FORMATS[picture.format].alpha:
        return picture
    image = picture.image
    if not image.hasalpha():
        return picture
    red, green, blue = plan.background or WHITE
    space = image.interpretation
    colored = red != green or green != blue
    if space in _GREY and colored:
        image = image.colourspace(_SIXTEEN_BITS.get(space, "srgb"))
    factor = 257 if space in _SIXTEEN_BITS else 1
    color = (red,) if space in _GREY and not colored else (red, green, blue)
    return picture.with_image(image.flatten(background=[float(band * factor) for band in color]))
