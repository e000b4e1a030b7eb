"""Every size of a render, computed once from the size of the original and the plan.

Pure arithmetic, no libvips. All sizes are in pixels of the picture as it will be seen, after EXIF orientation and the
plan's rotation, unless a name says otherwise. The formulas and their rounding are imgproxy 4's, so that the same URL
gives the same pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import ceil, cos, radians, sin

from mememime_proxy.geometry.gravity import before_rotation
from mememime_proxy.geometry.numbers import min_nonzero, round_half_away, round_half_even, scale, scale_even, shrink
from mememime_proxy.plan import Gravity, GravityType, Padding, Plan, ResizingType

SMALLEST_FACTOR, LARGEST_FACTOR = 1e-9, 1e9
"""Zoom and device pixel ratio are brought between these, so that no scale is zero, infinite or undefined."""

_ANGLES = {3: 180, 4: 180, 5: 90, 6: 90, 7: 270, 8: 270}
_MIRRORED = frozenset({2, 4, 5, 7})


@dataclass(frozen=True, slots=True)
class Rotation:
    """The way from a stored to an upright picture: clockwise by ``angle``, then left and right swapped if ``flip``."""

    angle: int = 0
    flip: bool = False

    @classmethod
    def from_orientation(cls, orientation: int) -> Rotation:
        """Return the rotation for an EXIF orientation (1–8, anything else is upright)."""
        return cls(_ANGLES.get(orientation, 0), orientation in _MIRRORED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Geometry:
    """The sizes of one render; see ``calculate``."""

    source_width: int
    source_height: int
    rotation: Rotation
    sideways: bool
    """Width and height of the stored picture are exchanged in the seen one."""
    crop_width: int
    """Width of the area cut before scaling; 0 = the whole width."""
    crop_height: int
    crop_gravity: Gravity
    width_scale: float
    height_scale: float
    dpr: float
    """The device pixel ratio that could be reached; it scales paddings and absolute offsets."""
    target_width: int = 0
    """The box that was asked for, in result pixels; 0 = not given."""
    target_height: int = 0
    scaled_width: int = 0
    """The cropped picture after scaling."""
    scaled_height: int = 0
    result_crop_width: int = 0
    """Size of the crop of the scaled picture; 0 = the full width."""
    result_crop_height: int = 0
    extended_width: int = 0
    """Canvas that has the aspect ratio of the box; 0 = no such canvas is needed."""
    extended_height: int = 0

    @property
    def upright(self) -> bool:
        """Whether the EXIF orientation asks for no rotation and no mirroring."""
        return self.rotation.angle == 0 and not self.rotation.flip

    def stored_scale(self) -> tuple[float, float]:
        """Return the horizontal and vertical scale of the stored picture, before rotation."""
        return (self.height_scale, self.width_scale) if self.sideways else (self.width_scale, self.height_scale)

    def stored_crop(self, plan: Plan) -> tuple[int, int, Gravity]:
        """Return width, height and gravity of the crop in the stored picture, before rotation."""
        gravity = before_rotation(
            self.crop_gravity, plan.rotate, flip_x=plan.flip_horizontal, flip_y=plan.flip_vertical
        )
        gravity = before_rotation(gravity, self.rotation.angle, flip_x=self.rotation.flip)
        if self.sideways:
            return self.crop_height, self.crop_width, gravity
        return self.crop_width, self.crop_height, gravity

    def padding(self, padding: Padding) -> Padding:
        """Return the padding in result pixels."""
        return Padding(
            top=scale_even(padding.top, self.dpr),
            right=scale_even(padding.right, self.dpr),
            bottom=scale_even(padding.bottom, self.dpr),
            left=scale_even(padding.left, self.dpr),
        )

    def preshrink(self) -> float:
        """How many times smaller the picture may be loaded: the lesser of the two sides' reductions."""
        return min(
            self.source_width / max(1, scale(self.source_width, self.width_scale)),
            self.source_height / max(1, scale(self.source_height, self.height_scale)),
        )

    def loaded_at(self, width: int, height: int) -> Geometry:
        """Return the geometry for the same result out of a copy of the original that was loaded at another size.

        ``width``, ``height``: of the stored copy. A scale that no longer changes anything becomes exactly 1.
        """
        if self.sideways:
            width, height = height, width
        by_x = self.source_width / width
        by_y = self.source_height / height
        gravity = self.crop_gravity
        if gravity.type is not GravityType.FOCUS_POINT:
            gravity = Gravity(gravity.type, offset_in_copy(gravity.x, by_x), offset_in_copy(gravity.y, by_y))
        width_scale = by_x * self.width_scale
        height_scale = by_y * self.height_scale
        return replace(
            self,
            width_scale=1.0 if scale(width, width_scale) == width else width_scale,
            height_scale=1.0 if scale(height, height_scale) == height else height_scale,
            crop_width=max(1, shrink(self.crop_width, by_x)) if self.crop_width else 0,
            crop_height=max(1, shrink(self.crop_height, by_y)) if self.crop_height else 0,
            crop_gravity=gravity,
        )


