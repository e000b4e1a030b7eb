"""SVG: the cost of a drawing, counted by a streaming parser before librsvg builds its tree.

librsvg needs 10 µs and 1.3 KiB for each element before anything is drawn, and follows every ``use``, however deep they
are nested. SVG 2, chapters 5 (``use``) and 8 (sizes), with the rounding and the units of librsvg.
"""

from __future__ import annotations

import math
import re
from collections import Counter as Tally
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from lxml import etree

from mememime_proxy.errors import BrokenImageError, LimitError, MememimeError, UnknownFormatError
from mememime_proxy.imaging.gate.header import Buffer, ImageHeader

MAX_LENGTH = 1024 * 1024
"""Bytes, once entities are replaced."""
MAX_ELEMENTS = 50_000
MAX_DRAWN = 100_000
"""Elements with every reference followed: nested ``use`` elements are few bytes and exponential work."""
MAX_DEPTH = 256

SVG_NAMESPACE = "http://www.w3.org/2000/svg"
XLINK_NAMESPACE = "http://www.w3.org/1999/xlink"

_MAX_SUBSET_LENGTH = 8 * 1024
"""Bytes of a document type's own declarations: enough for the name spaces of drawing programs."""
_MAX_ENTITY_GROWTH = 16
"""Times its length that an unlimited drawing may have once entities are replaced."""
_FEED = 64 * 1024
_GZIP = b"\x1f\x8b"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_DECLARATION = re.compile(rb"\s*<\?xml[^>]*\?>")
_PROLOG = re.compile(rb"(?:\xef\xbb\xbf)?(?:\s+|<\?.*?\?>|<!--.*?-->)*+", re.DOTALL)
_DOCTYPE = re.compile(rb"<!DOCTYPE\s[^\[>]*(?:\[(?P<subset>[^\]]*)\]\s*)?>")
_ENTITY = re.compile(rb"""<!ENTITY\s+([A-Za-z_][\w.-]{0,63})\s+(?:"([^"<&%]*)"|'([^'<&%]*)')\s*>""")
_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)

DPI = 96
"""Pixels of an inch, as CSS has it; ``load`` asks librsvg for the same."""
_FONT_SIZE = 12
_UNITS = {
    "": 1.0,
    "px": 1.0,
    "in": DPI,
    "cm": DPI / 2.54,
    "mm": DPI / 25.4,
    "pt": DPI / 72,
    "pc": DPI / 6,
    "em": _FONT_SIZE,
    "ex": _FONT_SIZE / 2,
}
_NUMBER = re.compile(r"\s*\+?((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(px|in|cm|mm|pt|pc|em|ex|%)?\s*")
_MAX_NUMBER = 64
_REFERENCE = re.compile(r"url\(\s{0,8}['\"]?#([^'\")\s]+)")
_PAINTS = frozenset({"linearGradient", "radialGradient", "filter"})
"""Elements whose content costs nothing when they are referred to."""


def plain(data: Buffer, *, unlimited: bool = False) -> bytes:
    """Return the drawing in an encoding based on ASCII, without document type and entities.

    Entities of plain text, as drawing programs write them, are replaced; others are not accepted. ``unlimited``: it may
    have any number of bytes. Raises UnknownFormatError for a compressed drawing, BrokenImageError, and LimitError for
    one of more than ``MAX_LENGTH`` bytes.
    """
    if bytes(data[:2]) == _GZIP:
        raise UnknownFormatError("compressed SVG is not read")
    limit = max(MAX_LENGTH, _MAX_ENTITY_GROWTH * len(data)) if unlimited else MAX_LENGTH
    if len(data) > limit:
        raise LimitError(f"SVG of more than {limit} bytes")
    text = bytes(data)
    if text[:2] in _UTF16:
        try:
            text = text.decode("utf-16").encode()
        except UnicodeError as error:
            raise BrokenImageError("SVG that is not UTF-16") from error
        text = _DECLARATION.sub(b"", text, count=1)
    prolog = _PROLOG.match(text)
    doctype = _DOCTYPE.match(text, prolog.end() if prolog else 0)
    if doctype is None:
        return text
    return _without_entities(text[: doctype.start()] + text[doctype.end() :], doctype["subset"] or b"", limit)


def _without_entities(text: bytes, subset: bytes, limit: int) -> bytes:
    if len(subset) > _MAX_SUBSET_LENGTH:
        raise LimitError(f"SVG with a document type of {len(subset)} bytes")
    subset = _COMMENT.sub(b"", subset)
    entities = {name: first or second for name, first, second in _ENTITY.findall(subset)}
    if b"<!ENTITY" in _ENTITY.sub(b"", subset):
        raise BrokenImageError("SVG with entities that are not plain text")
    if not entities:
        return text
    reference = re.compile(rb"&(" + b"|".join(re.escape(name) for name in entities) + rb");")
    length = len(text) + sum(len(entities[match[1]]) for match in reference.finditer(text))
    if length > limit:
        raise LimitError(f"SVG of more than {limit} bytes")
    return reference.sub(lambda match: entities[match[1]], text)


@dataclass(slots=True)
class _Scope:
    """The elements from one that has an id down to the next ones that have one."""

    elements: int = 1
    references: Tally[str] = field(default_factory=Tally)
    free: bool = False


