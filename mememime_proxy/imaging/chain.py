"""The way from one pipeline of a plan to the next one, whose original is the result of the one before."""

from __future__ import annotations

from mememime_proxy.errors import LimitError
from mememime_proxy.geometry.geometry import Geometry, calculate, result_size
from mememime_proxy.imaging.detection.areas import with_objects
from mememime_proxy.imaging.picture import Picture, plan_areas
from mememime_proxy.plan import Plan

MAX_SIDE = 10_000_000
"""Longest side that libvips works with."""


def next_pipeline(picture: Picture, plan: Plan) -> Picture:
    """Return the result of a pipeline as what ``plan`` begins with: upright, in memory, and loaded once for all.

    Raises LimitError.
    """
    image = picture.image.copy_memory()
    geometry = calculate(image.width, image.height // picture.frames, 1, plan)
    check_sides(geometry, plan)
    picture = picture.with_changes(
        decoded=image,
        plan=plan,
        geometry=geometry,
        original=None,
        orientation=1,
        base_scale=1.0,
        areas=plan_areas(plan, 1),
        detections=(),
        objects=(),
    )
    return picture if picture.frames > 1 else with_objects(picture, image)


def check_sides(geometry: Geometry, plan: Plan) -> None:
    """Return if libvips can make the result of a pipeline. Raises LimitError."""
    if max(result_size(geometry, plan)) > MAX_SIDE:
        raise LimitError("the result would have a side of more than ten million pixels")
