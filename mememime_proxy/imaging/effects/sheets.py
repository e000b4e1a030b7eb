"""Effects that grow in a direction, and sheets of colour over a picture. Images have 8 bits of sRGB, alpha or not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from math import cos, radians, sin

import pyvips

from mememime_proxy.formats.effects_plan import Colorize, Gradient, ProgressiveBlur, Rgb
from mememime_proxy.imaging.effects.tables import TableRun, mixture

Blur = Callable[[pyvips.Image, float], pyvips.Image]
_LEVELS = (0.0, 1 / 8, 1 / 4, 1 / 2, 1.0)
"""Shares of the full blur, from which all others are mixed."""


@dataclass(frozen=True, slots=True)
class Ramp:
    """A way across a picture in one direction; what lies at ``start`` of it has 0, and at ``stop`` has 1."""

    width: int
    height: int
    angle: float
    """Clockwise in degrees; 0 = downwards."""
    start: float
    stop: float

    def mask(self, low: float, high: float, scale: float = 255.0) -> pyvips.Image:
        """Return a mask of 8 bits: 0 where the ramp is at ``low`` or less, ``scale`` where it is at ``high``."""
        distance = (self.stop - self.start) * (high - low)
        start = self.start + (self.stop - self.start) * low
        if self.angle % 90 == 0:
            return self._straight(lambda p: _share(p, start, distance) * scale)
        dx, dy = -sin(radians(self.angle)), cos(radians(self.angle))
        corners = [x * dx + y * dy for x in (0, self.width - 1) for y in (0, self.height - 1)]
        least, span = min(corners), max(1e-9, max(corners) - min(corners))
        place = pyvips.Image.xyz(self.width, self.height)
        along = place[0] * (dx / span) + place[1].linear([dy / span], [-least / span])
        if distance == 0:
            return (along >= start).linear([scale / 255], [0.5], uchar=True)
        factor = scale / distance
        mask = along.linear([factor], [0.5 - start * factor], uchar=True)
        if scale >= 255:
            return mask
        highest = int(scale + 0.5)
        return mask.maplut(pyvips.Image.new_from_memory(bytes(min(v, highest) for v in range(256)), 256, 1, 1, "uchar"))

    def _straight(self, sample: Callable[[float], float]) -> pyvips.Image:
        across = self.angle % 180 == 90
        length = self.width if across else self.height
        samples = [int(sample(i / max(1, length - 1)) + 0.5) for i in range(length)]
        line = bytes(reversed(samples) if self.angle % 360 in (90, 180) else samples)
        if across:
            return pyvips.Image.new_from_memory(line, length, 1, 1, "uchar").zoom(1, self.height)
        return pyvips.Image.new_from_memory(line, 1, length, 1, "uchar").zoom(self.width, 1)


def _share(p: float, start: float, distance: float) -> float:
    if distance == 0:
        return float(p >= start)
    return min(1.0, max(0.0, (p - start) / distance))


def graded(image: pyvips.Image, option: Gradient) -> pyvips.Image:
    """Return the image under the gradient."""
    ramp = Ramp(image.width, image.height, option.angle, option.start, option.stop)
    mask = ramp.mask(0.0, 1.0, 255.0 * option.opacity)
    if image.hasalpha():
        return _over(image, _sheet(image, option.color).bandjoin(mask))
    color = list(option.color)
    return mask.ifthenelse(color, image, blend=True).copy(interpretation="srgb")


def colorized(image: pyvips.Image, option: Colorize) -> pyvips.Image:
    """Return the image under the sheet of colour."""
    if image.hasalpha() and not option.keep_alpha:
        alpha = int(255.0 * option.opacity + 0.5)
        return _over(image, _sheet(image, option.color).bandjoin(alpha))
    alpha_band = image[3] if image.hasalpha() else None
    run = TableRun(image[0:3] if alpha_band is not None else image)
    run.apply(*(mixture(channel, option.opacity) for channel in option.color))
    return run.image() if alpha_band is None else run.image().bandjoin(alpha_band)


def on_background(image: pyvips.Image, color: list[float], opacity: float, top: float) -> pyvips.Image:
    """Return an image with alpha over a sheet of ``color``; ``top``: the sample of full alpha."""
    sheet = (image[0] * 0 + [*color, top * opacity]).cast(image.format).copy(interpretation=image.interpretation)
    return sheet.composite2(image, "over", compositing_space=image.interpretation).cast(image.format)


def progressively_blurred(image: pyvips.Image, option: ProgressiveBlur, blurred: Blur) -> pyvips.Image:
    """Return the image with a blur that grows along the ramp; ``blurred``: the blur of a whole image.

    The image has its alpha multiplied into its colours.
    """
    ramp = Ramp(image.width, image.height, option.angle, option.start, option.stop)
    out = image
    for low, high in pairwise(_LEVELS):
        level = blurred(image, option.sigma * high).cast("uchar")
        out = ramp.mask(low, high).ifthenelse(level, out, blend=True)
    return out.copy(interpretation=image.interpretation)


def _sheet(image: pyvips.Image, color: Rgb) -> pyvips.Image:
    pixel = pyvips.Image.new_from_memory(bytes(color), 1, 1, 3, "uchar").copy(interpretation="srgb")
    return pixel.embed(0, 0, image.width, image.height, extend="copy")


def _over(image: pyvips.Image, sheet: pyvips.Image) -> pyvips.Image:
    sheet = sheet.cast("uchar").copy(interpretation="srgb")
    return image.composite2(sheet, "over", compositing_space="srgb").cast("uchar")
