"""XMP packets as properties: by the prefix of their namespace and their name. ISO 16684-1, 7."""

from __future__ import annotations

from typing import Final

from lxml import etree

from mememime_proxy.imaging import xmp

Properties = dict[str, dict[str, str | list[str]]]

_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_XML: Final = "http://www.w3.org/XML/1998/namespace"
_ARRAYS: Final = frozenset({f"{{{_RDF}}}Bag", f"{{{_RDF}}}Seq"})
_ALTERNATIVES: Final = f"{{{_RDF}}}Alt"
_LANGUAGE: Final = f"{{{_XML}}}lang"
_RESOURCE: Final = f"{{{_RDF}}}resource"
_MAX_PROPERTIES: Final = 1000


def xmp_properties(packet: bytes) -> Properties:
    """Return the properties of a packet: a text, a list for an array; of texts in several languages the default one.

    Structures are left out, and a packet that is not valid has no properties.
    """
    properties: Properties = {}
    root = xmp.parse(packet, remove_comments=True)
    if root is None:
        return properties
    left = _MAX_PROPERTIES
    for rdf in root.iter(f"{{{_RDF}}}RDF"):
        for description in rdf.findall(f"{{{_RDF}}}Description"):
            prefixes = {uri: prefix for prefix, uri in description.nsmap.items() if prefix}
            for name, text in description.attrib.items():
                left -= _add(properties, str(name), str(text), prefixes)
            for child in description:
                value = _value(child)
                if value:
                    prefixes_of_child = {uri: prefix for prefix, uri in child.nsmap.items() if prefix}
                    left -= _add(properties, str(child.tag), value, prefixes_of_child)
                if left <= 0:
                    return properties
    return properties


def _add(properties: Properties, name: str, value: str | list[str], prefixes: dict[str, str]) -> int:
    """Add a property, unless its name is of RDF or XML itself; return how many were added."""
    uri, _, local = name.removeprefix("{").rpartition("}")
    prefix = prefixes.get(uri)
    if prefix is None or uri in (_RDF, _XML):
        return 0
    properties.setdefault(prefix, {}).setdefault(local, value)
    return 1


def _value(element: etree._Element) -> str | list[str]:
    """Return what a property says; empty for a structure."""
    if len(element) == 0:
        return str(element.get(_RESOURCE) or (element.text or "").strip())
    array = element[0]
    if array.tag in _ARRAYS:
        return [text for item in array if (text := _simple(item))]
    if array.tag == _ALTERNATIVES:
        default = [item for item in array if item.get(_LANGUAGE) == "x-default"] or list(array)
        return _simple(default[0]) if default else ""
    return ""


def _simple(element: etree._Element) -> str:
    return (element.text or "").strip() if len(element) == 0 else ""
