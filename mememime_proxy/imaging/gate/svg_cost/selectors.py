"""Selectors of style sheets, and the time that librsvg takes to try each of them on each element.

librsvg has no index of rules: every selector is tried on every element, from its last compound to its first. Selectors
Level 4.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

from lxml import etree

_INSIDE = re.compile(r"""\([^()]*\)|\[[^\[\]"']*\]|"[^"]*"|'[^']*'""")
_PARTS = re.compile(r"[.#:*]|(?<![\w.#:-])[\w-]")
_COMBINATOR = re.compile(r"\s*[>+~]\s*|\s+")
_ID = re.compile(r"#([\w-]+)")
_CLASS_NAME = re.compile(r"\.([\w-]+)")
_NAME = re.compile(r"[^\W\d][\w-]*")
_POSITIONS = re.compile(r"nth-|of-type|only-|(?:first|last)-child")
_MAX_DEPTH = 32
_TRY = 55.0
"""Nanoseconds of one selector on one element."""
_PART = 120.0
"""Nanoseconds of each further part of a compound, and of each selector inside of ``:not()`` and its like."""
_CLASS = 30.0
"""Nanoseconds of each class of an element that a selector with a class is tried on."""
_ATTRIBUTE = 8.0
"""Nanoseconds of each attribute of an element that a selector of attributes is tried on."""
_ANCESTOR = 65.0
_SIBLING = 170.0
_POSITION = 30.0
"""Nanoseconds of each sibling that is counted for ``:nth-child()`` and its like."""
_DECLARATION = 65.0


class Selector(NamedTuple):
    """What every element that a selector matches has: ``kind`` is ``class``, ``id``, ``name`` or ``everywhere``."""

    kind: str
    name: str


EVERYWHERE = Selector("everywhere", "")


@dataclass(slots=True)
class ReadSelector:
    """One selector of a list."""

    key: Selector = EVERYWHERE
    parts: int = 1
    """Simple selectors of all of it."""
    compounds: int = 1
    classes: int = 0
    """Simple selectors with a class in it."""
    attributes: int = 0
    ancestors: bool = False
    siblings: bool = False
    positions: int = 0


class Rule(NamedTuple):
    """One rule of a style sheet."""

    selectors: list[ReadSelector]
    declarations: int


def read_selectors(prelude: str) -> list[ReadSelector]:
    """Return the selectors of a list, read by their text: a tokenizer would take fifty times as long.

    What cannot be read matches everything. What is in parentheses, brackets and quotes belongs to the first selector.
    """
    inside = ReadSelector()
    text = prelude
    for _ in range(_MAX_DEPTH):
        parts = _INSIDE.findall(text)
        if not parts:
            break
        for part in parts:
            inside.parts += 1 + len(_PARTS.findall(part))
            inside.classes += part.count(".")
            inside.attributes += part.count("[")
            inside.ancestors |= " " in part or ">" in part
            inside.siblings |= "~" in part or "+" in part
        text = _INSIDE.sub("", text)
    selectors = [_read(part) for part in text.split(",")]
    first = selectors[0]
    first.parts += inside.parts - 1
    first.classes += inside.classes
    first.attributes += inside.attributes
    first.ancestors |= inside.ancestors
    first.siblings |= inside.siblings
    first.positions += len(_POSITIONS.findall(prelude))
    return selectors


def _read(text: str) -> ReadSelector:
    text = text.strip()
    compounds = _COMBINATOR.split(text)
    return ReadSelector(
        key=_key(compounds[-1]),
        parts=max(1, len(_PARTS.findall(text))),
        compounds=len(compounds),
        classes=text.count("."),
        ancestors=len(compounds) > 1,
        siblings="~" in text or "+" in text,
    )


def _key(compound: str) -> Selector:
    """Return what every element that a compound matches has."""
    if "\\" in compound or "|" in compound:
        return EVERYWHERE
    identity = _ID.search(compound)
    if identity is not None:
        return Selector("id", identity[1])
    found = _CLASS_NAME.search(compound)
    if found is not None:
        return Selector("class", found[1])
    name = _NAME.match(compound)
    return EVERYWHERE if name is None else Selector("name", name[0].lower())


class Population:
    """The elements that selectors are tried on."""

    def __init__(self, root: etree._Element) -> None:
        tags: Counter[str] = Counter()
        classes: Counter[str] = Counter()
        self.ids: Counter[str] = Counter()
        self.attributes = 0
        self.pairs = 0
        """Pairs of siblings."""
        self.most_children = 0
        for element in root.iter(etree.Element):
            tags[element.tag] += 1
            attributes = element.attrib
            self.attributes += len(attributes)
            value = attributes.get("class")
            if value is not None:
                classes[value] += 1
            value = attributes.get("id")
            if value is not None:
                self.ids[value] += 1
            children = len(element)
            if children > 1:
                self.pairs += children * children // 2
                self.most_children = max(self.most_children, children)
        self.elements = tags.total()
        self.names: Counter[str] = Counter()
        for tag, count in tags.items():
            self.names[tag.rpartition("}")[2].lower()] += count
        self.classes: Counter[str] = Counter()
        for value, count in classes.items():
            for name in value.split():
                self.classes[name] += count

    def matched(self, key: Selector) -> int:
        """Return how many elements a selector can match."""
        if key.kind == "everywhere":
            return self.elements
        return {"class": self.classes, "id": self.ids, "name": self.names}[key.kind][key.name]


def matching_cost(rules: list[Rule], population: Population, depth: int) -> float:
    """Return the nanoseconds of styling a tree. ``depth``: of its elements at most."""
    cost = 0.0
    elements = population.elements
    classes = population.classes.total()
    for rule in rules:
        for selector in rule.selectors:
            matched = population.matched(selector.key)
            cost += elements * (_TRY + _PART * max(0, selector.parts - selector.compounds))
            cost += _CLASS * classes * selector.classes + _ATTRIBUTE * population.attributes * selector.attributes
            cost += _POSITION * population.pairs * selector.positions
            reach = 0.0
            if selector.ancestors or selector.compounds > 1:
                reach += _ANCESTOR * depth
            if selector.siblings:
                reach = max(1.0, reach / _ANCESTOR) * _SIBLING * population.most_children / 2
            cost += matched * (reach * selector.compounds + _DECLARATION * rule.declarations)
    return cost
