"""Sanitised SVG: what can do no harm in an ``img`` stays, in the tree itself; what runs, loads or listens is removed.

A drawing that went through here has no script, no event, no document type or entity, and loads nothing but pictures and
fonts that it carries itself. Pictures have passed the gate. Links (``a``) stay: nothing follows them by itself.
"""

from __future__ import annotations

import re
from collections import Counter as Tally
from collections.abc import Callable
from typing import Any, cast

from lxml import etree

from mememime_proxy.imaging.gate.svg import data_uri
from mememime_proxy.imaging.gate.svg.allowlist import (
    ACTIVE_ELEMENTS,
    ACTIVE_NAMESPACES,
    ATTRIBUTES,
    ELEMENTS,
    HTML_ATTRIBUTES,
    HTML_ELEMENTS,
    MATH_ATTRIBUTES,
    MATH_ELEMENTS,
)
from mememime_proxy.imaging.gate.svg.budget import Budget
from mememime_proxy.imaging.gate.svg.css_values import REFERENCE_PROPERTIES, is_plain_value, sanitise_value
from mememime_proxy.imaging.gate.svg.document import SVG_NAMESPACE, XLINK_NAMESPACE
from mememime_proxy.imaging.gate.svg.pictures import EmbeddedPicture
from mememime_proxy.imaging.gate.svg.style_sheets import StyleSheets

_SVG = f"{{{SVG_NAMESPACE}}}"
_HTML = "{http://www.w3.org/1999/xhtml}"
_MATH = "{http://www.w3.org/1998/Math/MathML}"
_XLINK = f"{{{XLINK_NAMESPACE}}}"
_XML = "{http://www.w3.org/XML/1998/namespace}"
_XML_ATTRIBUTES = frozenset({f"{_XML}space", f"{_XML}lang", f"{_XML}id"})
_XLINK_ATTRIBUTES = frozenset({f"{_XLINK}href", f"{_XLINK}title", f"{_XLINK}type", f"{_XLINK}show"})
_HREFS = frozenset({"href", f"{_XLINK}href"})

_ALLOWED = {
    _SVG: (ELEMENTS, ATTRIBUTES),
    _HTML: (HTML_ELEMENTS, HTML_ATTRIBUTES),
    _MATH: (MATH_ELEMENTS, MATH_ATTRIBUTES),
}
_STYLES = frozenset({f"{_SVG}style", f"{_HTML}style"})
_LINKS = frozenset({f"{_SVG}a", f"{_HTML}a"})
_PICTURES = {f"{_SVG}image": _HREFS, f"{_SVG}feImage": _HREFS, f"{_HTML}img": frozenset({"src"})}
_IMAGE = f"{_SVG}image"
_ANIMATIONS = frozenset(
    f"{_SVG}{name}" for name in ("animate", "animateColor", "animateMotion", "animateTransform", "set")
)
_ANIMATION_VALUES = frozenset({"from", "to", "by", "values"})
_TEXTS = frozenset({"alt", "class", "glyph-name", "id", "name", "title", "unicode"})
"""Attributes that are no CSS, in which a backslash could spell any of what is refused."""
_SCRIPT = re.compile(r"(?:java|vb|live)script\s*:|data\s*:\s*text", re.IGNORECASE)
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]{0,64}):", re.IGNORECASE)
_LINK_SCHEMES = frozenset({"http", "https", "mailto", "tel"})
_NOT_DRAWN = "urn:svg:not-drawn"
_CONTROLS = re.compile(r"[\x00-\x20\x7f-\x9f]+")

Accept = Callable[[bytes], tuple[str, bytes, EmbeddedPicture] | None]
"""From the bytes of an embedded picture to its media type, the bytes that may stay and its size, or None."""


