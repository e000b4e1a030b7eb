"""What a render begins with: the geometry of its first pipeline, and what is going to be decoded for it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mememime_proxy.decoded import LoadedPixels
from mememime_proxy.geometry.geometry import Geometry, calculate, following, result_size
from mememime_proxy.geometry.load_shrink import does_any_shrink, load_shrink, shrinks_of
from mememime_proxy.imaging.codecs.load import OriginalImage
from mememime_proxy.imaging.cost.estimate import estimate_load
from mememime_proxy.plan import Plan, RenderConfig

_GROWTH = 1.2
"""Times the pixels of the result that was approved."""


def first_geometry(original: OriginalImage, plan: Plan, width: int, height: int) -> Geometry:
    """Return the geometry of the first pipeline for pixels of this size, which a stack of frames may have reduced."""
    header = original.header
    if header.stack is None:
        return calculate(width, height, header.orientation, plan, vector=original.vector)
    geometry = calculate(*header.nominal_size, header.orientation, plan)
    return geometry if header.nominal_size == (width, height) else geometry.loaded_at(width, height)


def plan_load(original: OriginalImage, plan: Plan, config: RenderConfig, geometry: Geometry) -> LoadedPixels:
    """Return what is going to be loaded of an original, unless that is its thumbnail."""
    shrink = load_shrink(original.format, geometry, plan, config)
    size, seconds = estimate_load(original.header, len(memoryview(original.data)), shrink)
    return LoadedPixels(
        original.load_key(shrink),
        size,
        seconds,
        geometry.preshrink(),
        shrinks_of(original.format, config),
        does_any_shrink(original.format, config),
    )


def with_growth(geometry: Geometry, plans: Sequence[Plan], approved: list[Geometry], index: int) -> list[Geometry]:
    """Return the geometries of all pipelines whose cost is to be approved again; ``approved`` itself if none is.

    That is where the result of the pipeline ``index``, of which ``geometry`` is known now, is larger than what was
    approved: a border was trimmed away and what is left enlarged, or a decoder found another size than the gate.
    """
    plan = plans[index]
    if math.prod(result_size(geometry, plan)) <= _GROWTH * math.prod(result_size(approved[index], plan)):
        return approved
    return [*approved[:index], geometry, *following(geometry, plans[index:])]
