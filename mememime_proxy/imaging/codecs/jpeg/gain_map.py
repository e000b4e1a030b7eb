"""Gain maps of Ultra HDR JPEGs: taken out, carried along with the picture, put back.

libvips keeps the map as metadata (``gainmap-data``) that no operation touches, so cropping the picture alone would
leave its highlights where they were. Here the map is brought to the size of the picture when it is loaded, goes
through the same geometry steps with the same numbers, and is made small again when it is written: what belongs to a
pixel stays with it, whatever the ratio of the two sizes is.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pyvips

GAIN_MAP_FIELD = "gainmap"
GAIN_MAP_DATA_FIELD = "gainmap-data"
_WHITE = 255
_KERNEL = "linear"
"""Gain maps are smooth, and overshooting next to an edge would show as a halo."""


@dataclass(frozen=True, slots=True)
class GainMap:
    """A gain map at the size of its picture."""

    image: pyvips.Image
    factor: float
    """How many times smaller than the picture it was, and will be again."""
    neutral: tuple[float, ...]
    """The sample values for an unchanged brightness, one for each band."""

    def transformed(self, move: Callable[[pyvips.Image], pyvips.Image]) -> GainMap:
        """Return the map after a change of geometry or blur."""
        return replace(self, image=move(self.image))

    def embedded(self, left: int, top: int, width: int, height: int) -> GainMap:
        """Return the map on a larger canvas whose new parts are neither brightened nor darkened."""
        return self.transformed(
            lambda image: image.embed(left, top, width, height, extend="background", background=list(self.neutral))
        )

    def attach_to(self, image: pyvips.Image) -> pyvips.Image:
        """Return a copy of ``image`` that carries the map at its own, smaller size."""
        small = self.image.resize(1 / self.factor, kernel=_KERNEL) if self.factor > 1 else self.image
        image = image.copy()
        image.remove(GAIN_MAP_DATA_FIELD)
        image.set_type(pyvips.GValue.image_type, GAIN_MAP_FIELD, small.copy_memory())
        return image


def gain_map_of(image: pyvips.Image) -> GainMap | None:
    """Return the gain map that a loaded picture carries, or None."""
    stored: pyvips.Image | None = image.get_gainmap()
    if stored is None:
        return None
    width, height = image.width, image.height
    full = stored.resize(width / stored.width, vscale=height / stored.height, kernel=_KERNEL)
    return GainMap(full.copy_memory(), width / stored.width, _neutral(image, stored.bands))


def _neutral(image: pyvips.Image, bands: int) -> tuple[float, ...]:
    """Return the samples for a gain of 1.

    ISO 21496-1, where a sample is the normalised logarithm of the gain to a gamma.
    """
    low = _per_band(image, "gainmap-min-content-boost", bands)
    high = _per_band(image, "gainmap-max-content-boost", bands)
    gamma = _per_band(image, "gainmap-gamma", bands)
    return tuple(_sample(*values) for values in zip(low, high, gamma, strict=True))


def _per_band(image: pyvips.Image, field: str, bands: int) -> list[float]:
    values: Any = image.get(field) if image.get_typeof(field) else [1.0]
    return [values[min(band, len(values) - 1)] for band in range(bands)]


def _sample(low: float, high: float, gamma: float) -> float:
    if low <= 0 or high <= low:
        return 0.0
    share = -math.log2(low) / (math.log2(high) - math.log2(low))
    return float(round(_WHITE * max(0.0, min(1.0, share)) ** gamma))
