"""A table from the samples of an HDR film, or of one with wide primaries, to sRGB: the colours of its poster.

It is a Hald CLUT, 64 steps a channel, which libavfilter interpolates. The curve is that of pictures, for a film whose
highlights have 1000 cd/m²: a curve for the brightest light of each frame would flicker.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import Any, Final

import numpy as np
from av.video.frame import VideoFrame

from mememime_proxy.color import highlights, light, matrices
from mememime_proxy.color.encoding import HdrTransfer, from_code_points

Samples = np.ndarray[Any, Any]

LEVEL: Final = 8
"""Of the table: it has ``LEVEL²`` steps a channel, and ``LEVEL³`` pixels a side."""
_STEPS: Final = LEVEL**2
_SIDE: Final = LEVEL**3
_BRIGHTEST: Final = light.HLG_PEAK / light.REFERENCE_WHITE
_SRGB: Final = 13
_UNSPECIFIED: Final = 2


@lru_cache(maxsize=4)
def table(primaries: int, transfer: int) -> Samples:
    """Return the table of 16 bits: rows of red, green, blue of sRGB, for samples of these code points."""
    encoding = from_code_points(primaries, transfer if transfer in (16, 18) else _SRGB)
    if encoding is None:
        raise ValueError(f"no table for primaries {primaries} and transfer function {transfer}")
    axis = np.linspace(0, 1, _STEPS)
    blue, green, red = np.meshgrid(axis, axis, axis, indexing="ij")
    samples = np.stack((red, green, blue), axis=-1).reshape(-1, 3)
    if encoding.transfer is HdrTransfer.PQ:
        levels = _each(samples, lambda sample: highlights.compressed(light.pq_light(sample), _BRIGHTEST))
    elif encoding.transfer is HdrTransfer.HLG:
        scene = _each(samples, light.hlg_scene_light)
        luminance = scene @ np.array(matrices.luminance(encoding.primaries))
        shown = scene * luminance[:, None] ** (light.HLG_GAMMA - 1) * _BRIGHTEST
        levels = np.vectorize(lambda level: highlights.compressed(level, _BRIGHTEST))(shown)
    else:
        levels = np.where(samples <= 0.04045, samples / 12.92, ((samples + 0.055) / 1.055) ** 2.4)
    levels = np.clip(levels @ np.array(matrices.to_srgb_light(encoding.primaries)).T, 0, 1)
    coded = np.where(levels <= 0.0031308, 12.92 * levels, 1.055 * levels ** (1 / 2.4) - 0.055)
    rounded: Samples = np.rint(coded * 65535).astype(np.uint16).reshape(_SIDE, _SIDE, 3)
    return rounded


def _each(samples: Samples, function: Any) -> Samples:
    """Apply a function of one sample; there are only ``_STEPS`` different ones."""
    values = np.array([function(step / (_STEPS - 1)) for step in range(_STEPS)])
    found: Samples = values[np.rint(samples * (_STEPS - 1)).astype(int)]
    return found


def table_frame(primaries: int, transfer: int) -> VideoFrame:
    """Return the table as a picture, which the filter ``haldclut`` takes."""
    frame = VideoFrame.from_ndarray(table(primaries, transfer), format="rgb48le")
    frame.pts, frame.time_base = 0, Fraction(1, 1)
    return frame
