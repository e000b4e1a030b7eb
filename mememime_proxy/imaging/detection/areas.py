"""What a plan wants to have blurred of what is found in a picture."""

from __future__ import annotations

import pyvips

from mememime_proxy.geometry.boxes import WHOLE, Box, stored
from mememime_proxy.geometry.geometry import Rotation
from mememime_proxy.imaging.codecs.load import OriginalImage
from mememime_proxy.imaging.detection.faces import SIDE, Detection, find_faces
from mememime_proxy.imaging.orientation import rotate_upright
from mememime_proxy.imaging.picture import single_frame
from mememime_proxy.plan import Plan, RenderConfig

_MARGIN = 0.1
"""Share of its sides by which a box grows at each edge: a face's edge must not stay."""


def find_in_original(original: OriginalImage, config: RenderConfig, page: int = 0) -> tuple[Detection, ...]:
    """Return what is found in a frame of an original, the first one by default, as it stands upright.

    Raises MissingDetectorError, and as ``load``.
    """
    image = single_frame(original.load(page=page) if page else original.small(SIDE)).copy_memory()
    upright = rotate_upright(image, Rotation.from_orientation(original.header.orientation))
    return find_faces(upright, config.object_detection_confidence_threshold)


def searchable(image: pyvips.Image, plan: Plan) -> pyvips.Image:
    """Return an image whose pixels can be read again after a search, if the plan has one."""
    return image.copy_memory() if plan.effects.blur_detections else image


def found_in(
    image: pyvips.Image | OriginalImage, orientation: int, plan: Plan, config: RenderConfig
) -> tuple[Box, ...]:
    """Return the boxes that the plan wants to have blurred, in the picture as it is stored; none where it wants none.

    ``image``: an original, or pixels in memory that are stored with an EXIF ``orientation``.
    """
    option = plan.effects.blur_detections
    if not option:
        return ()
    rotation = Rotation.from_orientation(orientation)
    if isinstance(image, OriginalImage):
        found = find_in_original(image, config)
    else:
        found = find_faces(rotate_upright(image, rotation), config.object_detection_confidence_threshold)
    boxes = [_grown(each.box) for each in found if not option.classes or each.class_name in option.classes]
    return stored(boxes, rotation)


def _grown(box: Box) -> Box:
    across, down = _MARGIN * (box.right - box.left), _MARGIN * (box.bottom - box.top)
    left, top = max(WHOLE.left, box.left - across), max(WHOLE.top, box.top - down)
    return Box(left, top, min(WHOLE.right, box.right + across), min(WHOLE.bottom, box.bottom + down))
