"""scale to the wanted size, and fit_format to what a format can hold."""

from __future__ import annotations

import logging
import math

import pyvips

from mememime_proxy.formats import FORMATS
from mememime_proxy.formats.output_plan import ResizingAlgorithm
from mememime_proxy.imaging.picture import Picture
from mememime_proxy.imaging.steps.colors import to_linear

_log = logging.getLogger(__name__)

GIF_MAX_PIXELS = (2**31 - 1) // 4
"""The GIF encoder counts the bytes of four channels in 32 bits."""


def scale(picture: Picture) -> Picture:
    """Return the picture at its result's scale, in linear light if the operator wants that."""
    geometry = picture.geometry
    if geometry.width_scale == 1 and geometry.height_scale == 1:
        return picture
    horizontal, vertical = geometry.stored_scale()
    kernel = picture.plan.resizing_algorithm
    if not picture.config.use_linear_colorspace or (picture.keeps_hdr and picture.working_space.hdr is not None):
        return picture.transformed(lambda image: resized(image, horizontal, vertical, kernel))
    space = picture.image.interpretation
    picture = to_linear(picture).transformed(lambda image: resized(image, horizontal, vertical, kernel))
    return picture.with_image(picture.image.colourspace(space))


def resized(image: pyvips.Image, horizontal: float, vertical: float, kernel: ResizingAlgorithm) -> pyvips.Image:
    """Return the image scaled by two factors; colours of transparent pixels do not bleed into visible ones."""
    if not image.hasalpha() or kernel is ResizingAlgorithm.NEAREST:
        return image.resize(horizontal, vscale=vertical, kernel=kernel.value)
    kind = image.format
    image = image.premultiply().cast(kind).resize(horizontal, vscale=vertical, kernel=kernel.value)
    return image.unpremultiply().cast(kind)


def fit_format(picture: Picture) -> Picture:
    """Return the picture no larger than the output format can hold, its proportions kept."""
    longest = FORMATS[picture.format].max_side
    if not longest or picture.format == "jpeg":
        return picture
    image = picture.image
    width, height = image.width, image.height
    factor = min(1.0, longest / max(width, height))
    if picture.format == "gif":
        factor = min(factor, math.sqrt(GIF_MAX_PIXELS / (width * height)))
    if factor == 1:
        return picture
    _log.warning("result.scaled_down", extra={"format": picture.format, "width": width, "height": height})
    return picture.transformed(lambda layer: resized(layer, factor, factor, picture.plan.resizing_algorithm))
