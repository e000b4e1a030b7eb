"""Colour management: to_processing before the geometry, to_srgb and to_result after it.

Pictures in RGB or grey are worked on as they are, profile or not; only when they have their final size they are brought
to sRGB, when that is few pixels. What URLs and the operator lay on a picture comes after that. Other spaces (CMYK, Lab)
go through their profile at once.
"""

from __future__ import annotations

import logging

import pyvips

from mememime_proxy.formats import FORMATS
from mememime_proxy.imaging.codecs import selection
from mememime_proxy.imaging.color import icc as profiles
from mememime_proxy.imaging.color import tone_mapping
from mememime_proxy.imaging.color.named_profiles import CMYK_FORMATS, to_named_profile
from mememime_proxy.imaging.color.result_tags import HDR_FIELD, without_color_tags
from mememime_proxy.imaging.color.working_space import (
    GREY,
    depth,
    profile,
    readable,
    with_profile,
    without_profile,
)
from mememime_proxy.imaging.image_fields import with_metadata
from mememime_proxy.imaging.picture import Picture

_log = logging.getLogger(__name__)

_UNMANAGED = frozenset({"srgb", "rgb", "rgb16", "scrgb", "b-w", "grey16"})
"""Spaces whose profile is left alone until the end."""


def to_processing(picture: Picture) -> Picture:
    """Return the picture in the space that the steps work in: its own RGB or grey, else sRGB.

    16 bits a channel stay only where they are kept, or where HDR has yet to be tone-mapped.
    """
    image = picture.image
    space = str(image.interpretation)
    icc = picture.icc or profile(image)
    if icc is not None:
        if not (picture.imported or readable(icc, image)):
            icc, image = None, without_profile(image)
        picture = picture.with_changes(icc=icc)
    if space in ("srgb", "b-w", "rgb"):
        return _measured(picture.with_image(image))
    if space == "scrgb":
        picture = picture.with_changes(icc=None)
        image = without_profile(image)
    elif space not in _UNMANAGED:
        image, picture = _imported(image, picture)
    deep = picture.keeps_hdr or (not picture.keeps_profile and picture.working_space.needs_depth)
    return _measured(picture.with_image(_in_space(image, _processing_space(space, deep=deep))))


def _measured(picture: Picture) -> Picture:
    """Return the picture with the peak of its highlights, where it is going to be tone-mapped."""
    encoding = picture.working_space.hdr
    if encoding is None or picture.peak or picture.keeps_profile:
        return picture
    image = picture.image.copy_memory()
    return picture.with_changes(decoded=image, peak=tone_mapping.peak(image, encoding))


def _processing_space(space: str, *, deep: bool) -> str:
    if space in GREY:
        return "grey16" if deep and space == "grey16" else "b-w"
    if space == "cmyk" or not deep:
        return "srgb"
    return "rgb16"


def _in_space(image: pyvips.Image, space: str) -> pyvips.Image:
    return image if image.interpretation == space else image.colourspace(space)


def _imported(image: pyvips.Image, picture: Picture) -> tuple[pyvips.Image, Picture]:
    """Return the image in its profile's connection space; unchanged if it has no profile that can be applied."""
    if picture.icc is None or image.format not in ("uchar", "ushort"):
        return image, picture.with_changes(icc=None)
    try:
        pcs = profiles.connection_space(picture.icc)
        return image.icc_import(embedded=True, pcs=pcs), picture.with_changes(imported=True)
    except pyvips.Error as error:
        _log.debug("color_profile.ignored", exc_info=error)
        return image, picture.with_changes(icc=None)


def to_linear(picture: Picture) -> Picture:
    """Return the picture in linear light (scRGB), through its profile; HDR is tone-mapped before."""
    if picture.working_space.hdr is not None:
        picture = _converted(picture)
    image = picture.image
    if not picture.working_space.srgb:
        image, picture = _imported(image, picture)
    return picture.with_image(image.colourspace("scrgb"))


def to_srgb(picture: Picture) -> Picture:
    """Return the picture in sRGB, or grey with its curve, unless the plan and the format keep its own colours."""
    if picture.icc is None or picture.imported:
        return picture
    image = picture.image
    name = selection.format_for_size(
        picture.format, image.width, image.height, alpha=image.hasalpha() and not picture.plan.is_opaque
    )
    if name != picture.format:  # what is too small for AVIF may become a format that cannot keep its colours
        picture = picture.with_changes(format=name)
    return picture if picture.keeps_profile else _converted(picture)


def as_rgb(picture: Picture) -> Picture:
    """Return the picture in colour, because colour is to be laid on it: what is grey comes through its profile."""
    if picture.image.interpretation not in GREY:
        return picture
    picture = _converted(picture)
    image = picture.image
    return picture.with_image(image.colourspace("rgb16" if image.interpretation == "grey16" else "srgb"))


def as_srgb(picture: Picture) -> Picture:
    """Return the picture in sRGB of 8 bits a channel, in colour, with no gain map."""
    picture = _converted(picture)
    return picture.with_changes(decoded=_in_space(picture.image, "srgb"), gain=None)


def _converted(picture: Picture) -> Picture:
    """Return the picture in sRGB, with no profile any more."""
    if picture.imported or picture.icc is None:
        return picture
    space = str(picture.image.interpretation)
    image = without_profile(picture.working_space.to_srgb(picture.image))
    if picture.image.format == "ushort" and not picture.keeps_hdr:
        image = _in_space(image, _processing_space(space, deep=False))
    return picture.with_changes(decoded=image, icc=None)


def to_result(picture: Picture) -> Picture:
    """Return the picture in the colours of the file, and with metadata that says the same of them.

    These are of its own profile where the plan keeps that and the format can hold it, else sRGB.
    """
    named = picture.plan.saving.color_profile
    if named and FORMATS[picture.format].icc:
        folder = picture.config.color_profiles_dir
        image = without_profile(_converted(picture).image)
        return picture.with_image(to_named_profile(image, named, picture.format, folder))
    icc = picture.icc
    image = picture.image
    if icc is not None and picture.keeps_profile:
        encoding = picture.working_space.hdr
        if picture.imported:
            fits = profiles.color_space(icc) != b"CMYK" or picture.format in CMYK_FORMATS
            if fits and (exported := _exported(with_profile(image, icc), icc)) is not None:
                return picture.with_image(exported)
        elif encoding is not None and encoding.code_points and picture.keeps_hdr:
            return picture.with_image(with_metadata(with_profile(image, icc), {HDR_FIELD: list(encoding.code_points)}))
        else:
            return picture.with_image(with_profile(image, icc))
    elif icc is not None:
        image = _converted(picture).image
    image = without_profile(image)
    return picture.with_image(image if picture.plan.strip_metadata else without_color_tags(image))


def _exported(image: pyvips.Image, icc: bytes) -> pyvips.Image | None:
    """Return the image in the space of its profile; None for a profile that has only the way from it."""
    try:
        return image.icc_export(pcs=profiles.connection_space(icc), depth=depth(image))
    except pyvips.Error as error:
        _log.debug("color_profile.ignored", exc_info=error)
        return None
