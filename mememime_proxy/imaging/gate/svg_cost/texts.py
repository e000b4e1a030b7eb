"""What the layout and the outlines of text take.

Pango lays out each run of text by itself, and librsvg has cairo find the box of all outlines of a run, which takes time
that grows with the square of their edges. A letter that no font has is drawn as a box with its number.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict

from lxml import etree

from mememime_proxy.imaging.gate.svg_cost import shapes
from mememime_proxy.imaging.gate.svg_cost.paths import Outline
from mememime_proxy.imaging.gate.svg_cost.scopes import Scope

_SPAN = 100_000.0
"""Nanoseconds of a run."""
_CHARACTER = 22_000.0
_FOREIGN_CHARACTER = 60_000.0
"""Nanoseconds of a character of a script whose letters have more edges."""
_SWITCH = 100_000.0
"""Nanoseconds of each change between scripts, at which a run is divided."""
_NEW_CHARACTER = 90_000.0
"""Nanoseconds of each character that is not ASCII, for each font: another font is looked for that has it."""
_SQUARE = 80.0
"""Nanoseconds for the square of the number of times that a letter is in a run: their edges begin at the same height."""
_ANY_SQUARE = 15.0
"""Nanoseconds for the square of a run's letters, whichever they are."""
_MANY_EDGES = frozenset("@%8m$&BQ039{}#")
_SIGN, _EUROPEAN, _OTHER, _RARE = 1.5, 1.5, 2.9, 3.8
"""Weights, by the edges of an outline, of the characters above and of those up to U+06FF, U+FFFF and beyond."""
_SHORT = 12
"""Letters of a run that need not be counted one by one."""
_FIRST_FOREIGN, _FIRST_RARE = "\u0700", "\U00010000"
_LARGE = 150.0
"""Pixels of a font at which there are twice as many edges as in a small one."""
_OVERLAPS = 30.0
"""Times as much for strokes that are as wide as the font: they cross those of other letters."""
_FONT = 3_200_000.0
"""Nanoseconds of each font in another size or language: it is looked for and loaded, and some of its glyphs."""
_FALLBACK = 1_200_000.0
"""Nanoseconds of each further font, for each script that the first one does not have."""
_FAMILIES = 4.0
"""Nanoseconds for the square of the families in a list."""
_EDGE = 260.0
_HEIGHTS = 4.0
"""Heights of a letter that its outline is long."""
_EDGES = 17
"""Edges of a letter, about."""
_SPAN_BYTES, _CHARACTER_BYTES = 4_000.0, 700.0
_OUTLINE_BYTES = 8_500.0
"""Bytes of the outline of a letter while its run is drawn."""
_FONT_BYTES = 60_000.0
_PRESERVING = re.compile(rb"preserve|white-space")
_LAST_LATIN = 0x24F
_IDEOGRAPHS = 0x2E80

FontKey = tuple[tuple[str, str | int], ...]


class Texts:
    """The texts of one drawing. ``text``: of its document; ``alternatives``: see ``Styles.fonts_of_rules``."""

    def __init__(self, text: bytes, alternatives: float) -> None:
        self._preserves = _PRESERVING.search(text) is not None
        self._alternatives = alternatives
        self._runs = 0
        self._fonts: dict[FontKey, int] = {}
        """By font: the families in its list."""
        self._scripts: defaultdict[FontKey, set[int]] = defaultdict(set)
        self._characters: defaultdict[FontKey, set[str]] = defaultdict(set)
        self._used: set[FontKey] = set()

    def use(self, state: shapes.DrawingState) -> None:
        """Count a font that is inherited by what is drawn from elsewhere."""
        self._used.add(state.font)

    def add(self, element: etree._Element, scope: Scope, state: shapes.DrawingState) -> None:
        """Add the runs of one element to its scope: its own text, and what is behind each of its children."""
        for text in (element.text, *(child.tail for child in element)):
            if text:
                self._add_run(text, scope, state)

    def _add_run(self, text: str, scope: Scope, state: shapes.DrawingState) -> None:
        if not self._preserves:
            text = " ".join(text.split())
        count = len(text)
        self._runs += 1
        self._fonts[state.font] = max(state.families, self._fonts.get(state.font, 0))
        scope.sum.fixed += _SPAN + _CHARACTER * count
        scope.sum.memory += _SPAN_BYTES + _CHARACTER_BYTES * count
        if not text or text.isspace():
            return
        foreign = 0.0 if text.isascii() else self._add_scripts(text, scope, state)
        _add_outlines(scope, text, foreign, state)

    def _add_scripts(self, text: str, scope: Scope, state: shapes.DrawingState) -> float:
        """Add what looking for fonts takes; return the weight of characters of scripts with many edges."""
        weight = 0.0
        foreign = switches = 0
        last = -1
        scripts = self._scripts[state.font]
        for character in text:
            code = ord(character)
            script = 0 if code <= _LAST_LATIN else code >> 7 if code < _IDEOGRAPHS else -(code >> 13)
            if script != last:
                switches += 1
                last = script
                scripts.add(script)
            if character >= _FIRST_FOREIGN:
                foreign += 1
                weight += _OTHER if character < _FIRST_RARE else _RARE
        known = self._characters[state.font]
        before = len(known)
        known.update(text)
        scope.sum.fixed += (_FOREIGN_CHARACTER - _CHARACTER) * foreign + _SWITCH * switches
        scope.sum.fixed += _NEW_CHARACTER * (len(known) - before)
        return weight

    def fonts(self) -> tuple[float, float]:
        """Return the nanoseconds and bytes of all fonts, each size of one counted by itself."""
        count = len(self._fonts) * self._alternatives * max(1, len(self._used))
        count = min(count, float(self._runs * max(1, len(self._used))))
        times = count / max(1, len(self._fonts))
        fallbacks = times * sum(len(scripts) for scripts in self._scripts.values())
        names = _FAMILIES * times * sum(families * families for families in self._fonts.values())
        return _FONT * count + _FALLBACK * fallbacks + names, _FONT_BYTES * (count + fallbacks)


def _squares(text: str, foreign: float) -> float:
    """Return the nanoseconds that the squares of the letters of a run take."""
    count = len(text)
    if count < _SHORT:
        return _SQUARE * (count * count + foreign * foreign)
    counts = Counter(text)
    letters = count - counts[" "]
    squares = foreign * foreign
    for character, times in counts.items():
        if character != " " and character < _FIRST_FOREIGN:
            weight = _SIGN if character in _MANY_EDGES else _EUROPEAN if character > "\x7f" else 1.0
            squares += (weight * times) ** 2
    return _SQUARE * squares + _ANY_SQUARE * letters * letters


def _add_outlines(scope: Scope, text: str, foreign: float, state: shapes.DrawingState) -> None:
    """Add the outlines of a run; ``foreign``: the weight of characters with many edges."""
    count, size = len(text), state.font_size
    weight = count + foreign
    square = _squares(text, foreign)
    if state.stroked:
        overlap = state.stroke / size if 0 < size < math.inf else 1.0
        square *= 2 + _OVERLAPS * min(1.0, overlap)
        length = 2 * size * weight
        shapes.add_stroke(scope, Outline(_EDGES * weight, count, length, length, size * count, size), state)
    scope.sum.fixed += square
    scope.sum.memory = max(scope.sum.memory, _OUTLINE_BYTES * weight)
    shapes.add_length(scope, square / _LARGE * size, square / _LARGE, state)
    shapes.add_length(scope, _EDGE * _HEIGHTS * size * weight, 2 * _EDGE * _HEIGHTS * weight, state)
    shapes.paint_area(scope, size * size * count, size * size * count, state)
