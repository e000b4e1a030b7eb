"""XMP: properties that tell a place or a serial number leave a packet. ISO 16684-1; namespaces of Adobe, CIPA, IPTC."""

from __future__ import annotations

import re
from typing import Final

from lxml import etree

from mememime_proxy.imaging.xmp import parse

_PRIVATE: Final = re.compile(
    r"gps|latitude|longitude|altitude|geotag|serial|ownername|imageuniqueid|uniquecameraid|makernote", re.IGNORECASE
)
"""Parts of property names, in any namespace: makers of drones and telephones have their own."""
_PLACES: Final = frozenset({
    "{http://ns.adobe.com/photoshop/1.0/}City",
    "{http://ns.adobe.com/photoshop/1.0/}State",
    "{http://ns.adobe.com/photoshop/1.0/}Country",
    "{http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/}Location",
    "{http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/}CountryCode",
    "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}LocationCreated",
    "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}LocationShown",
})  # fmt: skip
_HEADER: Final = re.compile(rb"\A\s*<\?xpacket[^>]*\?>")
_TRAILER_START: Final = b"<?xpacket end"


def without_private(packet: bytes) -> bytes:
    """Return the packet without private properties, of the same length: padded as writers of XMP pad packets.

    A packet that cannot be parsed, or would be longer, becomes blank. One without private properties stays as it is.
    """
    root = parse(packet)
    if root is None:
        return b" " * len(packet)
    if not _remove(root):
        return packet
    content = packet.strip(b"\0 \t\r\n")
    header, trailer = _HEADER.search(content), content.rfind(_TRAILER_START)
    body = (header.group().strip() if header else b"") + etree.tostring(root, encoding="utf-8", xml_declaration=False)
    end = content[trailer:] if trailer >= 0 and content.endswith(b"?>") else b""
    if len(body) + len(end) > len(packet):
        return b" " * len(packet)
    return body + b" " * (len(packet) - len(body) - len(end)) + end


def _remove(root: etree._Element) -> bool:
    """Remove private properties below ``root``; return whether there were any."""
    found = False
    for element in list(root.iter(etree.Element)):
        for name in [name for name in element.attrib if _is_private(str(name))]:
            del element.attrib[name]
            found = True
        parent = element.getparent()
        if parent is not None and _is_private(str(element.tag)):
            # Text behind it is white space between properties.
            parent.remove(element)
            found = True
    return found


def _is_private(name: str) -> bool:
    return name in _PLACES or _PRIVATE.search(name.rpartition("}")[2]) is not None