def offset_in_copy(offset: float, by: float) -> float:
    """Return an offset in a copy ``by`` times smaller: whole, so that it cannot become a relative one, which stays."""
    return float(round_half_even(offset / by)) if abs(offset) >= 1 else offset


def calculate(width: int, height: int, orientation: int, plan: Plan, *, vector: bool = False) -> Geometry:
    """All sizes for a stored picture of ``width`` × ``height`` with an EXIF orientation.

    No size of the result but the not given ones is zero, and no side of it is longer than the plan's
    ``max_result_dimension``.
    """
    rotation = Rotation.from_orientation(orientation) if plan.auto_rotate else Rotation()
    sideways = (rotation.angle + plan.rotate) % 180 != 0
    if sideways:
        width, height = height, width
    crop_width, crop_height = _crop_size(width, height, plan)
    inner_width = min_nonzero(crop_width, width)
    inner_height = min_nonzero(crop_height, height)
    width_scale, height_scale, dpr = _scales(inner_width, inner_height, plan, vector=vector)
    geometry = Geometry(
        source_width=width,
        source_height=height,
        rotation=rotation,
        sideways=sideways,
        crop_width=crop_width,
        crop_height=crop_height,
        crop_gravity=plan.crop.gravity or plan.gravity,
        width_scale=width_scale,
        height_scale=height_scale,
        dpr=dpr,
    )
    return _limited(_sized(geometry, inner_width, inner_height, plan), inner_width, inner_height, plan)


def _crop_size(width: int, height: int, plan: Plan) -> tuple[int, int]:
    """Return the sides of the crop in front of scaling, brought to its aspect ratio; 0 = the full side."""
    crop_width, crop_height = _crop_side(width, plan.crop.width), _crop_side(height, plan.crop.height)
    ratio = plan.crop_aspect_ratio.ratio
    if not ratio:
        return crop_width, crop_height
    across, down = float(min_nonzero(crop_width, width)), float(min_nonzero(crop_height, height))
    if (across / down > ratio) is plan.crop_aspect_ratio.enlarge:
        down = across / ratio
    else:
        across = down * ratio
    factor = min(1.0, width / across, height / down)
    return max(1, round_half_away(across * factor)), max(1, round_half_away(down * factor))


def _crop_side(side: int, crop: float) -> int:
    """Return a crop's side in pixels: below 1 it is relative, from 1 on cut off to a whole number."""
    if crop == 0:
        return 0
    if crop >= 1:
        return int(min(crop, side))
    return max(1, scale(side, crop))


def _shrinks(width: int, height: int, plan: Plan) -> tuple[float, float]:
    """How many times smaller each side has to be, by resizing type alone."""
    box_width = plan.width or width
    box_height = plan.height or height
    by_x = width / box_width
    by_y = height / box_height
    kind = plan.resizing_type
    if kind is ResizingType.FORCE or (box_width == width and box_height == height):
        return by_x, by_y
    if kind is ResizingType.AUTO:
        same_shape = (width >= height) == (box_width >= box_height)
        kind = ResizingType.FILL if same_shape else ResizingType.FIT
    if plan.width == 0:
        return by_y, by_y
    if plan.height == 0:
        return by_x, by_x
    scale = max(by_x, by_y) if kind is ResizingType.FIT else min(by_x, by_y)
    return scale, scale


def _scales(width: int, height: int, plan: Plan, *, vector: bool) -> tuple[float, float, float]:
    """Scale of each side and the device pixel ratio that goes with them."""
    by_x, by_y = _shrinks(width, height, plan)
    by_x /= _factor(plan.zoom_x)
    by_y /= _factor(plan.zoom_y)
    dpr = _factor(plan.dpr)
    if not plan.enlarge and not vector:
        least = min(by_x, by_y)
        if least < 1:
            by_x /= least
            by_y /= least
            if not plan.extend.enabled:
                dpr /= least
        dpr = min(dpr, by_x, by_y)
    if plan.min_width and width / plan.min_width < by_x:
        least = width / plan.min_width
        by_y /= by_x / least
        by_x = least
    if plan.min_height and height / plan.min_height < by_y:
        least = height / plan.min_height
        by_x /= by_y / least
        by_y = least
    return 1 / min(by_x / dpr, width), 1 / min(by_y / dpr, height), dpr


