"""The samples that detectors look at."""

from __future__ import annotations

import pyvips

from mememime_proxy.imaging.color.working_space import srgb_of


def opaque_srgb(image: pyvips.Image, factor: float) -> pyvips.Image:
    """Return the picture in 8 bits of sRGB, on white, scaled by a factor where that makes it smaller."""
    small = image.resize(factor) if factor < 1 else image
    small = srgb_of(small.copy_memory())
    small = small.flatten(background=[255.0]) if small.hasalpha() else small
    return small.cast("uchar")
