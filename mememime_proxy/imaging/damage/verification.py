"""Verification that an original is whole: decoders report less than all that is missing or wrong."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final

from mememime_proxy.errors import BrokenImageError
from mememime_proxy.imaging.damage import gif, heif, jpeg, png, tiff, webp
from mememime_proxy.imaging.gate.header import Buffer, ImageHeader

_CHECKS: Final[dict[str, Callable[[memoryview, ImageHeader], None]]] = {
    "jpeg": jpeg.verify,
    "png": png.verify,
    "webp": webp.verify,
    "gif": gif.verify,
    "tiff": tiff.verify,
    "avif": heif.verify,
    "heic": heif.verify,
}


def verify(data: Buffer, header: ImageHeader) -> None:
    """Raise BrokenImageError, with what is missing, unless the original that passed the gate is whole.

    The structure is read and checksums are compared; nothing is decoded. Time is proportional to the bytes. What has
    neither checksum nor code, such as the rows of a BMP, cannot be told from a picture that is meant to look like that.
    """
    check = _CHECKS.get(header.format)
    if check is None:
        return
    try:
        check(memoryview(data), header)
    except (struct.error, IndexError) as error:
        raise BrokenImageError(f"{header.format} that ends too soon") from error
