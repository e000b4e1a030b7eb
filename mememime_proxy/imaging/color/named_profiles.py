"""Conversion of a result to a profile that its URL names."""

from __future__ import annotations

from typing import Final

import pyvips

from mememime_proxy.color.profile_files import BUILT_IN, read_profiles
from mememime_proxy.errors import UnsupportedFormatError
from mememime_proxy.imaging.color.icc import color_space, connection_space
from mememime_proxy.imaging.color.working_space import GREY, depth, with_profile

CMYK_FORMATS: Final = frozenset({"jpeg", "tiff", "pdf"})
"""Formats that hold CMYK."""


def to_named_profile(image: pyvips.Image, name: str, format_: str, folder: str) -> pyvips.Image:
    """Return an image in sRGB, or grey with its curve, in the colours of a profile, which is attached to it.

    ``name``: ``srgb``, ``cmyk`` or that of a file in ``folder``. Raises UnsupportedFormatError for a profile that
    cannot be applied, and for CMYK in a format that does not hold it.
    """
    icc = None if name in BUILT_IN else read_profiles(folder).get(name)
    is_cmyk = name == "cmyk" or (icc is not None and color_space(icc) == b"CMYK")
    if (icc is None and name not in BUILT_IN) or (is_cmyk and format_ not in CMYK_FORMATS):
        raise UnsupportedFormatError(f"color_profile: {name!r} cannot be the profile of {format_}")
    if image.interpretation in GREY:
        image = image.colourspace("rgb16" if image.interpretation == "grey16" else "srgb")
    if icc is None:
        return image.icc_transform(name, input_profile="srgb", depth=depth(image))
    space = connection_space(icc)
    try:
        imported = image.icc_import(input_profile="srgb", pcs=space)
        return with_profile(imported, icc).icc_export(pcs=space, depth=depth(image))
    except pyvips.Error as error:
        raise UnsupportedFormatError(f"color_profile: {name!r} cannot be applied") from error
