"""crop_to_objects and crop before scaling, crop_to_result after it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mememime_proxy.detection.options import ClassWeights, CropObjects
from mememime_proxy.formats.output_plan import FULL_CROP
from mememime_proxy.geometry.boxes import Move, carried
from mememime_proxy.geometry.geometry import calculate, offset_in_copy
from mememime_proxy.geometry.gravity import before_rotation, position
from mememime_proxy.geometry.numbers import min_nonzero
from mememime_proxy.geometry.objects import crop_around, place_window, weighted
from mememime_proxy.imaging.detection.areas import classes_of, weights_of
from mememime_proxy.imaging.loading import first_geometry
from mememime_proxy.imaging.picture import Picture
from mememime_proxy.plan import Crop, Gravity, GravityType, ResizingType

_CENTER = Gravity()
_BY_CONTENT = frozenset({GravityType.SMART, GravityType.OBJECTS})
_WITH_RATIO = frozenset({ResizingType.FILL, ResizingType.FILL_DOWN})


def crop_to_objects(picture: Picture) -> Picture:
    """Return the picture with the plan's crop, and its geometry, around what was found; unchanged without the option.

    Where nothing was found there is no crop.
    """
    plan, geometry = picture.plan, picture.geometry
    option = plan.objects.crop
    if not option:
        return picture
    chosen = [each.box for each in picture.objects if each.is_among(option.classes)]
    upright = Move(angle=geometry.rotation.angle, horizontal=geometry.rotation.flip)
    turned = Move(angle=plan.rotate, horizontal=plan.flip_horizontal, vertical=plan.flip_vertical)
    seen = carried(carried(chosen, upright), turned)
    width, height = geometry.source_width, geometry.source_height
    area = Crop()
    if seen:
        ratio = plan.width / plan.height if plan.resizing_type in _WITH_RATIO and plan.width and plan.height else 0.0
        left, top, across, down = crop_around(seen, (width, height), option.scale, ratio)
        area = Crop(across, down, Gravity(GravityType.NORTH_WEST, left, top))
    plan = replace(plan, crop=area, crop_aspect_ratio=FULL_CROP, objects=replace(plan.objects, crop=CropObjects()))
    if geometry.sideways:
        width, height = height, width
    original = picture.original
    if original is not None and original.header.stack is not None:
        geometry = first_geometry(original, plan, original.header.width, original.header.height)
    else:
        is_vector = original is not None and original.vector
        geometry = calculate(width, height, picture.orientation, plan, vector=is_vector)
    return picture.with_changes(plan=plan, geometry=geometry)


def crop(picture: Picture) -> Picture:
    """Return the area of the plan's ``crop``, which is given for the rotated picture and cut from the stored one."""
    geometry = picture.geometry
    if not geometry.crop_width and not geometry.crop_height:
        return picture
    plan = picture.plan
    width, height, gravity = geometry.stored_crop(plan)
    classes = plan.objects.gravity if plan.crop.gravity is None else plan.objects.crop_gravity
    if not picture.objects:
        return _cut(picture, width, height, gravity, 1.0, classes)
    place = before_rotation(plan.objects_position, plan.rotate, flip_x=plan.flip_horizontal, flip_y=plan.flip_vertical)
    place = before_rotation(place, geometry.rotation.angle, flip_x=geometry.rotation.flip)
    # Offsets are pixels of the original, which may have been loaded smaller.
    across = geometry.source_height if geometry.sideways else geometry.source_width
    factor = across / picture.image.width
    place = replace(place, x=offset_in_copy(place.x, factor), y=offset_in_copy(place.y, factor))
    return _cut(picture, width, height, gravity, 1.0, classes, place)


def crop_to_result(picture: Picture) -> Picture:
    """Return the part of the scaled picture that is inside the plan's box."""
    geometry = picture.geometry
    plan, width, height = picture.plan, geometry.result_crop_width, geometry.result_crop_height
    return _cut(picture, width, height, plan.gravity, geometry.dpr, plan.objects.gravity, plan.objects_position)


def _cut(
    picture: Picture,
    width: int,
    height: int,
    gravity: Gravity,
    dpr: float,
    classes: ClassWeights,
    place: Gravity = _CENTER,
) -> Picture:
    """Return a window of the picture. ``classes``: of objects, which lie in it at ``place``."""
    if not width and not height:
        return picture
    image = picture.image
    outer_width, outer_height = image.width, image.height
    width = min_nonzero(width, outer_width)
    height = min_nonzero(height, outer_height)
    if width >= outer_width and height >= outer_height:
        return picture
    if gravity.type in _BY_CONTENT:
        config = picture.config.detection
        if picture.objects and (chosen := classes_of(gravity, classes, config)) is not None:
            outer = outer_width, outer_height
            objects = weighted(weights_of(picture.objects, chosen), outer, config.gravity_mode)
            if objects:
                left, top = place_window(objects, outer, (width, height), config.gravity_mode, place, dpr)
                return picture.cropped(left, top, width, height)
        if gravity.type is GravityType.SMART or config.fallback_to_smart_crop:
            return _smart(picture.with_image(image.copy_memory()), width, height)
        gravity = _CENTER
    left, top = position((outer_width, outer_height), (width, height), gravity, dpr)
    return picture.cropped(left, top, width, height)


def _smart(picture: Picture, width: int, height: int) -> Picture:
    """Return the part that draws the eye most, by libvips' attention strategy."""
    if picture.gain is None and not picture.has_boxes:
        return picture.with_image(picture.image.smartcrop(width, height))
    image = picture.image
    outputs: Any = image.smartcrop(width, height, attention_x=True, attention_y=True)
    attention = outputs[1]
    left = max(0, min(attention["attention_x"] - width // 2, image.width - width))
    top = max(0, min(attention["attention_y"] - height // 2, image.height - height))
    return picture.cropped(left, top, width, height)
