"""extend, extend_aspect_ratio and pad: a larger canvas, transparent around the picture. fill_canvas: what is there."""

from __future__ import annotations

from mememime_proxy.geometry.gravity import position
from mememime_proxy.imaging.effects.outlines import backdrop
from mememime_proxy.imaging.picture import Picture
from mememime_proxy.plan import Gravity


def extend(picture: Picture) -> Picture:
    """Return the picture on a canvas of the plan's box."""
    option, geometry = picture.plan.extend, picture.geometry
    if not option.enabled:
        return picture
    return _on_canvas(picture, geometry.target_width, geometry.target_height, option.gravity)


def extend_aspect_ratio(picture: Picture) -> Picture:
    """Return the picture on the smallest canvas that has the aspect ratio of the plan's box."""
    option, geometry = picture.plan.extend_aspect_ratio, picture.geometry
    if not option.enabled or not geometry.extended_width or not geometry.extended_height:
        return picture
    return _on_canvas(picture, geometry.extended_width, geometry.extended_height, option.gravity)


def pad(picture: Picture) -> Picture:
    """Return the picture with the plan's paddings around it."""
    if not picture.plan.padding:
        return picture
    padding = picture.geometry.padding(picture.plan.padding)
    image = picture.image
    # Gaps of a repeated watermark may be negative, and larger than it: one pixel of it stays.
    left, top = max(padding.left, 1 - image.width), max(padding.top, 1 - image.height)
    width, height = max(1, image.width + left + padding.right), max(1, image.height + top + padding.bottom)
    return _embedded(picture, left, top, width, height)


def fill_canvas(picture: Picture) -> Picture:
    """Return the picture on its own blur, where the plan wants that and the canvas is larger than the picture was."""
    option, inner = picture.plan.shape, picture.backdrop
    if inner is None:
        return picture
    image = picture.image
    picture = picture.with_changes(backdrop=None)
    if not image.hasalpha():
        return picture
    around = backdrop(inner, image.width, image.height, option.background_blur, option.background_brightness)
    return picture.with_image(around.composite2(image, "over", compositing_space="srgb")[0:3].cast("uchar"))


def _on_canvas(picture: Picture, width: int, height: int, gravity: Gravity) -> Picture:
    image = picture.image
    inner_width, inner_height = image.width, image.height
    if width <= inner_width and height <= inner_height:
        return picture
    width = width or inner_width
    height = height or inner_height
    left, top = position((width, height), (inner_width, inner_height), gravity, picture.geometry.dpr)
    return _embedded(picture, left, top, width, height)


def _embedded(picture: Picture, left: int, top: int, width: int, height: int) -> Picture:
    image = picture.image
    if not image.hasalpha():
        image = image.addalpha()
    gain = picture.gain and picture.gain.embedded(left, top, width, height)
    return picture.with_changes(decoded=image.embed(left, top, width, height), gain=gain)


CANVAS_STEPS = (extend, extend_aspect_ratio, pad, fill_canvas)
"""In their order."""
