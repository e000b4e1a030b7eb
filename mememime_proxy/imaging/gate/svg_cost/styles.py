"""Styles of the elements of one tree: attributes, style attributes, and rules of style sheets.

Of a selector only its last compound counts, so that a rule may be thought to match more than it does, never less.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from typing import cast

import tinycss2
from lxml import etree
from tinycss2 import ast

from mememime_proxy.imaging.gate.svg.budget import Budget
from mememime_proxy.imaging.gate.svg.css_values import MAX_NESTING, count_tokens
from mememime_proxy.imaging.gate.svg.document import SVG
from mememime_proxy.imaging.gate.svg_cost.selectors import Rule, Selector, read_selectors
from mememime_proxy.imaging.gate.svg_cost.style import Style

_DECLARATION = re.compile(r"([\w-]{1,40})\s{0,8}:([^;]*+)")
_COMMENT = re.compile(r"/\*.*?(?:\*/|$)", re.DOTALL)
_ATTRIBUTE_NAMES = """
    fill stroke filter mask clip-path marker marker-start marker-mid marker-end opacity isolation mix-blend-mode
    stroke-width stroke-dasharray font font-family font-size font-weight font-style font-stretch font-variant
"""
_ATTRIBUTES = frozenset(_ATTRIBUTE_NAMES.split())
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_STYLED = _ATTRIBUTES | {"class", "style", _LANGUAGE}
_NO_RULES_ONLY = re.compile(r"[\\@'\"]|<!--")
"""What only a tokenizer can read."""


class Styles:
    """The styles of the elements of one tree. ``rules``: those of its style sheets."""

    def __init__(self, root: etree._Element, budget: Budget) -> None:
        self.rules: list[Rule] = []
        self._budget = budget
        self._by_key: dict[Selector, Style] = {}
        self._attributes: dict[str, Style] = {}
        self._fonts: Counter[tuple[Selector, str]] = Counter()
        """Rules for a property of the font, by what their selectors match at most."""
        for element in root.iter(f"{SVG}style"):
            self._read_sheet(_COMMENT.sub(" ", element.text or ""))
        self._everywhere = self._by_key.get(Selector("everywhere", ""))
        kinds = {key.kind for key in self._by_key}
        self._has_names, self._has_classes, self._has_ids = (kind in kinds for kind in ("name", "class", "id"))

    @property
    def fonts_of_rules(self) -> float:
        """Return how many fonts elements may have that look the same to this module: which rules match is not known."""
        values: Counter[str] = Counter()
        for (_, name), count in self._fonts.items():
            values[name] += count - 1
        return math.prod(1.0 + count for count in values.values())

    def key_of(self, element: etree._Element, tag: str) -> tuple[object, ...]:
        """Return what elements of equal styles have in common."""
        key = [item for item in cast("list[tuple[str, str]]", element.items()) if item[0] in _STYLED]
        if self._has_names:
            key.append(("", tag))
        if self._has_ids:
            key.append(("id", element.get("id", "")))
        return tuple(key)

    def of(self, element: etree._Element) -> Style | None:
        """Return what an element has by its own attributes and by style sheets, None for nothing."""
        found: Style | None = None
        for name, value in cast("list[tuple[str, str]]", element.items()):
            if name in _ATTRIBUTES:
                found = found or Style()
                found.add(name, value)
            elif name == _LANGUAGE:
                found = found or Style()
                found.add_language(value)
        if self._by_key:
            found = self._with_rules(element, found)
        style = element.get("style")
        if style is not None:
            found = found or Style()
            own = self._of_attribute(style)
            found.merge(own)
            found.font.update(own.font)
        return found

    def _of_attribute(self, css: str) -> Style:
        known = self._attributes.get(css)
        if known is None:
            known = self._attributes[css] = _style(_COMMENT.sub(" ", css) if "/*" in css else css)
        return known

    def _with_rules(self, element: etree._Element, found: Style | None) -> Style | None:
        matches = [self._everywhere]
        if self._has_names:
            name = str(element.tag).rpartition("}")[2].lower()
            matches.append(self._by_key.get(Selector("name", name)))
        if self._has_classes:
            matches += [self._by_key.get(Selector("class", name)) for name in (element.get("class") or "").split()]
        if self._has_ids:
            matches.append(self._by_key.get(Selector("id", element.get("id", ""))))
        for match in matches:
            if match is not None:
                found = found or Style()
                found.merge(match)
        return found

    def _read_sheet(self, css: str) -> None:
        if _NO_RULES_ONLY.search(css):
            count_tokens(css, self._budget)
            self._read(_rules(css), 0)
            return
        for rule in css.split("}"):
            prelude, brace, content = rule.partition("{")
            if brace:
                self._add_rule(prelude, _style(content), content.count(":"))

    def _read(self, rules: Iterable[ast.Node], depth: int) -> None:
        for rule in rules:
            if rule.type == "at-rule" and rule.content is not None and depth < MAX_NESTING:
                self._read(tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True), depth + 1)
            elif rule.type == "qualified-rule":
                style = Style()
                declarations = 0
                for part in tinycss2.parse_blocks_contents(rule.content, skip_comments=True, skip_whitespace=True):
                    if part.type == "declaration":
                        style.add(part.lower_name, tinycss2.serialize(part.value))
                        declarations += 1
                self._add_rule(tinycss2.serialize(rule.prelude), style, declarations)

    def _add_rule(self, prelude: str, style: Style, declarations: int) -> None:
        selectors = read_selectors(prelude)
        self.rules.append(Rule(selectors, declarations))
        if style != Style():
            for key in {selector.key for selector in selectors}:
                self._by_key.setdefault(key, Style()).merge(style)
                self._fonts.update((key, name) for name in style.font)


def _style(css: str) -> Style:
    style = Style()
    for name, value in _DECLARATION.findall(css):
        style.add(name.lower(), value.replace("!important", ""))
    return style


def _rules(css: str) -> list[ast.Node]:
    try:
        rules: list[ast.Node] = tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True)
    except ValueError:  # a number of more digits than Python reads
        return []
    return rules
