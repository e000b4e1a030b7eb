"""What is looked for in a picture, and which of it a plan wants to have blurred."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import Final

import pyvips

from mememime_proxy.detection.config import DetectionConfig
from mememime_proxy.detection.options import ALL, NO_OBJECTS, ClassWeights
from mememime_proxy.formats.effects_plan import NO_EFFECTS
from mememime_proxy.geometry.boxes import WHOLE, Box, Move
from mememime_proxy.geometry.detections import Detection, carried_objects
from mememime_proxy.geometry.geometry import Rotation
from mememime_proxy.imaging.codecs.load import OriginalImage
from mememime_proxy.imaging.detection.detector import detector_of, missing_extra
from mememime_proxy.imaging.detection.faces import SIDE
from mememime_proxy.imaging.orientation import rotate_upright
from mememime_proxy.imaging.picture import Picture, single_frame
from mememime_proxy.plan import Gravity, GravityType, Plan, RenderConfig

_MARGIN: Final = 0.1
"""Share of its sides by which a box grows at each edge: a face's edge must not stay."""
_FACE: Final[ClassWeights] = (("face", 1.0),)
_BY_OBJECTS: Final = (GravityType.OBJECTS,)
_BY_FACES: Final = (GravityType.OBJECTS, GravityType.SMART)
_MOST_RESULTS: Final = 256
_results: OrderedDict[tuple[bytes, int, DetectionConfig], tuple[Detection, ...]] = OrderedDict()
"""What was found in originals last, by digest, frame and detector: a picture is often asked for in several sizes."""


def find_in_original(
    original: OriginalImage, config: RenderConfig, page: int = 0, *, option: str = "detect_objects"
) -> tuple[Detection, ...]:
    """Return what is found in a frame of an original, the first one by default, as it stands upright.

    ``option``: that which needs it. Raises MissingDetectorError, and as ``load``.
    """
    detector = detector_of(config.detection, option)
    digest = hashlib.blake2b(memoryview(original.data), digest_size=16).digest()
    key = digest, page, config.detection
    if key in _results:
        _results.move_to_end(key)
        return _results[key]
    found = _results[key] = detector.find(upright_frame(original, page))
    if len(_results) > _MOST_RESULTS:
        _results.popitem(last=False)
    return found


def upright_frame(original: OriginalImage, page: int = 0) -> pyvips.Image:
    """Return a frame of an original as it stands upright, the first one smaller where its decoder can do that.

    Raises as ``load``.
    """
    image = single_frame(original.load(page=page) if page else original.small(SIDE)).copy_memory()
    return rotate_upright(image, Rotation.from_orientation(original.header.orientation))


def classes_of(gravity: Gravity, classes: ClassWeights, config: DetectionConfig) -> ClassWeights | None:
    """Return the classes that a gravity goes by, with their weights; None where it goes by no objects.

    ``classes``: those that its option names.
    """
    if gravity.type is GravityType.OBJECTS:
        return classes
    return _FACE if gravity.type is GravityType.SMART and config.smart_crop_faces else None


def option_in_need(plan: Plan) -> str:
    """Return an option of the plan that is not obeyed without a detector; '' where there is none."""
    if plan.effects.blur_detections:
        return "blur_detections"
    if plan.objects.draw:
        return "draw_detections"
    return "crop_objects" if plan.objects.crop else ""


def wants_objects(plan: Plan, config: RenderConfig) -> bool:
    """Whether objects are looked for: an option needs them, or prefers them and there is a detector."""
    if (plan.objects is not NO_OBJECTS or plan.effects is not NO_EFFECTS) and option_in_need(plan):
        return True
    kinds = _BY_FACES if config.detection.smart_crop_faces else _BY_OBJECTS
    crop = plan.crop.gravity
    is_by_objects = plan.gravity.type in kinds or (crop is not None and crop.type in kinds)
    return is_by_objects and not missing_extra(config.detection)


def searchable(image: pyvips.Image, plan: Plan, config: RenderConfig) -> pyvips.Image:
    """Return an image whose pixels can be read again after a search, if the plan has one."""
    return image.copy_memory() if wants_objects(plan, config) else image


def found_in(
    image: pyvips.Image | OriginalImage, orientation: int, plan: Plan, config: RenderConfig
) -> tuple[Detection, ...]:
    """Return the objects in the picture as it is stored; none where the plan wants none.

    ``image``: an original, or pixels in memory that are stored with an EXIF ``orientation``. Raises
    MissingDetectorError.
    """
    if not wants_objects(plan, config):
        return ()
    rotation, option = Rotation.from_orientation(orientation), option_in_need(plan)
    if isinstance(image, OriginalImage):
        found = find_in_original(image, config, option=option)
    else:
        found = detector_of(config.detection, option).find(rotate_upright(image, rotation))
    return carried_objects(carried_objects(found, Move(horizontal=rotation.flip)), Move(angle=-rotation.angle % 360))


def with_objects(picture: Picture, image: pyvips.Image | OriginalImage) -> Picture:
    """Return the picture with the objects of an image, see ``found_in``, and those that its plan has blurred."""
    found = found_in(image, picture.orientation, picture.plan, picture.config)
    if not (found or picture.objects):
        return picture
    option = picture.plan.effects.blur_detections
    blurred = tuple(_grown(each.box) for each in found if option and each.is_among(option.classes))
    return picture.with_changes(objects=found, detections=blurred)


def weights_of(found: tuple[Detection, ...], classes: ClassWeights) -> list[tuple[Box, float]]:
    """Return boxes, each with its weight by its class and its certainty; those of other classes are left out."""
    weights = dict(classes)
    boxes = []
    for each in found:
        weight = weights.get(each.class_name, weights.get(ALL)) if weights else 0.0
        if weight is not None:
            boxes.append((each.box, (weight or each.weight) * each.confidence))
    return boxes


def _grown(box: Box) -> Box:
    across, down = _MARGIN * (box.right - box.left), _MARGIN * (box.bottom - box.top)
    left, top = max(WHOLE.left, box.left - across), max(WHOLE.top, box.top - down)
    return Box(left, top, min(WHOLE.right, box.right + across), min(WHOLE.bottom, box.bottom + down))
