"""Colour encodings: primaries and transfer function of samples, as numbers or as code points of ITU-T H.273."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

Chromaticity = tuple[float, float]
"""CIE 1931 x and y."""

_TOLERANCE = 0.002
"""Difference of chromaticities that is rounding: PNG and profiles store them with four or five digits."""


@dataclass(frozen=True, slots=True)
class Primaries:
    """The chromaticities of white, red, green and blue."""

    white: Chromaticity
    red: Chromaticity
    green: Chromaticity
    blue: Chromaticity

    def near(self, other: Primaries) -> bool:
        """Return whether both are the same but for rounding."""
        ours = (*self.white, *self.red, *self.green, *self.blue)
        theirs = (*other.white, *other.red, *other.green, *other.blue)
        return all(abs(a - b) <= _TOLERANCE for a, b in zip(ours, theirs, strict=True))

    @property
    def valid(self) -> bool:
        """Whether the three colours span a triangle, and white is a colour."""
        (red_x, red_y), (green_x, green_y), (blue_x, blue_y) = self.red, self.green, self.blue
        area = (green_x - red_x) * (blue_y - red_y) - (blue_x - red_x) * (green_y - red_y)
        return abs(area) > _TOLERANCE and self.white[1] > _TOLERANCE


@dataclass(frozen=True, slots=True)
class Curve:
    """A transfer function of SDR: light is ``(a·x + b)^g`` from ``d`` on, ``c·x`` below; ICC.1:2022, 10.18, type 3."""

    g: float
    a: float = 1.0
    b: float = 0.0
    c: float = 0.0
    d: float = 0.0


class HdrTransfer(IntEnum):
    """A transfer function of HDR, by its code point; Recommendation ITU-R BT.2100."""

    PQ = 16
    HLG = 18


SRGB_CURVE = Curve(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
LINEAR = Curve(1.0)

_D65 = (0.3127, 0.3290)
_C = (0.310, 0.316)
BT709 = Primaries(_D65, (0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
BT2020 = Primaries(_D65, (0.708, 0.292), (0.170, 0.797), (0.131, 0.046))
DISPLAY_P3 = Primaries(_D65, (0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
_BT601_525 = Primaries(_D65, (0.630, 0.340), (0.310, 0.595), (0.155, 0.070))
ADOBE_RGB = Primaries(_D65, (0.64, 0.33), (0.21, 0.71), (0.15, 0.06))

_PRIMARIES = {  # ITU-T H.273 (07/2024), table 2
    1: BT709,
    4: Primaries(_C, (0.67, 0.33), (0.21, 0.71), (0.14, 0.08)),
    5: Primaries(_D65, (0.64, 0.33), (0.29, 0.60), (0.15, 0.06)),
    6: _BT601_525,
    7: _BT601_525,
    8: Primaries(_C, (0.681, 0.319), (0.243, 0.692), (0.145, 0.049)),
    9: BT2020,
    10: Primaries((1 / 3, 1 / 3), (1.0, 0.0), (0.0, 1.0), (0.0, 0.0)),
    11: Primaries((0.314, 0.351), (0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    12: DISPLAY_P3,
    22: Primaries(_D65, (0.630, 0.340), (0.295, 0.605), (0.155, 0.077)),
}
_TRANSFERS: dict[int, Curve | HdrTransfer] = {  # table 3
    # The cameras' curve of BT.709, BT.601 and BT.2020 is shown by that of sRGB, as browsers do. That lies between
    # its inverse and the power 2.4 of BT.1886 for displays in dark rooms.
    1: SRGB_CURVE,
    4: Curve(2.2),
    5: Curve(2.8),
    6: SRGB_CURVE,
    7: Curve(1 / 0.45, 1 / 1.1115, 0.1115 / 1.1115, 1 / 4, 0.0913),
    8: LINEAR,
    11: SRGB_CURVE,
    12: SRGB_CURVE,
    13: SRGB_CURVE,
    14: SRGB_CURVE,
    15: SRGB_CURVE,
    16: HdrTransfer.PQ,
    17: Curve(2.6, (52.37 / 48) ** (1 / 2.6)),
    18: HdrTransfer.HLG,
}
_UNSPECIFIED = 2


@dataclass(frozen=True, slots=True)
class ColorEncoding:
    """What samples of red, green and blue, or of grey, mean."""

    primaries: Primaries = BT709
    transfer: Curve | HdrTransfer = SRGB_CURVE

    @property
    def hdr(self) -> bool:
        """Whether samples can be brighter than white."""
        return isinstance(self.transfer, HdrTransfer)

    @property
    def needs_depth(self) -> bool:
        """Whether 8 bits of it are too coarse for what is dark: HDR, and linear light."""
        return self.hdr or self.transfer == LINEAR

    @property
    def srgb(self) -> bool:
        """Whether it is sRGB, so that nothing need be converted."""
        return self.transfer == SRGB_CURVE and self.primaries.near(BT709)

    @property
    def code_points(self) -> tuple[int, int] | None:
        """Colour primaries and transfer characteristics by their numbers in H.273; None where there are none."""
        primaries = next((code for code, values in _PRIMARIES.items() if values.near(self.primaries)), None)
        preferred = 13 if self.transfer == SRGB_CURVE else None
        transfer = preferred or next((code for code, curve in _TRANSFERS.items() if curve == self.transfer), None)
        return None if primaries is None or transfer is None else (primaries, transfer)


def from_code_points(primaries: int, transfer: int) -> ColorEncoding | None:
    """Return the encoding for code points of H.273; None where they are unspecified, unknown, or not of light.

    Where only one of the two is specified, the other is that of BT.2100 for HDR, else of sRGB.
    """
    curve = _TRANSFERS.get(transfer)
    gamut = _PRIMARIES.get(primaries)
    if (curve is None and transfer != _UNSPECIFIED) or (gamut is None and primaries != _UNSPECIFIED):
        return None
    if curve is None and gamut is None:
        return None
    return ColorEncoding(gamut or (BT2020 if isinstance(curve, HdrTransfer) else BT709), curve or SRGB_CURVE)
