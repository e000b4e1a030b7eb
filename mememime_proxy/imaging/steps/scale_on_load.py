"""scale_on_load: let the decoder do as much of the reduction as it can for free."""

from __future__ import annotations

from dataclasses import replace

import pyvips

from mememime_proxy.formats.output_plan import ResizingAlgorithm
from mememime_proxy.geometry.geometry import Rotation
from mememime_proxy.geometry.load_shrink import load_shrink
from mememime_proxy.imaging.detection.areas import with_objects
from mememime_proxy.imaging.picture import Picture, orientation, plan_areas, thumbnail


def scale_on_load(picture: Picture) -> Picture:
    """Return the decoded picture: smaller where its decoder can, and then with the geometry of the smaller one."""
    original = picture.original
    if original is None:
        return picture
    reduction = picture.geometry.preshrink()
    if original.vector:
        original.check_cost(picture.base_scale / reduction)
        has_pixels = reduction == 1 and picture.decoded is not None
        return picture if has_pixels else _smaller(picture, original.load(scale=picture.base_scale / reduction))
    shrink = load_shrink(original.format, picture.geometry, picture.plan, picture.config)
    if shrink > 1:
        return _smaller(picture, original.load(shrink=shrink, gain_map=picture.keeps_gain_map))
    is_exact = picture.plan.resizing_algorithm is ResizingAlgorithm.NEAREST
    if reduction > 1 and not (picture.config.disable_shrink_on_load or is_exact):
        small = thumbnail(original)
        if small is not None:
            return _thumbnail(picture, small, reduction)
    return _at_full_size(picture)


def _at_full_size(picture: Picture) -> Picture:
    """Return the picture at its full size.

    The decoder's size counts where the header has another one.
    """
    image = picture.image
    header = picture.original.header if picture.original else None
    if header is not None and (image.width, image.height) != (header.width, header.height):
        picture = picture.with_geometry_of(image)
    return picture.loaded(image)


def _smaller(picture: Picture, image: pyvips.Image) -> Picture:
    return picture.loaded(image, picture.geometry.loaded_at(image.width, image.height))


def _thumbnail(picture: Picture, small: pyvips.Image, shrink: float) -> Picture:
    """Return the embedded thumbnail instead, if it is smaller than the picture and not smaller than the result."""
    geometry = picture.geometry
    rotation = Rotation.from_orientation(orientation(small)) if picture.plan.auto_rotate else Rotation()
    geometry = replace(geometry, rotation=rotation, sideways=(rotation.angle + picture.plan.rotate) % 180 != 0)
    width, height = small.width, small.height
    seen_width = height if geometry.sideways else width
    if seen_width >= geometry.source_width or seen_width / geometry.source_width < 1 / shrink:
        return _at_full_size(picture)
    stored_orientation = orientation(small)
    if picture.original is not None and stored_orientation != picture.orientation:
        searched = with_objects(picture.with_changes(orientation=stored_orientation), picture.original)
        picture = searched.with_changes(orientation=picture.orientation)
    picture = picture.with_changes(areas=plan_areas(picture.plan, stored_orientation))
    return picture.loaded(small, geometry.loaded_at(width, height))
