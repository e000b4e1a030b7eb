"""What a result in sRGB says of its colours: nothing that belongs to those of its original.

EXIF names a colour space in several tags, Photoshop's resources and XMP name or hold a profile. Where metadata is kept,
these would contradict the pixels.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import pyvips
from lxml import etree

from mememime_proxy.imaging.metadata import blob_of, set_blob

HDR_FIELD = "mememime-hdr"
"""On an image whose samples stay HDR: colour primaries and transfer characteristics of H.273, for its encoder."""

_EXIF_FIELDS = (
    "exif-ifd0-WhitePoint",
    "exif-ifd0-PrimaryChromaticities",
    "exif-ifd0-TransferFunction",
    "exif-ifd2-ColorSpace",
    "exif-ifd2-Gamma",
)
_INTEROPERABILITY, _INDEX = "exif-ifd4-", "exif-ifd4-InteroperabilityIndex"
_INDEX_OF_SRGB = "R98"
"""DCF's basic files, which are in sRGB."""
_SRGB = "1 "
"""How libvips begins the text of the EXIF colour space sRGB."""
_PHOTOSHOP_FIELDS = ("iptc-data", "photoshop-data")
_PHOTOSHOP_ID = b"Photoshop 3.0\x00"
_RESOURCE = b"8BIM"
_COLOR_RESOURCES = frozenset({0x040F, 0x0411})
"""The ICC profile, and that there is none on purpose; Adobe Photoshop File Formats, "Image Resource IDs"."""
_XMP_FIELD = "xmp-data"
_XMP_NAMES = frozenset({
    "{http://ns.adobe.com/photoshop/1.0/}ICCProfile",
    "{http://ns.adobe.com/exif/1.0/}ColorSpace",
    "{http://cipa.jp/exif/1.0/}Gamma",
    "{http://ns.adobe.com/exif/1.0/}Gamma",
    "{http://cipa.jp/exif/1.0/}InteroperabilityIndex",
    "{http://ns.adobe.com/tiff/1.0/}WhitePoint",
    "{http://ns.adobe.com/tiff/1.0/}PrimaryChromaticities",
    "{http://ns.adobe.com/tiff/1.0/}TransferFunction",
})  # fmt: skip
_XMP_WORDS = (b"ICCProfile", b"ColorSpace", b"Gamma", b"Interoperability", b"WhitePoint", b"Primary", b"TransferF")
_MAX_XMP_LENGTH = 1024 * 1024


def hdr_code_points(image: pyvips.Image) -> tuple[int, int] | None:
    """Return colour primaries and transfer characteristics of an image whose samples stay HDR; None for all others."""
    if not image.get_typeof(HDR_FIELD):
        return None
    code_points: Any = image.get(HDR_FIELD)
    primaries, transfer = code_points
    return primaries, transfer


def without_color_tags(image: pyvips.Image) -> pyvips.Image:
    """Return an image in sRGB without the metadata that describes other colours; the rest of its metadata stays.

    A packet of XMP that cannot be read goes as a whole if it has words of colour in it.
    """
    unwanted = [name for name in _EXIF_FIELDS if image.get_typeof(name)]
    if len(unwanted) == 1 and unwanted[0] == "exif-ifd2-ColorSpace" and str(image.get(unwanted[0])).startswith(_SRGB):
        unwanted = []
    blobs: dict[str, bytes] = {}
    for name in _PHOTOSHOP_FIELDS:
        _keep_if_changed(blobs, image, name, without_color_resources)
    _keep_if_changed(blobs, image, _XMP_FIELD, without_color_properties)
    if image.get_typeof(_INDEX) and not str(image.get(_INDEX)).startswith(_INDEX_OF_SRGB):
        unwanted += [name for name in image.get_fields() if name.startswith(_INTEROPERABILITY)]
    if not (unwanted or blobs):
        return image
    image = image.copy()
    for name in (*unwanted, *blobs):
        image.remove(name)
    for name, blob in blobs.items():
        if blob:
            set_blob(image, name, blob)
    return image


def _keep_if_changed(blobs: dict[str, bytes], image: pyvips.Image, name: str, change: Callable[[bytes], bytes]) -> None:
    old = blob_of(image, name)
    if old is not None and (new := change(old)) != old:
        blobs[name] = new


def without_color_resources(block: bytes) -> bytes:
    """Return Photoshop's image resources, with or without their signature, without those of colour.

    What is no resource ends the list and is kept as it is.
    """
    start = len(_PHOTOSHOP_ID) if block.startswith(_PHOTOSHOP_ID) else 0
    parts, at = [block[:start]], start
    while at + 12 <= len(block) and block[at : at + 4] == _RESOURCE:
        (number,) = struct.unpack_from(">H", block, at + 4)
        name_length = block[at + 6] + 1
        body = at + 6 + name_length + name_length % 2
        if body + 4 > len(block):
            break
        (length,) = struct.unpack_from(">I", block, body)
        end = min(len(block), body + 4 + length + length % 2)
        if number not in _COLOR_RESOURCES:
            parts.append(block[at:end])
        at = end
    parts.append(block[at:])
    joined = b"".join(parts)
    return b"" if joined == _PHOTOSHOP_ID else joined


def without_color_properties(packet: bytes) -> bytes:
    """Return an XMP packet without the properties that describe colours; ISO 16684-1.

    Empty where the packet has such words, but cannot be read.
    """
    if not any(word in packet for word in _XMP_WORDS):
        return packet
    if len(packet) > _MAX_XMP_LENGTH:
        return b""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(packet.strip(b"\x00 \t\r\n"), parser)
    except (etree.XMLSyntaxError, ValueError):
        return b""
    changed = False
    for element in list(root.iter()):
        for name in [name for name in element.attrib if str(name) in _XMP_NAMES]:
            del element.attrib[name]
            changed = True
        parent = element.getparent()
        if parent is not None and str(element.tag) in _XMP_NAMES:
            parent.remove(element)
            changed = True
    return etree.tostring(root, encoding="utf-8", xml_declaration=False) if changed else packet
