"""vector_guard: a drawing is rasterised within the limit of pixels, for any size in the file."""

from __future__ import annotations

import math

from mememime_proxy.geometry.geometry import calculate
from mememime_proxy.imaging.picture import Picture


def guarded_size(width: int, height: int, limit: int) -> tuple[int, int]:
    """Return the size that a drawing of ``width`` × ``height`` is rasterised at; ``limit``: pixels, 0 = any number."""
    if not 0 < limit < width * height:
        return width, height
    scale = math.sqrt(limit / (width * height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def vector_guard(picture: Picture) -> Picture:
    """Return the drawing at its own size, or at the largest one with ``max_src_resolution`` pixels."""
    original = picture.original
    if original is None or not original.vector:
        return picture
    header = original.header
    if original.format == "pdf":  # within the limit since it passed the gate; it is rasterised once its size is known
        geometry = calculate(header.width, header.height, picture.orientation, picture.plan, vector=True)
        return picture.with_changes(geometry=geometry)
    image = picture.image
    limit = picture.plan.limits.max_src_resolution
    resolution = image.width * image.height
    if 0 < limit < resolution:
        base_scale = math.sqrt(limit / resolution)
        picture = picture.with_changes(base_scale=base_scale)
        image = original.load(scale=base_scale)
    if picture.plan.trim is not None:  # looks at all pixels of this size
        original.check_cost(picture.base_scale)
    return picture.with_geometry_of(image, vector=True)
