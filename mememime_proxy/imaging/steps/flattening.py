"""flatten: no transparency where none is wanted or none can be written."""

from __future__ import annotations

from mememime_proxy.formats import FORMATS
from mememime_proxy.imaging.color.working_space import GREY
from mememime_proxy.imaging.picture import Picture
from mememime_proxy.imaging.steps.colors import as_rgb

WHITE = (255, 255, 255)
_SIXTEEN_BITS = frozenset({"rgb16", "grey16"})


def flatten(picture: Picture) -> Picture:
    """Return the picture on the plan's background (white where it names none) if it has to be opaque.

    The colour of the plan is sRGB.
    """
    plan = picture.plan
    if plan.background is None and FORMATS[picture.format].alpha:
        return picture
    image = picture.image
    if not image.hasalpha():
        return picture
    color = plan.background or WHITE
    if len(set(color)) > 1:
        picture = as_rgb(picture)
        image = picture.image
    samples = picture.working_space.color(color, sixteen=image.interpretation in _SIXTEEN_BITS)
    bands = 1 if image.interpretation in GREY else 3
    return picture.with_image(image.flatten(background=samples[:bands]))
