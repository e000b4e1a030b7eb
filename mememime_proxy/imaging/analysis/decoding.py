"""The first frame of an original, decoded to its last pixel, and the small copy from which facts are found out."""

from __future__ import annotations

import math
from typing import Final

import pyvips

from mememime_proxy.geometry.geometry import Rotation
from mememime_proxy.imaging.analysis.small_picture import SmallPicture
from mememime_proxy.imaging.codecs.load import OriginalImage
from mememime_proxy.imaging.color.working_space import srgb_of
from mememime_proxy.imaging.orientation import rotate_upright
from mememime_proxy.imaging.picture import single_frame

_SMALL: Final = 128
"""Longest side of the small copy."""


def decode_all(original: OriginalImage, page: int = 0) -> tuple[pyvips.Image, SmallPicture]:
    """Return a frame, the first one by default, and a small copy in memory: upright, sRGB, 8 bits.

    All of its pixels have been decoded.
    """
    original.check_cost(0)
    image = single_frame(original.load(page=page))
    small = image
    factor = math.ceil(max(image.width, image.height) / _SMALL)
    if original.vector:
        # A drawing is parsed completely at any scale.
        original.check_cost(1 / max(1, factor))
        small = original.load(scale=1 / factor) if factor > 1 else image
    elif factor > 1:
        kind = image.format
        alpha = image.hasalpha()
        small = image.premultiply() if alpha else image
        # The mean of whole blocks, the last ones filled up: no row is left out, so that all are decoded.
        small = small.shrink(factor, factor, ceil=True)
        small = small.unpremultiply().cast(kind) if alpha else small
    # To memory, since a decoder delivers its rows once; a broken file raises here.
    small = srgb_of(small.copy_memory())
    small = rotate_upright(small, Rotation.from_orientation(original.header.orientation))
    small = small if small.format == "uchar" else small.cast("uchar")
    return image, SmallPicture(small.width, small.height, bytes(small.write_to_memory()))
