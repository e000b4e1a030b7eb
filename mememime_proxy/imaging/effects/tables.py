"""Effects that are tables on 8 bits; consecutive ones are one pass over the pixels."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from typing import Final

import pyvips

from mememime_proxy.formats.effects_plan import Duotone, Monochrome, Rgb

Curve = Callable[[float], float]
"""From a sample to a sample, 0–255, where values beyond are brought back."""
Table = Sequence[float]
"""256 samples."""

_SAMPLES: Final = [float(value) for value in range(256)]
_WEIGHTS: Final = (0.2126, 0.7152, 0.0722)
_SHIFT: Final = 8
"""Bits behind the point of samples that are mixed."""


class TableRun:
    """An image of sRGB, 8 bits and three bands, with the tables that are still to be applied to it.

    A table of lightness makes the image one band of lightness, so that all tables after it are tables of that.
    """

    def __init__(self, image: pyvips.Image) -> None:
        self._image = image
        self._tables: tuple[Table, ...] | None = None

    def apply(self, *curves: Curve) -> None:
        """Apply one curve to all channels, or one to each."""
        tables = self._tables or (_SAMPLES,) * 3
        each = curves * 3 if len(curves) == 1 else curves
        self._tables = tuple([_bounded(curve(v)) for v in table] for curve, table in zip(each, tables, strict=True))

    def negate(self) -> None:
        """Replace each colour by its opposite: without tables to wait for, libvips is faster than one."""
        if self._tables is None:
            self._image = self._image.invert()
        else:
            self.apply(lambda v: 255.0 - v)

    def tone(self, tones: Sequence[Table], intensity: float) -> None:
        """Replace each colour by that of its lightness in ``tones``, mixed with it by ``intensity``, 0–1."""
        if self._image.bands == 1 and self._tables is not None:
            greys = [round(lightness(color)) for color in zip(*self._tables, strict=True)]
            self._tables = tuple(
                [v + (tone[grey] - v) * intensity for v, grey in zip(table, greys, strict=True)]
                for tone, table in zip(tones, self._tables, strict=True)
            )
            return
        image = self.image().copy_memory()
        grey = image.colourspace("b-w")
        if intensity >= 1:
            self._image, self._tables = grey, tuple(tones)
            return
        own = image.maplut(_fixed([_SAMPLES] * 3, 1 - intensity, 0.5))
        mixed = own + grey.maplut(_fixed(tones, intensity, 0.0))
        self._image = (mixed >> _SHIFT).cast("uchar").copy(interpretation="srgb")

    def image(self) -> pyvips.Image:
        """Return the image with all tables applied."""
        if self._tables is not None:
            samples = bytes(round(v) for color in zip(*self._tables, strict=True) for v in color)
            table = pyvips.Image.new_from_memory(samples, 256, 1, 3, "uchar")
            self._image, self._tables = self._image.maplut(table).copy(interpretation="srgb"), None
        return self._image


def monochrome_tones(option: Monochrome) -> list[Table]:
    """Return the colours for each lightness: from black by the plan's colour, at its own lightness, to white."""
    middle = lightness(option.color)
    return [
        [
            (channel * v / middle) if v < middle else channel + (255 - channel) * (v - middle) / max(1e-9, 255 - middle)
            for v in _SAMPLES
        ]
        for channel in option.color
    ]


def duotone_tones(option: Duotone) -> list[Table]:
    """Return the colours for each lightness: from the dark to the light one."""
    return [
        [dark + (light - dark) * v / 255 for v in _SAMPLES]
        for dark, light in zip(option.dark, option.light, strict=True)
    ]


def brightness_contrast(brightness: int, contrast: float) -> Curve:
    """Return the curve that adds ``brightness`` and then stretches about the middle."""
    return lambda v: (v + brightness - 127.5) * contrast + 127.5


def gamma_curve(gamma: float) -> Curve:
    """Return the curve of a gamma: above 1 is lighter."""
    return lambda v: 255.0 * (v / 255.0) ** (1.0 / gamma)


def stretch(low: float, high: float) -> Curve:
    """Return the curve that makes ``low`` black and ``high`` white."""
    return lambda v: (v - low) * 255.0 / max(1.0, high - low)


def mixture(color: float, share: float) -> Curve:
    """Return the curve that mixes a channel's sample with ``color``."""
    return lambda v: v + (color - v) * share


def lightness(color: Rgb | Sequence[float]) -> float:
    """Return the luminance of an sRGB colour, coded as sRGB, 0–255."""
    light = sum(weight * _light(channel / 255) for weight, channel in zip(_WEIGHTS, color, strict=True))
    coded = light * 12.92 if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055
    return min(255.0, coded * 255)


def _light(sample: float) -> float:
    power: float = ((sample + 0.055) / 1.055) ** 2.4
    return sample / 12.92 if sample <= 0.04045 else power


def _bounded(v: float) -> float:
    return min(255.0, max(0.0, v))


def _fixed(tables: Sequence[Table], factor: float, offset: float) -> pyvips.Image:
    """Return the table image of samples times ``factor`` plus ``offset``, 16 bits, in units of 1/256."""
    samples = array(
        "H", (round((v * factor + offset) * (1 << _SHIFT)) for color in zip(*tables, strict=True) for v in color)
    )
    return pyvips.Image.new_from_memory(samples.tobytes(), 256, 1, 3, "ushort")
