"""HDR to SDR and back: PQ and HLG, with reference white as white.

What is not brighter than reference white keeps its colour (Report ITU-R BT.2408: 58 % of PQ and 75 % of HLG are white),
but for the brightest tones of a picture that has highlights: these share the range above ``highlights.KNEE`` with them,
so that a bright sky does not become one white area.
"""

from __future__ import annotations

from array import array
from functools import lru_cache
from math import log2
from typing import Any

import pyvips

from mememime_proxy.color import light, matrices
from mememime_proxy.color.encoding import ColorEncoding, HdrTransfer
from mememime_proxy.color.highlights import compressed

_STEPS = 65536
_GREY = frozenset({"b-w", "grey16"})
_MAX_LIGHT = light.HLG_PEAK / light.REFERENCE_WHITE
_SYSTEM_GAMMA = light.HLG_GAMMA - 1


def peak(image: pyvips.Image, encoding: ColorEncoding) -> float:
    """Return the brightest light of a picture's channels, 1 = reference white. All of its pixels are decoded."""
    if not isinstance(encoding.transfer, HdrTransfer):
        return 1.0
    colors = image.extract_band(0, n=image.bands - 1) if image.hasalpha() else image
    largest: Any = colors.max()
    brightest = light.relative_light(encoding.transfer, largest / _largest(image))
    # in steps of an eighth of a stop, so that pictures share tables
    return float(2 ** (max(0, round(8 * log2(max(1.0, brightest)))) / 8))


def to_srgb(image: pyvips.Image, encoding: ColorEncoding, brightest: float) -> pyvips.Image:
    """Return an image of PQ or HLG, of 8 or 16 bits, as sRGB of 8 bits (or grey); ``brightest`` as of ``peak``."""
    transfer = _hdr(encoding)
    colors, alpha = _split(image)
    steps = _largest(image) + 1
    if image.interpretation in _GREY:
        levels = colors.maplut(_lookup(("grey", transfer, steps, brightest)))
        colors = levels.bandjoin(levels).bandjoin(levels)
        mapped = _as_srgb(colors).extract_band(0).copy(interpretation="b-w")
    else:
        if transfer is HdrTransfer.PQ:
            levels = colors.maplut(_lookup(("pq", transfer, steps, brightest)))
        else:
            levels = _displayed(colors.maplut(_lookup(("scene", transfer, steps, 0.0))), encoding)
            levels = _compressed(levels, brightest)
        mapped = _as_srgb(levels.recomb(_matrix(matrices.to_srgb_light(encoding.primaries))))
    if alpha is None:
        return mapped
    return mapped.bandjoin((alpha / 257 if steps == _STEPS else alpha).rint().cast("uchar"))


def from_srgb(image: pyvips.Image, encoding: ColorEncoding, *, sixteen: bool) -> pyvips.Image:
    """Return an image of sRGB, or of grey with its curve, as PQ or HLG; its white is reference white."""
    transfer = _hdr(encoding)
    colors, alpha = _split(image)
    wide = image.format == "ushort"
    grey = image.interpretation in _GREY
    levels = colors.colourspace("scrgb")
    if not grey:
        levels = levels.recomb(_matrix(matrices.from_srgb_light(encoding.primaries)))
    if transfer is HdrTransfer.HLG:
        levels = _before_display(levels, encoding)
    samples = (levels * (_STEPS - 1)).rint().cast("ushort").maplut(_lookup(("sample", transfer, _STEPS, 0.0)))
    if grey:
        samples = samples.extract_band(0)
    samples = (samples * (65535 if sixteen else 255)).rint().cast("ushort" if sixteen else "uchar")
    space = ("grey16" if sixteen else "b-w") if grey else ("rgb16" if sixteen else "srgb")
    if alpha is not None:
        factor = (257 if sixteen else 1) / (257 if wide else 1)
        samples = samples.bandjoin((alpha * factor).rint().cast(samples.format))
    return samples.copy(interpretation=space)


def _hdr(encoding: ColorEncoding) -> HdrTransfer:
    if not isinstance(encoding.transfer, HdrTransfer):
        raise TypeError("an encoding that is not of HDR")
    return encoding.transfer


def _largest(image: pyvips.Image) -> int:
    return 65535 if image.format == "ushort" else 255


def _split(image: pyvips.Image) -> tuple[pyvips.Image, pyvips.Image | None]:
    if not image.hasalpha():
        return image, None
    last = image.bands - 1
    return image.extract_band(0, n=last), image.extract_band(last)


def _as_srgb(levels: pyvips.Image) -> pyvips.Image:
    """Return linear light as sRGB; what is out of gamut is clipped."""
    return levels.copy(interpretation="scrgb").colourspace("srgb")


def _matrix(rows: matrices.Matrix) -> pyvips.Image:
    return pyvips.Image.new_from_array([list(row) for row in rows])


def _displayed(scene: pyvips.Image, encoding: ColorEncoding) -> pyvips.Image:
    """Return light of the display, 1 = reference white, for HLG's light before the camera; BT.2100-3, the OOTF."""
    luminance = scene.recomb(pyvips.Image.new_from_array([list(matrices.luminance(encoding.primaries))]))
    return scene * (luminance**_SYSTEM_GAMMA) * _MAX_LIGHT


def _before_display(levels: pyvips.Image, encoding: ColorEncoding) -> pyvips.Image:
    """Return the inverse of ``_displayed``."""
    shown = levels / _MAX_LIGHT
    luminance = shown.recomb(pyvips.Image.new_from_array([list(matrices.luminance(encoding.primaries))]))
    visible = (luminance > 0).ifthenelse(luminance, 1)
    return shown * (visible ** (1 / light.HLG_GAMMA - 1))


def _compressed(levels: pyvips.Image, brightest: float) -> pyvips.Image:
    if brightest <= 1:
        return levels
    steps = (levels * ((_STEPS - 1) / brightest)).rint().cast("ushort")
    return steps.maplut(_lookup(("knee", HdrTransfer.HLG, _STEPS, brightest)))


_Key = tuple[str, HdrTransfer, int, float]


@lru_cache(maxsize=32)
def _lookup(key: _Key) -> pyvips.Image:
    """Return a table of levels by samples (or of samples by levels). Tables of 16 bits take some 50 ms."""
    kind, transfer, steps, brightest = key
    last = steps - 1
    shares = (index / last for index in range(steps))
    if kind == "knee":
        values = [compressed(share * brightest, brightest) for share in shares]
    elif kind == "scene":
        values = [light.hlg_scene_light(share) for share in shares]
    elif kind == "sample":
        values = [light.pq_sample(share) if transfer is HdrTransfer.PQ else light.hlg_sample(share) for share in shares]
    else:
        values = [compressed(light.relative_light(transfer, share), brightest) for share in shares]
    table = array("f", values)
    return pyvips.Image.new_from_memory(table.tobytes(), steps, 1, 1, "float")
