"""TIFF: samples of any kind as the colour channels, and alpha, that the steps work with.

TIFF 6.0, section 8, and ExtraSamples.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pyvips

from mememime_proxy.errors import UnsupportedFormatError
from mememime_proxy.imaging.codecs.tiff import directory as tags
from mememime_proxy.imaging.codecs.tiff import packed
from mememime_proxy.imaging.codecs.tiff.directory import Directory
from mememime_proxy.imaging.gate.header import Buffer, ImageHeader, TiffSamples

_COLORS: Final = {"b-w": 1, "grey16": 1, "srgb": 3, "rgb16": 3, "scrgb": 3, "cmyk": 4, "lab": 3, "labs": 3}
"""Channels of colour by interpretation."""
_PLAIN = frozenset({"uchar", "ushort"})
_SIGNED = frozenset({"char", "short", "int"})
_UNSIGNED = frozenset({"uchar", "ushort", "uint"})
"""Formats in which libvips inverts grey whose white is 0."""
_FLOATS = frozenset({"float", "double"})
_ASSOCIATED, _UNASSOCIATED = 1, 2
_WHITE_IS_ZERO = 0
_MAX_NORMAL = 16.0
"""Float grey above that is not light in relation to white, but a number of 0–255, as libvips itself writes."""


def load(data: Buffer, header: ImageHeader, open_: Callable[[Buffer], pyvips.Image]) -> pyvips.Image:
    """Return the first picture in 8 or 16 bits without sign, with no channel but alpha beside the colours.

    RGB in float stays what it is, linear light. The tag ExtraSamples decides which channel is alpha; where it is
    missing, the first one behind the colours is. ``open_`` decodes by libvips.
    Raises UnsupportedFormatError, BrokenImageError and pyvips.Error.
    """
    samples = header.samples or TiffSamples()
    associated = _ASSOCIATED in samples.extra
    if packed.is_packed(header):
        image = packed.unpacked(open_(packed.as_bytes(data, header)), data, header)
        return _normal(image, samples, inverted=samples.photometric == _WHITE_IS_ZERO, divided=not associated)
    divided = not associated or (header.bit_depth < 32 and samples.sample_format == 1)
    if not divided:  # libvips would divide by an alpha of 0–255, whatever the samples are
        kinds = [_UNASSOCIATED if kind == _ASSOCIATED else kind for kind in samples.extra]
        data = Directory(data).rewritten({tags.EXTRA_SAMPLES: kinds})
    image = open_(data)
    inverted = samples.photometric == _WHITE_IS_ZERO and image.format not in _UNSIGNED
    return _normal(image, samples, inverted=inverted, divided=divided)


def _normal(image: pyvips.Image, samples: TiffSamples, *, inverted: bool, divided: bool) -> pyvips.Image:
    """Return the channels wanted.

    ``inverted``: white still is 0. ``divided``: associated alpha is out of the colours, or there is none.
    """
    space = str(image.interpretation)
    if space not in _COLORS:
        return _multiband(image)
    colors = _COLORS[space]
    alpha = _alpha(image.bands - colors, samples.extra)
    plain = image.format in _PLAIN and not inverted and divided
    if plain and (image.bands, alpha) in ((colors, None), (colors + 1, 0)):
        return image if (space, image.format, alpha) != ("cmyk", "ushort", 0) else _eight_bits(image)
    if space in ("lab", "labs") and image.bands == colors:
        return image
    if image.format in _FLOATS or image.format in _SIGNED:
        image = image.copy_memory()  # its values are looked at before they are converted
    color = image.extract_band(0, n=colors)
    channel = None if alpha is None else image.extract_band(colors + alpha)
    if space in ("lab", "labs"):
        return _lab(color, channel)
    color, channel = _plain(color, channel, linear=space == "scrgb")
    if inverted:
        color = (color * -1 + (255 if color.format == "uchar" else 65535)).cast(color.format)
    result = _tagged(color if channel is None else color.bandjoin(channel), space)
    if alpha is not None and not divided and samples.extra[alpha] == _ASSOCIATED:
        result = result.unpremultiply().cast(result.format)
    return _eight_bits(result) if space == "cmyk" and result.format != "uchar" and alpha is not None else result


def _alpha(extra: int, kinds: tuple[int, ...]) -> int | None:
    """Return which of the extra channels is alpha; None where there is none."""
    if not extra:
        return None
    if not kinds:
        return 0
    return next((index for index, kind in enumerate(kinds[:extra]) if kind in (_ASSOCIATED, _UNASSOCIATED)), None)


def _plain(
    color: pyvips.Image, alpha: pyvips.Image | None, *, linear: bool
) -> tuple[pyvips.Image, pyvips.Image | None]:
    """Return both in 8 or 16 bits without sign, or as floats where ``linear``."""
    kind = str(color.format)
    if kind in _PLAIN:
        return color, alpha
    if kind in _FLOATS and linear:
        return color.cast("float"), alpha and alpha.cast("float")
    if kind in _FLOATS:
        highest: Any = color.max()
        unit = 1.0 if highest <= _MAX_NORMAL else 255.0
        return _sixteen_bits(color, unit), alpha and _sixteen_bits(alpha, 1.0)
    if kind == "uint":
        return (color >> 16).cast("ushort"), alpha and (alpha >> 16).cast("ushort")
    if kind not in _SIGNED:
        raise UnsupportedFormatError(f"cannot read a TIFF of {kind} samples")
    if kind == "int":
        color, alpha = (color >> 16).cast("short"), alpha and (alpha >> 16).cast("short")
    bits = 8 if kind == "char" else 16
    # Some writers use all numbers, black being the lowest; others only those from 0, black being 0.
    lowest: Any = color.min()
    widen = _from_lowest if lowest < 0 else _from_zero
    return widen(color, bits), alpha and widen(alpha, bits)


def _sixteen_bits(image: pyvips.Image, unit: float) -> pyvips.Image:
    return (image * (65535 / unit) + 0.5).cast("ushort")


def _from_lowest(image: pyvips.Image, bits: int) -> pyvips.Image:
    return (image + (1 << bits - 1)).cast("uchar" if bits == 8 else "ushort")


def _from_zero(image: pyvips.Image, bits: int) -> pyvips.Image:
    factor = ((1 << bits) - 1) / ((1 << bits - 1) - 1)
    return (image * factor + 0.5).cast("uchar" if bits == 8 else "ushort")


def _tagged(image: pyvips.Image, space: str) -> pyvips.Image:
    """Return the image with the interpretation of its family for its format."""
    if space in ("cmyk", "scrgb"):
        return image.copy(interpretation=space)
    wide = image.format == "ushort"
    if _COLORS[space] == 1:
        return image.copy(interpretation="grey16" if wide else "b-w")
    return image.copy(interpretation="rgb16" if wide else "srgb")


def _eight_bits(image: pyvips.Image) -> pyvips.Image:
    """CMYK in 8 bits: libvips takes its alpha for one of 0–255."""
    return (image >> 8).cast("uchar").copy(interpretation="cmyk")


def _lab(color: pyvips.Image, alpha: pyvips.Image | None) -> pyvips.Image:
    """Lab with further channels as RGB; alpha is 16 bits, of which libvips made a number with a sign."""
    rgb = color.colourspace("rgb16")
    if rgb.get_typeof("icc-profile-data"):
        rgb = rgb.copy()
        rgb.remove("icc-profile-data")
    if alpha is not None:
        rgb = rgb.bandjoin((alpha.cast("int") & 0xFFFF).cast("ushort")).copy(interpretation="rgb16")
    return rgb


def _multiband(image: pyvips.Image) -> pyvips.Image:
    """Inks without a name: the first is taken for grey, three or more for RGB."""
    color = image.extract_band(0, n=1 if image.bands < 3 else 3)
    color, _ = _plain(color, None, linear=False)
    return _tagged(color, "b-w" if color.bands == 1 else "srgb")
