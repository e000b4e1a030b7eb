"""rotate_and_flip: by the EXIF orientation, then by the plan."""

from __future__ import annotations

from mememime_proxy.geometry.boxes import Move
from mememime_proxy.imaging.orientation import mirror, rotate, rotate_upright
from mememime_proxy.imaging.picture import ORIENTATION_FIELD, Picture


def rotate_and_flip(picture: Picture) -> Picture:
    """Return the picture rotated and flipped; its metadata no longer claims an orientation then."""
    plan, rotation = picture.plan, picture.geometry.rotation
    if not (rotation.angle or rotation.flip or plan.rotate or plan.flip_horizontal or plan.flip_vertical):
        return picture
    picture = picture.with_image(picture.image.copy_memory())
    picture = picture.transformed(
        lambda image: mirror(
            rotate(rotate_upright(image, rotation), plan.rotate),
            horizontal=plan.flip_horizontal,
            vertical=plan.flip_vertical,
        )
    )
    turned = Move(angle=plan.rotate, horizontal=plan.flip_horizontal, vertical=plan.flip_vertical)
    picture = picture.with_boxes_moved(Move(angle=rotation.angle, horizontal=rotation.flip)).with_boxes_moved(turned)
    if not picture.image.get_typeof(ORIENTATION_FIELD):
        return picture
    image = picture.image.copy()
    image.remove(ORIENTATION_FIELD)
    return picture.with_image(image)