def _factor(value: float) -> float:
    return max(SMALLEST_FACTOR, min(LARGEST_FACTOR, value))


def _sized(geometry: Geometry, width: int, height: int, plan: Plan) -> Geometry:
    """Return the geometry with all sizes that follow from its scales; ``width``, ``height``: what is scaled."""
    target_width = scale(plan.width, geometry.dpr * plan.zoom_x)
    target_height = scale(plan.height, geometry.dpr * plan.zoom_y)
    scaled_width = scale(width, geometry.width_scale)
    scaled_height = scale(height, geometry.height_scale)
    crop_width, crop_height = target_width, target_height
    if plan.resizing_type is ResizingType.FILL_DOWN and not plan.enlarge:
        over_x = target_width / scaled_width
        over_y = target_height / scaled_height
        if over_x > over_y and over_x > 1:
            crop_width, crop_height = scaled_width, scale(scaled_width, target_height / target_width)
        elif over_y > over_x and over_y > 1:
            crop_width, crop_height = scale(scaled_height, target_width / target_height), scaled_height
    extended_width = extended_height = 0
    if plan.extend_aspect_ratio.enabled and target_width > 0 and target_height > 0:
        out_width = min_nonzero(scaled_width, crop_width)
        out_height = min_nonzero(scaled_height, crop_height)
        over_x = target_width / out_width
        over_y = target_height / out_height
        if over_y > over_x:
            extended_width, extended_height = out_width, scale(out_width, target_height / target_width)
        elif over_x > over_y:
            extended_width, extended_height = scale(out_height, target_width / target_height), out_height
    return replace(
        geometry,
        target_width=target_width,
        target_height=target_height,
        scaled_width=scaled_width,
        scaled_height=scaled_height,
        result_crop_width=crop_width,
        result_crop_height=crop_height,
        extended_width=extended_width,
        extended_height=extended_height,
    )


def turned_size(width: int, height: int, angle: float) -> tuple[int, int]:
    """Return the sides of the box around a picture that is rotated by any angle, in degrees."""
    sine, cosine = abs(sin(radians(angle))), abs(cos(radians(angle)))
    return max(1, ceil(width * cosine + height * sine - 0.5)), max(1, ceil(width * sine + height * cosine - 0.5))


def result_size(geometry: Geometry, plan: Plan) -> tuple[int, int]:
    """Return the result's width and height as far as geometry can tell: before a format's own limits."""
    width = min_nonzero(geometry.scaled_width, geometry.result_crop_width)
    height = min_nonzero(geometry.scaled_height, geometry.result_crop_height)
    if plan.shape.angle:
        width, height = turned_size(width, height, plan.shape.angle)
    if plan.extend.enabled:
        width = max(width, geometry.target_width)
        height = max(height, geometry.target_height)
    if plan.extend_aspect_ratio.enabled:
        width = max(width, geometry.extended_width)
        height = max(height, geometry.extended_height)
    padding = geometry.padding(plan.padding)
    return width + padding.left + padding.right, height + padding.top + padding.bottom


def following(first: Geometry, plans: Sequence[Plan]) -> tuple[Geometry, ...]:
    """Return the geometries of the pipelines behind the first of ``plans``, each on the result of the one before."""
    geometries: list[Geometry] = []
    before = first
    for plan, following_plan in pairwise(plans):
        before = calculate(*result_size(before, plan), 1, following_plan)
        geometries.append(before)
    return tuple(geometries)


def _limited(geometry: Geometry, width: int, height: int, plan: Plan) -> Geometry:
    """Return the geometry, made smaller as a whole where a side of the result would be above the limit.

    Once is enough but for the rounding of paddings and boxes, which may add a pixel: then it is repeated.
    """
    limit = plan.limits.max_result_dimension
    while 0 < limit < (longest := max(result_size(geometry, plan))):
        factor = limit / longest
        smaller = replace(
            geometry,
            width_scale=max(geometry.width_scale * factor, 1 / width),
            height_scale=max(geometry.height_scale * factor, 1 / height),
            dpr=geometry.dpr * factor,
        )
        geometry = _sized(smaller, width, height, plan)
    return geometry
