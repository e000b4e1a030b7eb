"""XMP packets as trees of elements, within limits that no packet of a camera or an editor reaches. ISO 16684-1."""

from __future__ import annotations

import codecs
import re
from typing import Final

from lxml import etree

MAX_LENGTH: Final = 1 << 20
"""Bytes of a packet."""
MAX_TAGS: Final = 100_000
"""Start and end tags together: each element takes microseconds."""
MAX_NAMESPACES: Final = 512
"""Declarations: lxml goes through those in scope for each element that is made."""
MAX_ATTRIBUTES: Final = 1024
"""Attributes of one element: libxml2 goes through them for each one that is set or removed."""
_DOCTYPE: Final = re.compile(rb"<!DOCTYPE")
_SPACE: Final = b"\0 \t\r\n"


def parse(packet: bytes, *, remove_comments: bool = False) -> etree._Element | None:
    """Return the root element of a packet; None for one that is not valid, or over a limit.

    Time and memory are linear in the bytes: there are no entities and no default attributes, as there is no DTD.
    """
    if len(packet) > MAX_LENGTH:
        return None
    content = _utf8(packet)
    if _DOCTYPE.search(content) or content.count(b"<") > MAX_TAGS or content.count(b"xmlns") > MAX_NAMESPACES:
        return None
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=remove_comments,
        remove_pis=remove_comments,
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    if content.count(b"=") > MAX_ATTRIBUTES and any(
        len(element.attrib) > MAX_ATTRIBUTES for element in root.iter(etree.Element)
    ):
        return None
    return root


def _utf8(packet: bytes) -> bytes:
    """Return the packet without padding in UTF-8, the encoding of nearly all; a declared encoding does not count."""
    name = _wide_encoding(packet)
    if name:
        packet = packet[: len(packet) & ~1].decode(name, "replace").encode()
    return packet.strip(_SPACE).removeprefix(codecs.BOM_UTF8).strip(_SPACE)


def _wide_encoding(packet: bytes) -> str:
    """Return the encoding of a packet of two bytes a character, by its first ones; empty for any other."""
    if packet[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16"
    first, second, third = (packet[at : at + 1] == b"\0" for at in range(3))
    if first == second or first != third:
        return ""
    return "utf-16-be" if first else "utf-16-le"
