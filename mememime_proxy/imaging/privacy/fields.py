"""Metadata fields of libvips' images: what tells a location or a serial number is removed before they are encoded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pyvips

from mememime_proxy.imaging.metadata import set_blob
from mememime_proxy.imaging.privacy import exif, iptc, xmp

_GPS_DIRECTORY: Final = "exif-ifd3-"
_TAGS: Final = tuple(
    f"-{tag}"
    for tag in ("GPSInfo", "MakerNote", "ImageUniqueID", "CameraOwnerName", "BodySerialNumber", "LensSerialNumber")
)
_PNG_PROFILE: Final = "Raw profile type"
"""Part of the name of a PNG's text that holds EXIF, XMP or IPTC."""


def without_private(image: pyvips.Image) -> pyvips.Image:
    """Return the image with its metadata, but without locations and serial numbers."""
    image = image.copy()
    for name in image.get_fields():
        if name.startswith(_GPS_DIRECTORY) or name.endswith(_TAGS) or _PNG_PROFILE in name:
            image.remove(name)
    for name, reduce in _BLOCKS.items():
        if image.get_typeof(name):
            block: Any = image.get(name)
            image.remove(name)
            if reduced := reduce(block):
                set_blob(image, name, reduced)
    return image


def reduce_block(name: str, block: bytes) -> bytes:
    """Return a block of metadata, by the name that libvips has for it, without locations and serial numbers."""
    return _BLOCKS[name](block)


def _exif(block: bytes) -> bytes:
    changed = bytearray(block)
    return bytes(changed) if exif.remove_private(changed) else b""


def _iptc(block: bytes) -> bytes:
    """Return bare records, or Photoshop's resources, without places."""
    changed = bytearray(block)
    if block.startswith((iptc.PHOTOSHOP_ID, b"8BIM")):
        iptc.erase_resources(changed, 0, len(changed))
    else:
        iptc.erase_records(changed, 0, len(changed))
    return bytes(changed)


_BLOCKS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "exif-data": _exif,
    "xmp-data": xmp.without_private,
    "iptc-data": _iptc,
    "photoshop-data": _iptc,
}
