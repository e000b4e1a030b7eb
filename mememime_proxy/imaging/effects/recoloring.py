"""The effects on colours in their order."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pyvips

from mememime_proxy.formats.effects_plan import NO_EFFECTS, Effects
from mememime_proxy.imaging.effects import matrices, tables
from mememime_proxy.imaging.effects.tables import TableRun

_NO_COLORS: Final = {
    name: getattr(NO_EFFECTS, name)
    for name in ("blur_areas", "progressive_blur", "blur_detections", "colorize", "gradient", "background_alpha")
}


def changes_colors(effects: Effects) -> bool:
    """Return whether any effect is one on colours."""
    return replace(effects, **_NO_COLORS) != NO_EFFECTS


def recolored(image: pyvips.Image, effects: Effects) -> pyvips.Image:
    """Return the image, sRGB of 8 bits and in memory, after the effects on colours; its alpha is left alone.

    The order is that of ``Effects``.
    """
    alpha = image[3] if image.hasalpha() else None
    run = TableRun(image if alpha is None else image[0:3])
    if effects.normalize is not None:
        run.apply(tables.stretch(*matrices.percentiles(run.image(), *effects.normalize)))
    if effects.brightness or effects.contrast != 1:
        run.apply(tables.brightness_contrast(effects.brightness, effects.contrast))
    if effects.saturation != 1:
        run = TableRun(matrices.saturated(run.image(), effects.saturation))
    if effects.hue:
        run = TableRun(matrices.with_hue(run.image(), effects.hue))
    if effects.gamma != 1:
        run.apply(tables.gamma_curve(effects.gamma))
    if effects.sepia:
        run = TableRun(matrices.sepia(run.image(), effects.sepia))
    if effects.monochrome:
        run.tone(tables.monochrome_tones(effects.monochrome), effects.monochrome.intensity)
    if effects.duotone:
        run.tone(tables.duotone_tones(effects.duotone), effects.duotone.intensity)
    if effects.negate:
        run.negate()
    return run.image() if alpha is None else run.image().bandjoin(alpha)
