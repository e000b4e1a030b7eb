"""trim: cut away a border of one colour."""

from __future__ import annotations

import pyvips

from mememime_proxy.imaging.color.working_space import WorkingSpace
from mememime_proxy.imaging.picture import Picture
from mememime_proxy.imaging.steps.colors import to_processing
from mememime_proxy.plan import Trim

BEHIND_TRANSPARENCY = [255.0, 0.0, 255.0]
"""What transparent pixels count as: a colour that borders seldom have."""

_MEDIAN = 3
"""Side of the square of pixels whose median libvips compares with the border."""


def trim(picture: Picture) -> Picture:
    """Return the picture without its border; a picture of border only is unchanged.

    The geometry is computed again from the trimmed picture, as if it were the original.
    """
    option = picture.plan.trim
    if option is None:
        return picture
    picture = picture.loaded(picture.image)
    picture = to_processing(picture.with_image(picture.image.copy_memory()))
    left, top, width, height = _inside(picture.image, option, picture.working_space)
    if width > 0 and height > 0:
        picture = picture.cropped(left, top, width, height)
    return picture.with_geometry_of(picture.image.copy_memory()).with_changes(original=None)


def _inside(image: pyvips.Image, option: Trim, space: WorkingSpace) -> tuple[int, int, int, int]:
    """Left, top, width and height of what is inside the border."""
    image_srgb = image if image.interpretation == "srgb" else image.colourspace("srgb")
    if image_srgb.hasalpha():
        image_srgb = image_srgb.flatten(background=BEHIND_TRANSPARENCY)
    color = space.color(option.color, sixteen=False) if option.color else image_srgb.getpoint(0, 0)
    left, top, width, height = _content(image_srgb, threshold=max(0.0, option.threshold), background=color)
    if option.equal_hor:
        left, width = _equalised(left, width, image.width)
    if option.equal_ver:
        top, height = _equalised(top, height, image.height)
    return left, top, width, height


def _content(image: pyvips.Image, *, threshold: float, background: list[float]) -> tuple[int, int, int, int]:
    """Left, top, width and height of what differs from the background, specks aside; width 0 where nothing does."""
    line_art = min(image.width, image.height) < _MEDIAN
    if line_art:
        # libvips' median needs a picture no smaller than its window: the same one, with the edges repeated before it.
        framed = image.embed(1, 1, image.width + 2, image.height + 2, extend="copy")
        image = framed.median(_MEDIAN).crop(1, 1, image.width, image.height)
    return image.find_trim(threshold=threshold, background=background, line_art=line_art)


def _equalised(start: int, length: int, side: int) -> tuple[int, int]:
    """Start and length with the wider of the two borders made as narrow as the other."""
    border = min(start, side - start - length)
    return border, side - 2 * border
