"""rotate_and_flip: upright as EXIF says, then as the plan says."""

from __future__ import annotations

import pyvips

from mememime_proxy.imaging.picture import ORIENTATION_FIELD, Picture


def rotate_and_flip(picture: Picture) -> Picture:
    """The picture turned. Its metadata no longer claims an orientation then."""
    plan, turn = picture.plan, picture.geometry.turn
    if not (turn.angle or turn.flip or plan.rotate or plan.flip_horizontal or plan.flip_vertical):
        return picture
    picture = picture.showing(picture.image.copy_memory())
    picture = picture.moved(
        lambda image: _mirrored(
            _rotated(_mirrored(_rotated(image, turn.angle), horizontal=turn.flip), plan.rotate),
            horizontal=plan.flip_horizontal,
            vertical=plan.flip_vertical,
        )
    )
    if not picture.image.get_typeof(ORIENTATION_FIELD):
        return picture
    image = picture.image.copy()
    image.remove(ORIENTATION_FIELD)
    return picture.showing(image)


def _rotated(image: pyvips.Image, angle: int) -> pyvips.Image:
    return image.rot(f"d{angle}") if angle else image


def _mirrored(image: pyvips.Image, *, horizontal: bool = False, vertical: bool = False) -> pyvips.Image:
    if horizontal:
        image = image.flip("horizontal")
    return image.flip("vertical") if vertical else image
