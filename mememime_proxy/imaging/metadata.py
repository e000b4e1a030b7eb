"""Metadata of a result: none, or only author and rights.

Encoders get flags for the metadata (``keep_flags``), so that an image without anything to keep costs no operation here.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import Any

import pyvips
from lxml import etree

from mememime_proxy.imaging import iptc, xmp
from mememime_proxy.plan import Plan

MILLIMETRES_PER_INCH = 25.4

_EXIF = "exif-data"
_EXIF_ID = b"Exif\0\0"
_EXIF_TAGS = frozenset({0x013B, 0x8298})
_ASCII = 2
_TEXT_KINDS = frozenset({_ASCII, 129})  # UTF-8 has a type of its own since EXIF 3.0
_MAX_TAGS = 512
_EXIF_RIGHTS = ("exif-ifd0-Copyright", "exif-ifd0-Artist")
_ICC = "icc-profile-data"
_ALWAYS_REMOVED = ("orientation",)
_ANIMATION = ("delay", "loop", "n-pages", "page-height")
_SAME_RESOLUTION = 0.01
KEEP_EXIF, KEEP_XMP, KEEP_IPTC, KEEP_ICC, KEEP_OTHER, KEEP_GAIN_MAP = 1, 2, 4, 8, 16, 32
"""libvips' VipsForeignKeep."""

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_DC = "http://purl.org/dc/elements/1.1/"
_XMP_NAMES = frozenset(f"{{{_DC}}}{name}" for name in ("rights", "contributor", "creator", "publisher"))
_MAX_DESCRIPTIONS = 128
"""Of an XMP packet: editors write one for each namespace at most. All namespaces in scope are copied for each."""
_XMP_NAMESPACES = ("{http://ns.adobe.com/xap/1.0/rights/}", "{http://creativecommons.org/ns#}")

_IPTC_RIGHTS = frozenset({(2, 80), (2, 110), (2, 116)})
"""By-line, credit, copyright notice; IPTC IIM 4.2."""


def strip(
    image: pyvips.Image, *, keep_copyright: bool, keep_icc: bool, animated: bool, dpi: float = 72.0
) -> pyvips.Image:
    """Return the image ready to be saved with ``keep_flags``: of ``dpi``, telling nothing of its original.

    Author and rights are left with ``keep_copyright``.

    The colour profile goes unless ``keep_icc``, delays and loops of frames go unless ``animated``. An image that has
    nothing of all this is returned as it is.
    """
    rights = _rights(image) if keep_copyright else {}
    unwanted = [name for name in _ALWAYS_REMOVED if image.get_typeof(name)]
    if not keep_icc and image.get_typeof(_ICC):
        unwanted.append(_ICC)
    if not animated:
        unwanted += [name for name in _ANIMATION if image.get_typeof(name)]
    resolution = dpi / MILLIMETRES_PER_INCH
    if not (rights or unwanted) and abs(image.xres - resolution) < _SAME_RESOLUTION:
        return image
    image = image.copy(xres=resolution, yres=resolution)
    if rights:
        unwanted += [name for name in image.get_fields() if _tells_of_original(name)]
    for name in unwanted:
        image.remove(name)
    for name, blob in rights.items():
        image.remove(name)
        if blob:
            set_blob(image, name, blob)
    return image


def blob_of(image: pyvips.Image, name: str) -> bytes | None:
    """Return bytes attached to an image; None where it has none of that name."""
    blob: bytes | None = image.get(name) if image.get_typeof(name) else None  # type: ignore[assignment]
    return blob


def set_blob(image: pyvips.Image, name: str, blob: bytes) -> None:
    """Attach bytes to an image that is not shared."""
    image.set_type(pyvips.GValue.blob_type, name, blob)  # type: ignore[arg-type]  # bytes are missing in its stubs


def _tells_of_original(name: str) -> bool:
    """Return an EXIF tag that does not name author or rights, or the block that has all of them and a thumbnail."""
    return (name.startswith("exif-") and name not in _EXIF_RIGHTS) or name == "jpeg-thumbnail-data"


def keep_flags(image: pyvips.Image, plan: Plan) -> int:
    """Return libvips' flags for the metadata that an encoder writes, after ``strip`` where the plan asks for it."""
    flags = 0 if plan.strip_color_profile and not plan.saving.color_profile else KEEP_ICC
    if plan.preserve_hdr:
        flags |= KEEP_GAIN_MAP
    if not plan.strip_metadata:
        return flags | KEEP_EXIF | KEEP_XMP | KEEP_IPTC | KEEP_OTHER
    if plan.keep_copyright:
        if any(image.get_typeof(name) for name in _EXIF_RIGHTS):
            flags |= KEEP_EXIF
        if image.get_typeof("xmp-data"):
            flags |= KEEP_XMP
        if image.get_typeof("iptc-data"):
            flags |= KEEP_IPTC
    return flags


