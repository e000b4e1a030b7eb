"""Sanitised SVG: only elements and attributes of the allowlist are written, in the same pass that counts them.

A drawing that went through here has no script, no event, no foreign content, no document type or entity, and refers to
nothing outside of itself but pictures that it carries, which passed the gate too.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from html import escape

from mememime_proxy.imaging.gate import svg
from mememime_proxy.imaging.gate.header import ImageHeader
from mememime_proxy.imaging.gate.svg_allowlist import ATTRIBUTES, ELEMENTS

_SVG = f"{{{svg.SVG_NAMESPACE}}}"
_XLINK_HREF = f"{{{svg.XLINK_NAMESPACE}}}href"
_XML = "{http://www.w3.org/XML/1998/namespace}"
_XML_ATTRIBUTES = frozenset({f"{_XML}space", f"{_XML}lang"})

_PICTURES = frozenset({"image", "feImage"})
_ANIMATIONS = frozenset({"animate", "animateMotion", "animateTransform", "set"})
_DATA_URI = re.compile(r"\s*data:image/(?:png|jpe?g|gif|webp|avif);base64,([A-Za-z0-9+/=\s]+)$", re.IGNORECASE)

_CSS_COMMENT = re.compile(r"/\*.*?(?:\*/|$)", re.DOTALL)
_CSS_IMPORT = re.compile(r"@(?:import|charset|namespace)[^;{}]*;?", re.IGNORECASE)
_CSS_FONT_FACE = re.compile(r"@font-face\s*\{[^}]*\}?", re.IGNORECASE)
_CSS_FOREIGN_URL = re.compile(r"url\(\s*+(?!['\"]?#)(?:'[^']*'|\"[^\"]*\"|[^)]*)\)?", re.IGNORECASE)
_CSS_REFUSED = re.compile(
    r"\\|<|@import|javascript:|expression\s*\(|-moz-binding|behavior\s*:|image-set\s*\(|image\s*\(|src\s*\("
    r"|url\(\s*+(?!['\"]?#)",
    re.IGNORECASE,
)
_REFUSED_VALUE = re.compile(
    r"javascript\s*:|vbscript\s*:|data\s*:\s*text|url\(\s*+(?!['\"]?#)|image-set\s*\(|image\s*\(|src\s*\(",
    re.IGNORECASE,
)
_TEXTS = frozenset({"aria-label", "class", "id"})
"""Attributes that are no CSS, in which a backslash could spell any of what is refused."""


class Sanitiser(svg.Counter):
    """Target of an XML parser that writes the allowed content.

    ``accepts``: whether the bytes of an embedded picture may stay.
    """

    def __init__(self, accepts: Callable[[bytes], bool], *, unlimited: bool = False) -> None:
        super().__init__(unlimited=unlimited)
        self._accepts = accepts
        self._out: list[str] = []
        self._skipped = 0
        self._style: list[str] | None = None
        self._tag_open = False
        self._namespace = _SVG

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Write the start of an element, or leave the element out with its content."""
        first = not self.depth and not self._out
        super().start(tag, attributes)
        if first:
            self._namespace = _SVG if tag.startswith("{") else ""
        name = tag[len(self._namespace) :] if tag.startswith(self._namespace) else ""
        if self._skipped or name not in ELEMENTS or (name in _ANIMATIONS and not _harmless_animation(attributes)):
            self._skipped += 1
            return
        self._close_tag()
        parts = [f"<{name}"]
        if first:
            parts.append(f' xmlns="{svg.SVG_NAMESPACE}" xmlns:xlink="{svg.XLINK_NAMESPACE}"')
        for key, value in attributes.items():
            attribute = self._attribute(name, key, value)
            if attribute is not None:
                parts.append(f' {attribute[0]}="{_escaped(attribute[1])}"')
        self._out.append("".join(parts))
        self._tag_open = True
        self._style = [] if name == "style" else None

    def end(self, tag: str) -> None:
        """Write the end of an element."""
        super().end(tag)
        if self._skipped:
            self._skipped -= 1
            return
        if self._style is not None:
            self._write(escape(safe_style("".join(self._style)), quote=False))
            self._style = None
        if self._tag_open:
            self._out.append("/>")
            self._tag_open = False
        else:
            self._out.append(f"</{tag[len(self._namespace) :]}>")

    def data(self, text: str) -> None:
        """Write text; that of a style sheet is collected until its end."""
        if self._skipped:
            return
        if self._style is not None:
            self._style.append(text)
        elif self.depth:
            self._write(escape(text, quote=False))

    def body(self) -> bytes:
        """Return the sanitised drawing, in UTF-8."""
        return "".join(self._out).encode("utf-8", "replace")

    def _write(self, text: str) -> None:
        if text:
            self._close_tag()
            self._out.append(text)

    def _close_tag(self) -> None:
        if self._tag_open:
            self._out.append(">")
            self._tag_open = False

    def _attribute(self, element: str, key: str, value: str) -> tuple[str, str] | None:
        """Name and value of an attribute to be written, None for one to be left out."""
        if key in ("href", _XLINK_HREF):
            reference = self._reference(element, value)
            return None if reference is None else ("href" if key == "href" else "xlink:href", reference)
        if key in _XML_ATTRIBUTES:
            return "xml:" + key[len(_XML) :], value
        if key not in ATTRIBUTES:
            return None
        if key == "style":
            value = safe_style(value)
            return (key, value) if value else None
        if key in _TEXTS:
            return key, value
        return None if "\\" in value or _REFUSED_VALUE.search(value) else (key, value)

    def _reference(self, element: str, value: str) -> str | None:
        if value.lstrip().startswith("#"):
            return value.strip()
        if element not in _PICTURES:
            return None
        match = _DATA_URI.match(value)
        if match is None:
            return None
        try:
            picture = base64.b64decode("".join(match[1].split()), validate=True)
        except (binascii.Error, ValueError):
            return None
        return value.strip() if self._accepts(picture) else None


def _escaped(value: str) -> str:
    return escape(value).replace("\n", "&#10;").replace("\t", "&#9;").replace("\r", "&#13;")


def _harmless_animation(attributes: Mapping[str, str]) -> bool:
    """Return whether an animation changes no attribute with special rules."""
    name = attributes.get("attributeName", "").strip().lower()
    return not (name.endswith("href") or name.startswith("on") or name == "style")


def safe_style(css: str) -> str:
    """Return a style sheet or declaration list without imports, foreign fonts and external references.

    Empty where something refused remains.
    """
    css = _CSS_COMMENT.sub(" ", css)
    css = _CSS_IMPORT.sub("", css)
    css = _CSS_FONT_FACE.sub("", css)
    css = _CSS_FOREIGN_URL.sub("none", css)
    return "" if _CSS_REFUSED.search(css) else css.strip()


def sanitise(text: bytes, accepts: Callable[[bytes], bool], *, unlimited: bool = False) -> tuple[ImageHeader, bytes]:
    """Return the header of a drawing, and its sanitised form. ``text``: see ``svg.plain``.

    Raises UnknownFormatError, LimitError and BrokenImageError.
    """
    target = Sanitiser(accepts, unlimited=unlimited)
    svg.parse(text, target)
    return svg.header_of(target.root), target.body()
