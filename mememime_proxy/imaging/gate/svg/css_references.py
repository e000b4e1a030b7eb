"""References from elements to others that are drawn with them: attributes, style attributes, and rules of style sheets.

Of a selector only its last compound counts, so that a rule may be thought to match more than it does, never less.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import tinycss2
from lxml import etree
from tinycss2 import ast

from mememime_proxy.imaging.gate.svg.budget import Budget
from mememime_proxy.imaging.gate.svg.css_values import MAX_NESTING, count_tokens
from mememime_proxy.imaging.gate.svg.document import SVG

_URL = re.compile(r"url\(\s{0,8}['\"]?#([^'\")\s]{1,256})", re.IGNORECASE)
_DECLARATION = re.compile(r"([\w-]{1,40})\s{0,8}:([^;]*+)")
_PAINTS = frozenset({"fill", "stroke"})
_ATTRIBUTES = (
    "fill",
    "stroke",
    "filter",
    "mask",
    "clip-path",
    "marker",
    "marker-start",
    "marker-mid",
    "marker-end",
)
_NO_RULES_ONLY = re.compile(r"[\\@'\"]|/\*|<!--")
"""What only a tokenizer can read."""
_MAX_NAMES = 4
_COMMA = ","


@dataclass(slots=True)
class ReferredNames:
    """Names that an element refers to. Paints and markers are inherited."""

    paints: tuple[str, ...] = ()
    markers: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    blends: bool = False

    def add(self, name: str, value: str) -> None:
        """Add the value of one property."""
        if name == "mix-blend-mode":
            self.blends = self.blends or value.strip() != "normal"
            return
        if "(" not in value:
            return
        identities = tuple(_URL.findall(value))
        if name in _PAINTS:
            self.paints += identities
        elif name.startswith("marker"):
            self.markers += identities
        elif name == "filter":
            self.filters += identities
        else:
            self.others += identities

    def merge(self, other: ReferredNames) -> None:
        """Add what ``other`` has. Of many, the last ones are kept: an element has one value for each property."""
        self.paints = _last(self.paints + other.paints)
        self.markers = _last(self.markers + other.markers)
        self.filters = _last(self.filters + other.filters)
        self.others = _last(self.others + other.others)
        self.blends = self.blends or other.blends


def _last(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))[-_MAX_NAMES:]


class DrawnReferences:
    """The references of the elements of one tree."""

    def __init__(self, root: etree._Element, budget: Budget) -> None:
        self._by_class: dict[str, ReferredNames] = {}
        self._by_id: dict[str, ReferredNames] = {}
        self._by_name: dict[str, ReferredNames] = {}
        self._everywhere: ReferredNames | None = None
        self._rules = 0
        for element in root.iter(f"{SVG}style"):
            css = element.text or ""
            if _URL.search(css) or "mix-blend-mode" in css:
                self._read_sheet(css, budget)
        self._has_rules = self._rules > 0

    def of(self, element: etree._Element) -> ReferredNames | None:
        """Return what an element refers to by its own attributes and by style sheets, None for nothing."""
        found: ReferredNames | None = None
        for name in _ATTRIBUTES:
            value = element.get(name)
            if value is not None and "(" in value:
                found = found or ReferredNames()
                found.add(name, value)
        style = element.get("style")
        if style is not None and ("(" in style or "mix-blend-mode" in style):
            found = found or ReferredNames()
            for name, value in _DECLARATION.findall(style):
                found.add(name.lower(), value)
        return self._with_rules(element, found) if self._has_rules else found

    def _with_rules(self, element: etree._Element, found: ReferredNames | None) -> ReferredNames | None:
        matches = [
            self._everywhere,
            self._by_name.get(str(element.tag).rpartition("}")[2].lower()),
            self._by_id.get(element.get("id", "")),
        ]
        matches += [self._by_class.get(name) for name in (element.get("class") or "").split()]
        for match in matches:
            if match is not None:
                found = found or ReferredNames()
                found.merge(match)
        return found

    def _read_sheet(self, css: str, budget: Budget) -> None:
        if _NO_RULES_ONLY.search(css):
            count_tokens(css, budget)
            self._read(_rules(css), 0)
            return
        for rule in css.split("}"):
            prelude, _, content = rule.partition("{")
            if "(" in content or "mix-blend-mode" in content:
                count_tokens(prelude, budget)
                names = ReferredNames()
                for name, value in _DECLARATION.findall(content):
                    names.add(name.lower(), value)
                self._add_rule(tinycss2.parse_component_value_list(prelude), names)

    def _read(self, rules: Iterable[ast.Node], depth: int) -> None:
        for rule in rules:
            if rule.type == "at-rule" and rule.content is not None and depth < MAX_NESTING:
                self._read(tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True), depth + 1)
            elif rule.type == "qualified-rule":
                found = ReferredNames()
                for part in tinycss2.parse_blocks_contents(rule.content, skip_comments=True, skip_whitespace=True):
                    if part.type == "declaration":
                        found.add(part.lower_name, tinycss2.serialize(part.value))
                self._add_rule(rule.prelude, found)

    def _add_rule(self, prelude: Iterable[ast.Node], names: ReferredNames) -> None:
        if names != ReferredNames():
            self._rules += 1
            for key in _subjects(prelude):
                self._add(key, names)

    def _add(self, key: tuple[str, str], found: ReferredNames) -> None:
        kind, name = key
        if kind == "everywhere":
            self._everywhere = self._everywhere or ReferredNames()
            self._everywhere.merge(found)
            return
        table = {"class": self._by_class, "id": self._by_id, "name": self._by_name}[kind]
        table.setdefault(name, ReferredNames()).merge(found)


def _rules(css: str) -> list[ast.Node]:
    try:
        rules: list[ast.Node] = tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True)
    except ValueError:  # a number of more digits than Python reads
        return []
    return rules


def _subjects(prelude: Iterable[ast.Node]) -> set[tuple[str, str]]:
    """Return, for each selector of a list, the class, id or name that every element it matches has."""
    subjects: set[tuple[str, str]] = set()
    best = ("everywhere", "")
    previous = ""
    compound = True
    for token in [*prelude, None]:
        if token is None or token == _COMMA:
            subjects.add(best)
            best, compound = ("everywhere", ""), True
        elif token.type == "whitespace" or token in (">", "+", "~"):
            compound = False
        else:
            if not compound:
                best, compound = ("everywhere", ""), True
            if token.type == "hash":
                best = ("id", token.value)
            elif token.type == "ident" and previous == ".":
                best = best if best[0] == "id" else ("class", token.value)
            elif token.type == "ident" and previous != ":" and best[0] == "everywhere":
                best = ("name", token.lower_value)
        previous = token.value if token is not None and token.type == "literal" else ""
    return subjects