class Sanitiser:
    """Sanitiser of one drawing. ``accept``: what may stay of a picture.

    ``removed`` names what was removed, or changed, and how often. ``pictures``: those that stay, by their data URIs.
    """

    def __init__(self, accept: Accept, budget: Budget) -> None:
        self._accept = accept
        self._budget = budget
        self.removed: Tally[str] = Tally()
        self._styles = StyleSheets(self.embed, budget, self.removed)
        self.pictures: dict[str, EmbeddedPicture] = {}
        self._uris: dict[str, str | None] = {}

    def run(self, root: etree._Element) -> None:
        """Remove from the tree what may not stay. Raises LimitError."""
        self._attributes(root)
        parents = [root]
        while parents:
            parent = parents.pop()
            for child in list(parent):
                if not _is_allowed(child):
                    self.removed[f"element {_local(child.tag)}"] += 1
                    _remove(parent, child)
                    continue
                self._attributes(child)
                if child.tag in _STYLES:
                    self._style(child)
                elif len(child):
                    parents.append(child)

    def embed(self, uri: str) -> str | None:
        """Return the data URI of an embedded picture in its plainest spelling, None for one that may not stay."""
        if uri not in self._uris:
            self._uris[uri] = self._embed(uri)
        return self._uris[uri]

    def _embed(self, uri: str) -> str | None:
        picture = data_uri.decode(uri)
        accepted = None if picture is None else self._accept(picture)
        if accepted is None:
            return None
        media_type, body, embedded = accepted
        if body is not picture or not data_uri.is_canonical(uri, media_type):
            uri = data_uri.encode(media_type, body)
        self.pictures[uri] = embedded
        return uri

    def _style(self, element: etree._Element) -> None:
        css = "".join([element.text or "", *(child.tail or "" for child in element)])
        for child in list(element):
            element.remove(child)
        element.text = self._styles.sheet(css)

    def _attributes(self, element: etree._Element) -> None:
        tag = str(element.tag)
        allowed = _ALLOWED.get(tag[: tag.rfind("}") + 1])
        for key, value in cast("list[tuple[str, str]]", element.items()):
            allowed_value = self._attribute(element, tag, allowed[1] if allowed else None, key, value)
            if allowed_value is None:
                self.removed[f"attribute {_local(key)}"] += 1
                del element.attrib[key]
            elif allowed_value is not value:
                if key in REFERENCE_PROPERTIES:
                    self.removed[f"reference of {key}"] += 1
                element.set(key, allowed_value)

    def _attribute(
        self, element: etree._Element, tag: str, allowed: frozenset[str] | None, key: str, value: str
    ) -> str | None:
        """Return the value that an attribute may have, None for one to be removed."""
        if allowed is not None and key in allowed:
            return self._value(element, key, value)
        if key in _HREFS or key == "src":
            return self._reference(tag, key, value)
        if key[0] == "{":
            harmless = _is_harmless_namespace(key)
        elif allowed is None:
            harmless = key[:2].lower() != "on" and key not in ("action", "data", "style")
        else:
            harmless = key.startswith(("data-", "aria-"))
        return value if harmless else None

    def _value(self, element: etree._Element, key: str, value: str) -> str | None:
        if key == "style":
            return self._styles.attribute(value) or None
        if key in _TEXTS or ("(" not in value and "\\" not in value and ":" not in value):
            return value
        if _SCRIPT.search(value):
            return None
        if key in _ANIMATION_VALUES:
            # Several values, of the property that is animated.
            name = (element.get("attributeName") or "").strip().lower()
            if is_plain_value(name, value):
                return value
            return value if sanitise_value(name, value, lambda _: None, self._budget) == value else None
        return sanitise_value(key.lower(), value, self.embed, self._budget)

    def _reference(self, tag: str, key: str, value: str) -> str | None:
        if value.lstrip().startswith("#") and key != "src":
            # A browser would load the document again to show it as a picture.
            return None if tag == _IMAGE else value.strip()
        if tag in _LINKS:
            return value if key != "src" and _is_harmless_link(value) else None
        if key in _PICTURES.get(tag, ()) and data_uri.is_data_uri(value):
            return self.embed(value)
        return None


def _is_allowed(element: etree._Element) -> bool:
    """Return whether an element may stay. One that no program draws may, in a name space that means nothing."""
    tag: Any = element.tag
    if not isinstance(tag, str):  # a reference to an entity
        return False
    namespace, _, name = tag.rpartition("}")
    allowed = _ALLOWED.get(f"{namespace}}}")
    if allowed is None:
        # Without a prefix it would be the element of HTML for a program that reads the drawing as HTML.
        as_html = not element.prefix and name.lower() in ACTIVE_ELEMENTS
        return not as_html and namespace[1:] not in ACTIVE_NAMESPACES
    if name in allowed[0]:
        return tag not in _ANIMATIONS or _is_harmless_animation(element)
    if f"{namespace}}}" != _SVG or name in ACTIVE_ELEMENTS:
        return False
    # Its place counts: in a ``switch``, for selectors, and for references to what is inside of it.
    element.tag = f"{{{_NOT_DRAWN}}}{name}"
    return True


def _is_harmless_namespace(key: str) -> bool:
    """Return whether an attribute of another name space is data to all programs."""
    if key.startswith(_XLINK):
        return key in _XLINK_ATTRIBUTES
    if key.startswith(_XML):
        return key in _XML_ATTRIBUTES
    namespace, _, name = key[1:].rpartition("}")
    return namespace not in ACTIVE_NAMESPACES and f"{{{namespace}}}" not in _ALLOWED and name.lower() != "href"


def _is_harmless_link(value: str) -> bool:
    """Return whether a link leads to a page or a place, and runs nothing."""
    scheme = _SCHEME.match(_CONTROLS.sub("", value))
    return scheme is None or scheme[1].lower() in _LINK_SCHEMES


def _is_harmless_animation(element: etree._Element) -> bool:
    """Return whether an animation changes no attribute with special rules."""
    name = (element.get("attributeName") or "").strip().lower()
    return not (name.endswith(("href", "src", "style")) or name.startswith("on") or ":on" in name)


def _local(name: Any) -> str:
    return str(name).rpartition("}")[2]


def _remove(parent: etree._Element, child: etree._Element) -> None:
    """Remove an element; the text behind it stays."""
    if child.tail:
        before = child.getprevious()
        if before is None:
            parent.text = (parent.text or "") + child.tail
        else:
            before.tail = (before.tail or "") + child.tail
    parent.remove(child)
