"""apply_filters: colours, blur, sharpen, pixelate, areas, sheets, in this order. shape: corners, mask, rotation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import pyvips

from mememime_proxy.formats.effects_plan import NO_SHAPE, ProgressiveBlur
from mememime_proxy.geometry.boxes import Box
from mememime_proxy.imaging.effects.frames import framed
from mememime_proxy.imaging.effects.marks import rotated
from mememime_proxy.imaging.effects.outlines import corner_mask, lightness_mask, masked, radii
from mememime_proxy.imaging.effects.recoloring import changes_colors, recolored
from mememime_proxy.imaging.effects.sheets import colorized, graded, progressively_blurred
from mememime_proxy.imaging.picture import Picture
from mememime_proxy.imaging.steps.colors import as_rgb, as_srgb
from mememime_proxy.imaging.steps.watermark import render_mark
from mememime_proxy.plan import Plan, ResizingType

MAX_BLUR = 1000.0
"""Blurring more shows no difference and its mask would be larger than libvips makes them."""
EXACT_BLUR = 32.0
"""Below it a blur is computed pixel by pixel; its time grows with it. A stronger one is that of a smaller copy."""
MAX_SHARPEN = 10.0
"""libvips' own limit of the radius."""


def apply_filters(picture: Picture) -> Picture:
    """Return the picture in 8 bits of colour, HDR in its own, with the plan's filters applied.

    Unchanged if it has none. Effects are of sRGB: with them a picture has no profile of its own and no gain map.
    """
    plan = picture.plan
    if plan.effects.is_filter or plan.objects.draw:
        return _with_effects(as_srgb(picture))
    blur, sharpen = min(plan.blur, MAX_BLUR), min(plan.sharpen, MAX_SHARPEN)
    if not (blur or sharpen or plan.pixelate > 1):
        return picture
    image = picture.image.copy_memory()
    if image.interpretation != "srgb":
        picture = as_rgb(picture.with_image(image))
        image = picture.image
        if image.interpretation != "srgb" and picture.working_space.hdr is None:
            image = image.colourspace("srgb")
    image = _filtered(image, blur, sharpen, plan.pixelate).copy_memory()
    gain = picture.gain and picture.gain.transformed(lambda layer: _filtered(layer, blur, 0.0, plan.pixelate))
    return picture.with_changes(decoded=image, gain=gain)


def shape(picture: Picture) -> Picture:
    """Return the picture with the plan's corners and mask, rotated by the plan's free angle; unchanged without them."""
    option = picture.plan.shape
    if option == NO_SHAPE:
        return picture
    picture = as_srgb(picture)
    image = picture.image.copy_memory()
    if option.background_blur:
        picture = picture.with_changes(backdrop=image)
    if option.corners:
        sides = radii(option.corners, image.width, image.height, picture.geometry.dpr)
        image = masked(image, corner_mask(image.width, image.height, sides))
    if option.mask:
        plan = Plan(resizing_type=ResizingType.FORCE, width=image.width, height=image.height, enlarge=True)
        image = masked(image, lightness_mask(render_mark(picture, picture.marks[option.mask], plan)))
    if option.angle:
        image = rotated(image if image.hasalpha() or not option.angle % 90 else image.addalpha(), option.angle)
    return picture.with_image(image.copy_memory())


def _with_effects(picture: Picture) -> Picture:
    plan, effects = picture.plan, picture.plan.effects
    image = picture.image.copy_memory()
    if changes_colors(effects):
        image = recolored(image, effects)
    if plan.blur or plan.sharpen or plan.pixelate > 1:
        image = _filtered(image, min(plan.blur, MAX_BLUR), min(plan.sharpen, MAX_SHARPEN), plan.pixelate)
    if picture.areas:
        image = _blurred_areas(image.copy_memory(), picture.areas, effects.blur_areas.sigma)
    if effects.progressive_blur:
        image = _progressively_blurred(image.copy_memory(), effects.progressive_blur)
    if picture.detections:
        image = _blurred_areas(image.copy_memory(), picture.detections, effects.blur_detections.sigma)
    if plan.objects.draw:
        image = framed(
            image.copy_memory(), [each for each in picture.objects if each.is_among(plan.objects.draw.classes)]
        )
    if effects.colorize:
        image = colorized(image, effects.colorize)
    if effects.gradient:
        image = graded(image, effects.gradient)
    return picture.with_image(image.copy_memory())


def _blurred_areas(image: pyvips.Image, areas: Sequence[Box], sigma: float) -> pyvips.Image:
    """Return the image, which is in memory, with a blur of each area; where two meet the later one is seen."""
    sigma = min(sigma, MAX_BLUR)
    has_alpha = image.hasalpha()
    base = image.premultiply().cast("uchar").copy_memory() if has_alpha else image
    out, margin = image, math.ceil(3 * sigma)
    for area in areas:
        left, top, width, height = area.pixels(image.width, image.height)
        from_left, from_top = max(0, left - margin), max(0, top - margin)
        to_right, to_bottom = min(image.width, left + width + margin), min(image.height, top + height + margin)
        around = base.crop(from_left, from_top, to_right - from_left, to_bottom - from_top)
        part = blurred(around, sigma).crop(left - from_left, top - from_top, width, height)
        out = out.insert(part.unpremultiply().cast("uchar") if has_alpha else part, left, top)
    return out


def _progressively_blurred(image: pyvips.Image, option: ProgressiveBlur) -> pyvips.Image:
    option = replace(option, sigma=min(option.sigma, MAX_BLUR))
    if not image.hasalpha():
        return progressively_blurred(image, option, blurred)
    image = image.premultiply().cast("uchar").copy_memory()
    return progressively_blurred(image, option, blurred).unpremultiply().cast("uchar")


def _filtered(image: pyvips.Image, blur: float, sharpen: float, pixels: int) -> pyvips.Image:
    kind = image.format
    premultiplied = bool(blur or sharpen) and image.hasalpha()
    if premultiplied:
        image = image.premultiply().cast(kind)
    if blur:
        image = blurred(image, blur)
    if sharpen:
        image = image.sharpen(sigma=sharpen)
    if pixels > 1:
        image = _pixelated(image, pixels)
    if premultiplied:
        image = image.unpremultiply()
    return image.cast(kind)


def blurred(image: pyvips.Image, sigma: float) -> pyvips.Image:
    """Return the image under a Gaussian blur.

    Of ``EXACT_BLUR`` and more it is computed on a copy in which whole blocks are one pixel, at no less than half of
    that blur: samples differ by about 1 in 255, by 8 at most, and the time does not grow any more.
    """
    if sigma < EXACT_BLUR:
        return image.gaussblur(sigma)
    factor = int(sigma / (EXACT_BLUR / 2))
    small = image.shrink(factor, factor, ceil=True).gaussblur(sigma / factor)
    return small.resize(factor, kernel="linear").crop(0, 0, image.width, image.height)


def _pixelated(image: pyvips.Image, pixels: int) -> pyvips.Image:
    """Squares of ``pixels`` a side, each in its average colour; the last ones as if the picture were mirrored on."""
    width, height = image.width, image.height
    pixels = min(pixels, max(width, height))
    if pixels <= 1:
        return image
    whole_width = math.ceil(width / pixels) * pixels
    whole_height = math.ceil(height / pixels) * pixels
    padded = image.embed(0, 0, whole_width, whole_height, extend="mirror")
    return padded.shrink(pixels, pixels).zoom(pixels, pixels).crop(0, 0, width, height)
