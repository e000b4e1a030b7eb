"""Colour management: to_processing before the geometry, to_result after it.

Pictures in RGB or grey are worked on as they are, profile or not; only at the end they are brought to sRGB, when that
is few pixels. Other spaces (CMYK, Lab) go through their profile at once.
"""

from __future__ import annotations

import logging
from dataclasses import replace

import pyvips

from mememime_proxy.formats import FORMATS
from mememime_proxy.imaging.picture import ICC_FIELD, Picture, profile, with_metadata

_log = logging.getLogger(__name__)

_UNMANAGED = frozenset({"srgb", "rgb", "rgb16", "scrgb", "b-w", "grey16"})
"""Spaces whose profile is left alone until the end."""
_GREY = frozenset({"b-w", "grey16"})
_SIXTEEN_BITS = frozenset({"ushort", "short", "uint", "int"})
_CMYK_FORMATS = frozenset({"jpeg", "tiff"})
_PROFILE_FIELDS = (ICC_FIELD, "exif-ifd0-WhitePoint", "exif-ifd0-PrimaryChromaticities", "exif-ifd2-ColorSpace")

_HEADER_LENGTH = 128
_SRGB_HEADER = (  # offset and bytes in the header of "sRGB IEC61966-2.1"; ICC.1:2022, 7.2
    (8, b"\x02\x10\x00\x00"),  # version 2.1
    (16, b"RGB "),
    (24, b"\x07\xce\x00\x02\x00\x09"),  # 1998-02-09
    (48, b"IEC "),  # manufacturer
    (52, b"sRGB"),  # model
    (80, b"HP  "),  # creator
)


def is_srgb(icc: bytes) -> bool:
    """Whether a profile is the usual "sRGB IEC61966-2.1", by its header: converting from it would change nothing."""
    return len(icc) >= _HEADER_LENGTH and all(icc.startswith(value, offset) for offset, value in _SRGB_HEADER)


def _pcs(icc: bytes) -> str:
    """Return the connection space that the profile is made for."""
    return "xyz" if icc[20:24] == b"XYZ " else "lab"


def to_processing(picture: Picture) -> Picture:
    """Return the picture in the space that the steps work in: sRGB or grey, in 16 bits only where they are kept."""
    image = picture.image
    space = str(image.interpretation)
    icc = picture.icc or profile(image)
    if icc is not None:
        picture = replace(picture, icc=icc)
    if space in ("srgb", "b-w", "rgb"):
        return picture.with_image(image)
    if space == "scrgb":
        picture = replace(picture, icc=None)
        image = _without_profile(image)
    elif space not in _UNMANAGED:
        image, picture = _imported(image, picture)
    return picture.with_image(_in_space(image, _processing_space(space, keeps_hdr=picture.keeps_hdr)))


def _processing_space(space: str, *, keeps_hdr: bool) -> str:
    if space in _GREY:
        return "grey16" if keeps_hdr and space == "grey16" else "b-w"
    if space == "cmyk" or not keeps_hdr:
        return "srgb"
    return "rgb16"


def _in_space(image: pyvips.Image, space: str) -> pyvips.Image:
    return image if image.interpretation == space else image.colourspace(space)


def _imported(image: pyvips.Image, picture: Picture) -> tuple[pyvips.Image, Picture]:
    """Return the image in its profile's connection space; unchanged if it has no profile or a broken one."""
    if picture.icc is None or len(picture.icc) < _HEADER_LENGTH or image.format not in ("uchar", "ushort"):
        return image, picture
    try:
        return image.icc_import(embedded=True, pcs=_pcs(picture.icc)), replace(picture, imported=True)
    except pyvips.Error as error:
        _log.debug("color_profile.ignored", exc_info=error)
        return image, picture


def to_linear(picture: Picture) -> Picture:
    """Return the picture in linear light (scRGB), through its profile."""
    image = picture.image
    if not picture.imported and picture.icc is not None and not is_srgb(picture.icc):
        image, picture = _imported(image, picture)
    return picture.with_image(image.colourspace("scrgb"))


def to_result(picture: Picture) -> Picture:
    """Return the picture in the colours of the file.

    These are of its own profile where the plan keeps that and the format can hold it, else sRGB.
    """
    icc = picture.icc
    if icc is None:
        return picture
    image = picture.image
    keep = not picture.plan.strip_color_profile and FORMATS[picture.format].icc
    if picture.imported:
        keep = keep and (icc[16:20] != b"CMYK" or picture.format in _CMYK_FORMATS)
        if keep:
            image = _exported(_with_profile(image, icc), icc)
    elif keep:
        image = _with_profile(image, icc)
    elif not is_srgb(icc):
        image = _transformed(_with_profile(image, icc), icc)
    return picture.with_image(image if keep else _without_profile(image))


def _depth(image: pyvips.Image) -> int:
    return 16 if image.format in _SIXTEEN_BITS else 8


def _exported(image: pyvips.Image, icc: bytes) -> pyvips.Image:
    return image.icc_export(pcs=_pcs(icc), depth=_depth(image))


def _transformed(image: pyvips.Image, icc: bytes) -> pyvips.Image:
    """Return the image in sRGB, or grey with sRGB's curve; unchanged if its profile is broken."""
    if len(icc) < _HEADER_LENGTH or image.format not in ("uchar", "ushort"):
        return image
    target = "sgrey" if image.interpretation in _GREY else "srgb"
    try:
        return image.icc_transform(target, embedded=True, pcs=_pcs(icc), depth=_depth(image))
    except pyvips.Error as error:
        _log.debug("color_profile.ignored", exc_info=error)
        return image


def _with_profile(image: pyvips.Image, icc: bytes) -> pyvips.Image:
    """Return the image with its profile attached: some conversions lose it."""
    if profile(image) == icc:
        return image
    return with_metadata(image, {ICC_FIELD: icc})


def _without_profile(image: pyvips.Image) -> pyvips.Image:
    present = [name for name in _PROFILE_FIELDS if image.get_typeof(name)]
    if not present:
        return image
    image = image.copy()
    for name in present:
        image.remove(name)
    return image
