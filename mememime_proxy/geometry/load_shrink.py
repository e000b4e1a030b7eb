"""How many times smaller than it is an original is decoded."""

from __future__ import annotations

from typing import Final

from mememime_proxy.decoded import step_down
from mememime_proxy.formats.output_plan import ResizingAlgorithm
from mememime_proxy.geometry.geometry import Geometry
from mememime_proxy.plan import Plan, RenderConfig

_SHRINKS: Final[dict[str, tuple[int, ...]]] = {"jpeg": (8, 4, 2)}
"""Reductions that decoders do for less than a resize, the largest first."""
_ANY: Final = "webp"
"""The format whose decoder does any reduction: for a fifth less than half of the size and a resize take."""


def shrinks_of(format_: str, config: RenderConfig) -> tuple[int, ...]:
    """Return the reductions that the decoder of a format does, the largest first."""
    return () if config.disable_shrink_on_load else _SHRINKS.get(format_, ())


def does_any_shrink(format_: str, config: RenderConfig) -> bool:
    """Whether the decoder of a format does any reduction."""
    return format_ == _ANY and not config.disable_shrink_on_load


def load_shrink(format_: str, geometry: Geometry, plan: Plan, config: RenderConfig) -> float:
    """Return how many times smaller the one frame of an original is decoded for a plan."""
    # What is cropped to objects is known when these are found.
    if plan.trim is not None or plan.objects.crop.scale or plan.resizing_algorithm is ResizingAlgorithm.NEAREST:
        return 1
    reduction = geometry.preshrink()
    if does_any_shrink(format_, config):
        return max(1.0, reduction)
    return step_down(reduction, shrinks_of(format_, config))
