"""unsharp_mask: make up for the softness of a reduction."""

from __future__ import annotations

import pyvips

from mememime_proxy.geometry.geometry import Geometry, calculate
from mememime_proxy.imaging.picture import Picture


def unsharp_mask(picture: Picture) -> Picture:
    """Return the picture sharpened by a mask of 3 × 3 pixels, if the plan or the operator wants that.

    Its weights are -w around the middle, which is d + 8w, by d: those of vipsthumbnail for w = 1 and d = 24.
    """
    plan, config = picture.plan, picture.config
    mode = plan.unsharp.mode or config.unsharp_masking_mode
    if mode == "none" or (mode == "auto" and (plan.sharpen or not _is_reduced(picture))):
        return picture
    weight = plan.unsharp.weight or config.unsharp_masking_weight
    divider = plan.unsharp.divider or config.unsharp_masking_divider
    return picture.with_image(_masked(picture.image, weight, divider))


def _is_reduced(picture: Picture) -> bool:
    """Whether the picture is smaller than its original, by the decoder or after it."""
    geometry, original = picture.geometry, picture.original
    if original is not None and not original.vector:
        header = original.header
        whole = calculate(*header.nominal_size, picture.orientation, picture.plan)
        return _shrinks(whole)
    return _shrinks(geometry)


def _shrinks(geometry: Geometry) -> bool:
    return geometry.width_scale < 1 or geometry.height_scale < 1


def _masked(image: pyvips.Image, weight: float, divider: float) -> pyvips.Image:
    around = [-weight] * 3
    mask = pyvips.Image.new_from_array([around, [-weight, divider + 8 * weight, -weight], around], scale=divider)
    colors = image.extract_band(0, n=image.bands - 1) if image.hasalpha() else image
    sharpened = colors.conv(mask, precision="float").rint().cast(image.format)
    return sharpened.bandjoin(image.extract_band(image.bands - 1)) if image.hasalpha() else sharpened
