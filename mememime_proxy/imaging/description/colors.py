"""Colours of a picture: palette, average, and those that stand out.

All take a small copy; colours are 8-bit sRGB.
"""

from __future__ import annotations

import colorsys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyvips

from mememime_proxy.imaging.analysis.placeholders import Pixels

Rgba = tuple[int, int, int, int]

_FOR_DOMINANT: Final = 64
"""Colours among which the dominant ones are looked for."""
_OPAQUE: Final = 128
_SATURATION_WEIGHT, _LIGHTNESS_WEIGHT = 3.0, 6.0


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of dominant colours: its saturation and lightness, and the ranges of both."""

    saturation: float
    lightness: float
    saturations: tuple[float, float]
    lightnesses: tuple[float, float]


_VIBRANT, _MUTED = (1.0, (0.35, 1.0)), (0.3, (0.0, 0.4))
_NORMAL, _LIGHT, _DARK = (0.5, (0.3, 0.7)), (0.74, (0.55, 1.0)), (0.26, (0.0, 0.45))
_KINDS: Final = {
    name: _Kind(saturation, lightness, saturations, lightnesses)
    for name, (saturation, saturations), (lightness, lightnesses) in (
        ("vibrant", _VIBRANT, _NORMAL),
        ("light_vibrant", _VIBRANT, _LIGHT),
        ("dark_vibrant", _VIBRANT, _DARK),
        ("muted", _MUTED, _NORMAL),
        ("light_muted", _MUTED, _LIGHT),
        ("dark_muted", _MUTED, _DARK),
    )
}


def palette(pixels: Pixels, count: int) -> list[dict[str, int]]:
    """Return at most ``count`` colours, 2 to 256, the most frequent one first; alpha is 0 or 255."""
    return [_document(color) for color, _ in _palette(pixels, count)]


def average(pixels: Pixels, *, ignore_transparent: bool) -> dict[str, int]:
    """Return the mean of all pixels, or of those that are not fully transparent; transparent where there is none."""
    rgba = pixels.rgba
    if ignore_transparent:
        visible = [offset for offset, alpha in enumerate(rgba[3::4]) if alpha]
        if not visible:
            return _document((0, 0, 0, 0))
        if len(visible) < len(rgba) // 4:
            rgba = b"".join(rgba[4 * at : 4 * at + 4] for at in visible)
    count = len(rgba) // 4
    red, green, blue, alpha = (round(sum(rgba[channel::4]) / count) for channel in range(4))
    return _document((red, green, blue, alpha))


def dominant_colors(pixels: Pixels, *, build_missed: bool) -> dict[str, dict[str, int]]:
    """Return the colour of each kind that the picture has; with ``build_missed`` of all kinds, unless it has none.

    A colour stands for one kind. One that is missing is made of another one by its lightness.
    """
    found: dict[str, tuple[float, float, float]] = {}
    colors = [(color, count) for color, count in _palette(pixels, _FOR_DOMINANT) if color[3] >= _OPAQUE]
    total = sum(count for _, count in colors) or 1
    left = [(_hsl(color), count / total) for color, count in colors]
    for name, kind in _KINDS.items():
        candidates = [(_score(kind, hsl, share), hsl, share) for hsl, share in left if _is_of(kind, hsl)]
        if candidates:
            _, hsl, share = max(candidates)
            found[name] = hsl
            left.remove((hsl, share))
    if build_missed and found:
        found = {name: found.get(name) or _build(name, kind, found) for name, kind in _KINDS.items()}
    return {name: _rgb_document(found[name]) for name in _KINDS if name in found}


def _palette(pixels: Pixels, count: int) -> list[tuple[Rgba, int]]:
    """Return colours and how many pixels they stand for, of a copy with as few colours as a GIF can have."""
    image = pyvips.Image.new_from_memory(pixels.rgba, pixels.width, pixels.height, 4, "uchar")
    image = image.copy(interpretation="srgb")
    if not pixels.rgba[3::4].strip(b"\xff"):
        image = image[:3]
    file: Any = image.gifsave_buffer(bitdepth=max(1, (count - 1).bit_length()), dither=0)
    reduced: Any = pyvips.Image.gifload_source(pyvips.Source.new_from_memory(file))
    if reduced.bands == 3:
        reduced = reduced.addalpha()
    raw = bytes(reduced.write_to_memory())
    counts = Counter(zip(raw[0::4], raw[1::4], raw[2::4], raw[3::4], strict=True))
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:count]


def _hsl(color: Rgba) -> tuple[float, float, float]:
    hue, lightness, saturation = colorsys.rgb_to_hls(*(value / 255 for value in color[:3]))
    return hue, saturation, lightness


def _is_of(kind: _Kind, hsl: tuple[float, float, float]) -> bool:
    low, high = kind.saturations
    lowest, highest = kind.lightnesses
    return low <= hsl[1] <= high and lowest <= hsl[2] <= highest


def _score(kind: _Kind, hsl: tuple[float, float, float], share: float) -> float:
    saturation = _SATURATION_WEIGHT * (1 - abs(hsl[1] - kind.saturation))
    return saturation + _LIGHTNESS_WEIGHT * (1 - abs(hsl[2] - kind.lightness)) + share


def _build(name: str, kind: _Kind, found: dict[str, tuple[float, float, float]]) -> tuple[float, float, float]:
    """Return a colour for a kind, of one that is as vibrant or as muted where there is one."""
    family = name.rpartition("_")[2]
    relatives = [other for other in found if other.rpartition("_")[2] == family]
    hue, saturation, _ = found[relatives[0] if relatives else next(iter(found))]
    return hue, saturation, kind.lightness


def _rgb_document(hsl: Sequence[float]) -> dict[str, int]:
    hue, saturation, lightness = hsl
    channels = colorsys.hls_to_rgb(hue, lightness, saturation)
    return dict(zip("RGB", (round(255 * value) for value in channels), strict=True))


def _document(color: Rgba) -> dict[str, int]:
    return dict(zip("RGBA", color, strict=True))
