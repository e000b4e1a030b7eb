"""SVG: its size, and bounds on what it would cost to draw; read by a streaming parser that expands no entity.

SVG 2, chapters 5 (``use``) and 8 (sizes), with the rounding of librsvg.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass, field
from xml.parsers import expat

from mememime_proxy.errors import BrokenImageError, LimitError, UnknownFormatError
from mememime_proxy.imaging.gate.header import Header

MAX_BYTES = 1024 * 1024
MAX_ELEMENTS = 50_000
"""Each costs librsvg 10 µs and 1.3 KiB before anything is drawn."""
MAX_DEPTH = 256
MAX_DRAWN = 100_000
"""Elements with every reference followed: ten ``use`` of ten ``use`` of … of one are few bytes and endless work."""

DPI = 96
"""Pixels of an inch, as CSS has it; ``load`` asks librsvg for the same."""
_FONT_SIZE = 12
"""Points; librsvg's size of text that has none."""
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
_LENGTH = re.compile(r"\s*\+?((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(px|in|cm|mm|pt|pc|em|ex|%)?\s*")
_MAX_LENGTH_TEXT = 64
_REFERENCE = re.compile(r"url\(\s?['\"]?#([^'\")\s]+)")
_PAINTS = frozenset({"linearGradient", "radialGradient", "filter"})
"""What costs no more to refer to however much is in it."""
_GZIP = b"\x1f\x8b"


@dataclass(slots=True)
class _Scope:
    """The elements from one that has an id down to the next ones that have one."""

    elements: int = 1
    references: Counter[str] = field(default_factory=Counter)
    paint: bool = False


def walk(data: memoryview, *, unlimited: bool) -> Header:
    """The header of an SVG. ``unlimited``: any number of bytes and elements is drawn.

    Width and height are 1 where only drawing it would tell them. Raises LimitError and BrokenImageError; for gzip
    UnknownFormatError.
    """
    if bytes(data[:2]) == _GZIP:
        raise UnknownFormatError("compressed SVG is not read")
    if len(data) > MAX_BYTES and not unlimited:
        raise LimitError(f"SVG of {len(data)} bytes")
    reader = _Reader(unlimited=unlimited)
    reader.read(data)
    width, height = _size(reader.root)
    return Header(format="svg", width=width, height=height, alpha=True, icc=False, exif=False, bands=4)


class _Reader:
    """Counts elements, depth and references while expat reads."""

    def __init__(self, *, unlimited: bool) -> None:
        self.root: dict[str, str] = {}
        self._unlimited = unlimited
        self._elements = 0
        self._scopes: dict[str, _Scope] = {"": _Scope()}
        self._open: list[_Scope] = []

    def read(self, data: memoryview) -> None:
        parser = expat.ParserCreate()
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.EntityDeclHandler = self._entity
        try:
            parser.Parse(data, True)
        except expat.ExpatError as error:
            raise BrokenImageError(f"SVG that is not well-formed: {error}") from None
        except (ValueError, LookupError) as error:
            raise BrokenImageError(f"SVG in an encoding that is not known: {error}") from None
        if not self._unlimited:
            self._check_drawn()

    def _entity(self, name: str, *_: object) -> None:
        raise BrokenImageError(f"SVG that declares the entity {name[:40]}")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if self._elements > MAX_ELEMENTS and not self._unlimited:
            raise LimitError(f"SVG with more than {MAX_ELEMENTS} elements")
        if len(self._open) >= MAX_DEPTH:
            raise LimitError(f"SVG with elements inside of more than {MAX_DEPTH} others")
        name = tag.rpartition(":")[2]
        if self._elements == 1:
            if name != "svg":
                raise UnknownFormatError("XML that is not an SVG")
            self.root = attributes
        scope = self._scope(name, attributes)
        self._open.append(scope)
        for attribute, value in attributes.items():
            if attribute == "href" or attribute.endswith(":href"):
                if value.lstrip().startswith("#") and name not in _PAINTS:
                    scope.references[value.strip()[1:]] += 1
            elif "url(" in value:
                scope.references.update(_REFERENCE.findall(value))

    def _scope(self, name: str, attributes: dict[str, str]) -> _Scope:
        parent = self._open[-1] if self._open else self._scopes[""]
        identity = attributes.get("id", "")
        if not identity or identity in self._scopes:
            parent.elements += 1
            return parent
        parent.references[identity] += 1
        scope = self._scopes[identity] = _Scope(paint=name in _PAINTS)
        return scope

    def _end(self, _: str) -> None:
        self._open.pop()

    def _check_drawn(self) -> None:
        """Adds up what each scope comes to with all that it refers to, deepest first, without recursion."""
        totals: dict[str, int] = {}
        entered: set[str] = set()
        pending = [""]
        while pending:
            name = pending[-1]
            scope = self._scopes[name]
            if name not in entered:
                entered.add(name)
                pending.extend(other for other in scope.references if other in self._scopes and other not in entered)
                continue
            pending.pop()
            if name in totals:
                continue
            # A reference that leads back to where it came from draws nothing: librsvg leaves it out.
            total = scope.elements + sum(times * totals.get(other, 0) for other, times in scope.references.items())
            if total > MAX_DRAWN:
                raise LimitError(f"SVG that draws more than {MAX_DRAWN} elements")
            totals[name] = 1 if scope.paint else total


def _size(root: dict[str, str]) -> tuple[int, int]:
    """Width and height in whole pixels; a side that is not told follows from the other one and the viewBox."""
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
    return _whole(width), _whole(height)


def _whole(length: float) -> int:
    return max(1, math.floor(min(length, 1e9) + 0.5))


def _length(text: str) -> float | None:
    """A length in pixels; None for a share of a viewport that nobody knows, and for what is no length above zero."""
    found = _LENGTH.fullmatch(text[:_MAX_LENGTH_TEXT])
    if found is None or found[2] == "%":
        return None
    value = float(found[1]) * _UNITS[found[2] or ""]
    return value if 0 < value < math.inf else None


def _view_box(text: str) -> tuple[float, float] | None:
    try:
        numbers = [float(part) for part in text[:256].replace(",", " ").split()]
    except ValueError:
        return None
    if len(numbers) != 4 or not (0 < numbers[2] < math.inf and 0 < numbers[3] < math.inf):
        return None
    return numbers[2], numbers[3]