def _rights(image: pyvips.Image) -> dict[str, bytes]:
    """Return the reduced blocks of metadata by their names, empty where nothing is left; no block, nothing to do."""
    rights: dict[str, bytes] = {}
    for name, reduce in _REDUCED.items():
        if image.get_typeof(name):
            if name == _EXIF and not any(image.get_typeof(field) for field in _EXIF_RIGHTS):
                continue  # as in nearly every photograph; no encoder keeps it
            block: Any = image.get(name)
            rights[name] = reduce(block)
    return rights


def exif_rights(block: bytes) -> bytes:
    """Return an EXIF block with only the artist and the copyright notice of ``block``; empty where there are none.

    TIFF 6.0, section 2; EXIF 3.0, 4.6.5. A tag that is broken counts as not there.
    """
    tiff = block.removeprefix(_EXIF_ID)
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return b""
    texts: dict[int, bytes] = {}
    try:
        (directory,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, directory)
        for at in range(directory + 2, directory + 2 + 12 * min(count, _MAX_TAGS), 12):
            tag, kind, length = struct.unpack_from(f"{order}HHI", tiff, at)
            if tag in _EXIF_TAGS and kind in _TEXT_KINDS and tag not in texts:
                (start,) = struct.unpack_from(f"{order}I", tiff, at + 8)
                start = at + 8 if length <= 4 else start
                text = tiff[start : start + length]
                if len(text) == length:
                    texts[tag] = text
    except struct.error:
        pass
    return _exif_block(sorted(texts.items())) if texts else b""


def _exif_block(texts: list[tuple[int, bytes]]) -> bytes:
    """Return a block of ASCII tags: header, directory, values.

    A value of four bytes or fewer stands in the directory.
    """
    start = 8 + 2 + 12 * len(texts) + 4
    directory, values = struct.pack("<2sHIH", b"II", 42, 8, len(texts)), b""
    for tag, text in texts:
        place = text.ljust(4, b"\0") if len(text) <= 4 else struct.pack("<I", start + len(values))
        directory += struct.pack("<HHI", tag, _ASCII, len(text)) + place
        values += text + bytes(len(text) % 2) if len(text) > 4 else b""
    return _EXIF_ID + directory + bytes(4) + values


def xmp_rights(packet: bytes) -> bytes:
    """Return an XMP packet with only the properties of ``packet`` about author and rights; empty where there are none.

    A packet that is not valid, or is in many parts, counts as one without. ISO 16684-1.
    """
    root = xmp.parse(packet, remove_comments=True)
    if root is None:
        return b""
    top = next(root.iter(f"{{{_RDF}}}RDF"), root)
    descriptions = top.findall(f"{{{_RDF}}}Description")
    if len(descriptions) > _MAX_DESCRIPTIONS:
        return b""
    rdf = etree.Element(f"{{{_RDF}}}RDF", nsmap={"rdf": _RDF})
    for description in descriptions:
        reduced = etree.SubElement(rdf, f"{{{_RDF}}}Description", nsmap=_without_default(description.nsmap))
        reduced.set(f"{{{_RDF}}}about", description.get(f"{{{_RDF}}}about", ""))
        for name, value in description.attrib.items():
            if _about_rights(str(name)):
                reduced.set(name, value)
        reduced.extend([child for child in description if _about_rights(str(child.tag))])
        if len(reduced) == 0 and len(reduced.attrib) == 1:
            rdf.remove(reduced)
    if len(rdf) == 0:
        return b""
    etree.cleanup_namespaces(rdf)
    meta = etree.tostring(rdf, encoding="utf-8", xml_declaration=False)
    return b'<x:xmpmeta xmlns:x="adobe:ns:meta/">' + meta + b"</x:xmpmeta>"


def _without_default(namespaces: Mapping[str | None, str]) -> dict[str, str]:
    """Without the default namespace, which RDF has no use for."""
    return {prefix: uri for prefix, uri in namespaces.items() if prefix}


def _about_rights(name: str) -> bool:
    return name in _XMP_NAMES or name.startswith(_XMP_NAMESPACES)


def iptc_rights(block: bytes) -> bytes:
    """Return an IPTC block with only by-line, credit and copyright notice; empty where there is none of them.

    Bare or wrapped in Photoshop's resources, as it came.
    """
    wrapped = block.startswith(iptc.PHOTOSHOP_ID)
    charset, rights = b"", list[bytes]()
    for number, raw in iptc.records(iptc.resource(block, iptc.RESOURCE) if wrapped else block):
        if number in _IPTC_RIGHTS:
            rights.append(raw)
        elif number == iptc.CHARSET:
            charset = raw
    if not rights:
        return b""
    reduced = b"".join((charset, *rights))
    if not wrapped:
        return reduced
    head = struct.pack(">4sHHI", b"8BIM", iptc.RESOURCE, 0, len(reduced))
    return b"".join((iptc.PHOTOSHOP_ID, head, reduced, bytes(len(reduced) % 2)))


_REDUCED: dict[str, Callable[[bytes], bytes]] = {_EXIF: exif_rights, "xmp-data": xmp_rights, "iptc-data": iptc_rights}
"""By the name of the block in libvips: what makes it one of rights only."""