class Counter:
    """Target of an XML parser that counts the elements of a drawing. A subclass may write them."""

    def __init__(self, *, unlimited: bool = False) -> None:
        self.root: Mapping[str, str] = {}
        self.depth = 0
        self.unlimited = unlimited
        self._elements = 0
        self._scopes: dict[str, _Scope] = {"": _Scope()}
        self._open: list[_Scope] = []

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Count the start of an element. Raises LimitError for one too many, or one too deep."""
        self._elements += 1
        self.depth += 1
        if self._elements > MAX_ELEMENTS and not self.unlimited:
            raise LimitError(f"SVG with more than {MAX_ELEMENTS} elements")
        if self.depth > MAX_DEPTH:
            raise LimitError(f"SVG with elements in more than {MAX_DEPTH} others")
        if self._elements == 1:
            if tag not in (f"{{{SVG_NAMESPACE}}}svg", "svg"):
                raise UnknownFormatError("XML that is not an SVG")
            self.root = dict(attributes)
        name = tag.rpartition("}")[2]
        scope = self._scope(name, attributes)
        self._open.append(scope)
        for attribute, value in attributes.items():
            if attribute.endswith("href"):
                if value.lstrip().startswith("#") and name not in _PAINTS:
                    scope.references[value.strip()[1:]] += 1
            elif "url(" in value:
                scope.references.update(_REFERENCE.findall(value))

    def end(self, tag: str) -> None:
        """Count the end of an element."""
        self.depth -= 1
        self._open.pop()

    def data(self, text: str) -> None:
        """Ignore text."""

    def doctype(self, name: str, public: str | None, system: str | None) -> None:
        """Refuse a document type: ``plain`` has removed the only one that is allowed."""
        raise BrokenImageError("SVG with a document type where none is looked for")

    def comment(self, text: str) -> None:
        """Ignore a comment."""

    def pi(self, target: str, text: str | None = None) -> None:
        """Ignore a processing instruction."""

    def close(self) -> None:
        """Check the drawing at its end. Raises LimitError where its references draw too many elements."""
        if not self.unlimited:
            self._check_drawn()

    def _scope(self, name: str, attributes: Mapping[str, str]) -> _Scope:
        parent = self._open[-1] if self._open else self._scopes[""]
        identity = attributes.get("id", "")
        if not identity or identity in self._scopes:
            parent.elements += 1
            return parent
        parent.references[identity] += 1
        scope = self._scopes[identity] = _Scope(free=name in _PAINTS)
        return scope

    def _check_drawn(self) -> None:
        """Return the number of elements of each scope with its references, deepest first, without recursion."""
        totals: dict[str, int] = {}
        entered: set[str] = set()
        stack = [""]
        while stack:
            name = stack[-1]
            scope = self._scopes[name]
            if name not in entered:
                entered.add(name)
                stack.extend(
                    reference
                    for reference in scope.references
                    if reference in self._scopes and reference not in entered
                )
                continue
            stack.pop()
            if name in totals:
                continue
            # librsvg ignores circular references.
            total = scope.elements + sum(
                times * totals.get(reference, 0) for reference, times in scope.references.items()
            )
            if total > MAX_DRAWN:
                raise LimitError(f"SVG that draws more than {MAX_DRAWN} elements")
            totals[name] = 1 if scope.free else total


def parse(text: bytes, target: Counter) -> None:
    """Run a drawing, made ``plain``, through ``target``.

    Raises BrokenImageError where it is not well-formed or still has a document type, and what ``target`` raises.
    """
    parser: Any = etree.XMLParser(
        target=cast(Any, target),
        # Without a document type there are only XML's own five; unresolved, libxml2 hands on "&amp;" as "&#38;".
        resolve_entities="internal",  # type: ignore[arg-type]  # the stubs are older than the value
        no_network=True,
        load_dtd=False,
        huge_tree=target.unlimited,
    )
    try:
        for at in range(0, len(text), _FEED):
            parser.feed(text[at : at + _FEED])
        parser.close()
    except MememimeError:
        raise
    except (etree.XMLSyntaxError, LookupError, ValueError, AssertionError) as error:
        raise BrokenImageError(f"SVG that is not well-formed: {error}") from None


def walk(text: bytes, *, unlimited: bool = False) -> ImageHeader:
    """Return the header of a drawing. ``text``: see ``plain``.

    Raises UnknownFormatError, LimitError and BrokenImageError.
    """
    counter = Counter(unlimited=unlimited)
    parse(text, counter)
    return header_of(counter.root)


def header_of(root: Mapping[str, str]) -> ImageHeader:
    """Return the header of a drawing by the attributes of its root; 1×1 where the size is unknown before rendering."""
    width, height = _size(root)
    return ImageHeader(format="svg", width=width, height=height, alpha=True, icc=False, exif=False, bands=4)


def _size(root: Mapping[str, str]) -> tuple[int, int]:
    """Width and height in whole pixels; ``librsvg``: a missing side follows from the other one and the viewBox."""
    width, height = _length(root.get("width", "")), _length(root.get("height", ""))
    box = _view_box(root.get("viewBox", ""))
    if box is not None:
        if width is None and height is None:
            width, height = box
        elif width is None and height is not None:
            width = height * box[0] / box[1]
        elif height is None and width is not None:
            height = width * box[1] / box[0]
    if width is None or height is None:
        return 1, 1
    return _whole_pixels(width), _whole_pixels(height)


def _whole_pixels(length: float) -> int:
    return max(1, math.floor(min(length, 1e9) + 0.5))


def _length(text: str) -> float | None:
    """Return a length in pixels.

    None for a percentage of the unknown viewport, and for text that is no length above zero.
    """
    match = _NUMBER.fullmatch(text[:_MAX_NUMBER])
    if match is None or match[2] == "%":
        return None
    value = float(match[1]) * _UNITS[match[2] or ""]
    return value if 0 < value < math.inf else None


def _view_box(text: str) -> tuple[float, float] | None:
    try:
        numbers = [float(part) for part in text[:256].replace(",", " ").split()]
    except ValueError:
        return None
    if len(numbers) != 4 or not (0 < numbers[2] < math.inf and 0 < numbers[3] < math.inf):
        return None
    return numbers[2], numbers[3]
