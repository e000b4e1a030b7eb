"""What the samples of a decoded original mean, as a colour profile: the one place that decides.

In this order: ``cICP`` of PNG, before which the loader has taken the profile away; an embedded profile that can be
applied; ``nclx``, or chunks of PNG, or JPEG XL's own encoding, as the gate or the decoder has read them; the colour
space that EXIF names; else sRGB, or grey with its curve, or the CMYK of libvips.
"""

from __future__ import annotations

import pyvips

from mememime_proxy.color.encoding import ColorEncoding
from mememime_proxy.imaging.color import exif_tags
from mememime_proxy.imaging.color.icc import profile_for
from mememime_proxy.imaging.color.working_space import GREY, profile, readable, with_profile, without_profile
from mememime_proxy.imaging.metadata import blob_of

_EXIF_FIELD = "exif-data"
_SAMPLES = frozenset({"srgb", "rgb", "rgb16", "b-w", "grey16"})
"""Spaces that an encoding other than a profile can describe."""


def with_color_profile(
    image: pyvips.Image, encoding: ColorEncoding | None, tiff: memoryview | None = None
) -> pyvips.Image:
    """Return the decoded image with the profile of its samples attached; with none where they are sRGB.

    ``encoding``: what the file says beside a profile. ``tiff``: the file, where it is one, and so its own EXIF block.
    """
    icc = profile(image)
    if icc is not None:
        if readable(icc, image):
            return image
        image = without_profile(image)
    if str(image.interpretation) not in _SAMPLES:
        return image
    encoding = encoding or _exif_encoding(image, tiff)
    if encoding is None or encoding.srgb:
        return image
    return with_profile(image, profile_for(encoding, grey=image.interpretation in GREY))


def _exif_encoding(image: pyvips.Image, tiff: memoryview | None) -> ColorEncoding | None:
    block = blob_of(image, _EXIF_FIELD) or tiff
    return None if block is None else exif_tags.color_encoding(block)
