"""flatten: no transparency where none is wanted or none can be written."""

from __future__ import annotations

from mememime_proxy.formats import FORMATS
from mememime_proxy.imaging.color.working_space import GREY
from mememime_proxy.imaging.effects.sheets import on_background
from mememime_proxy.imaging.picture import Picture
from mememime_proxy.imaging.steps.colors import as_rgb

WHITE = (255, 255, 255)
_SIXTEEN_BITS = frozenset({"rgb16", "grey16"})


def flatten(picture: Picture) -> Picture:
    """Return the picture on the plan's background (white where it names none) if it has to be opaque.

    The colour of the plan is sRGB.
    """
    has_alpha = FORMATS[picture.format].alpha
    return flatten_on_background(picture) if has_alpha else _flattened(picture, has_alpha=False)


def flatten_on_background(picture: Picture) -> Picture:
    """Return the picture on the plan's background, if it names one; it may have transparent parts behind that."""
    return picture if picture.plan.background is None else _flattened(picture, has_alpha=True)


def _flattened(picture: Picture, *, has_alpha: bool) -> Picture:
    plan = picture.plan
    image = picture.image
    if not image.hasalpha():
        return picture
    color = picture.plan.background or WHITE
    if len(set(color)) > 1:
        picture = as_rgb(picture)
        image = picture.image
    samples = picture.working_space.color(color, sixteen=image.interpretation in _SIXTEEN_BITS)
    bands = 1 if image.interpretation in GREY else 3
    if has_alpha and not plan.is_opaque:
        top = 65535.0 if image.interpretation in _SIXTEEN_BITS else 255.0
        return picture.with_image(on_background(image, samples[:bands], plan.effects.background_alpha, top))
    return picture.with_image(image.flatten(background=samples[:bands]))
