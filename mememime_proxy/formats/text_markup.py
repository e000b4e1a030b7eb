"""Pango markup of a text that is drawn: read, and bounded before anything is laid out.

https://docs.gtk.org/Pango/pango_markup.html. Text that is no markup is text all the same, with its signs escaped.
Attributes that stretch what is drawn without a bound (``rise``, ``line_height``) are not allowed.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat
from xml.sax.saxutils import escape

MAX_BYTES: Final = 1024
"""Of a text, in UTF-8."""
MAX_FONT: Final = 400.0
"""Pixels of a font before the device pixel ratio is applied."""
DEFAULT_FONT: Final = 16.0
_MAX_SPACING: Final = 100 * 1024
"""Between letters, in 1024ths of a point."""
_STEP: Final = 1.2
"""Between two names of sizes."""
_NAMES: Final = {
    name: 10 * _STEP**power
    for power, name in enumerate(("xx-small", "x-small", "small", "medium", "large", "x-large", "xx-large"), -3)
}
_TAGS: Final = frozenset({"span", "b", "big", "i", "s", "sub", "sup", "small", "tt", "u"})
_SIZES: Final = frozenset({"size", "font_size"})
_FONTS: Final = frozenset({"font", "font_desc"})
_ATTRIBUTES: Final = frozenset(
    {
        *("font_family", "face", "style", "font_style", "weight", "font_weight", "variant", "font_variant", "stretch"),
        *("font_stretch", "foreground", "fgcolor", "color", "background", "bgcolor", "alpha", "fgalpha"),
        *("background_alpha", "bgalpha", "underline", "underline_color", "strikethrough", "strikethrough_color"),
        *("lang", "letter_spacing", "font_features", "text_transform", "fallback"),
    }
)
_NUMBER: Final = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?", re.ASCII)
_SIGNED: Final = re.compile(r"-?[0-9]{1,9}", re.ASCII)
_DESCRIBED: Final = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)(?:px)?\s*$", re.ASCII)


@dataclass(frozen=True, slots=True)
class TextMarkup:
    """A text and what bounds its size."""

    markup: str
    font: float
    """Pixels of the largest font."""
    letter_spacing: float
    longest: int
    """Characters of the longest line."""
    lines: int
    characters: int

    def bound(self, dpr: float, width: int) -> tuple[float, float]:
        """Return sides that the drawn text does not exceed, but for letters far wider than high.

        ``width``: pixels at which lines are wrapped; 0 = they are not.
        """
        line = self.longest * (self.font + self.letter_spacing) * dpr
        lines = self.lines + (math.ceil(self.characters * self.font * dpr / width) if width else 0)
        return max(line, width), min(lines, self.lines + self.characters) * 1.6 * self.font * dpr


@dataclass(slots=True)
class _Reader:
    """The state while markup is read."""

    sizes: list[float] = field(default_factory=lambda: [DEFAULT_FONT])
    font: float = DEFAULT_FONT
    letter_spacing: float = 0.0
    text: list[str] = field(default_factory=list)
    is_markup: bool = True

    def begin(self, tag: str, attributes: dict[str, str]) -> None:
        """Note the size of an element's text. Raises ValueError for what is not allowed."""
        size = self.sizes[-1]
        if tag not in _TAGS and len(self.sizes) > 1:
            self.is_markup, attributes = False, {}
        if tag in ("big", "small"):
            size *= _STEP if tag == "big" else 1 / _STEP
        for name, value in attributes.items():
            if name in _SIZES:
                size = _size(value, size)
            elif name in _FONTS:
                found = _DESCRIBED.search(value)
                size = float(found[1]) if found else size
            elif name == "letter_spacing":
                spacing = float(value) if _SIGNED.fullmatch(value) else math.inf
                if not abs(spacing) <= _MAX_SPACING:
                    raise ValueError(f"letter_spacing of {value[:40]!r} is more than {_MAX_SPACING}")
                self.letter_spacing = max(self.letter_spacing, spacing / 1024)
            elif name not in _ATTRIBUTES:
                raise ValueError(f"the attribute {name[:40]!r} is not allowed")
        if size > MAX_FONT:
            raise ValueError(f"a font of {size:g} pixels is larger than {MAX_FONT:g}")
        self.font = max(self.font, size)
        self.sizes.append(size)

    def end(self, _tag: str) -> None:
        """Go back to the size around an element."""
        self.sizes.pop()


def read_markup(text: str) -> TextMarkup:
    """Return the text. Raises ValueError, with the reason, for what is too large or without a bound."""
    if not text.strip() or "\0" in text:
        raise ValueError("the text is empty, or has a null character")
    if len(text.encode()) > MAX_BYTES:
        raise ValueError(f"the text has more than {MAX_BYTES} bytes")
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.StartElementHandler = reader.begin
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text.append
    try:
        parser.Parse(f"<markup>{text}</markup>", True)
    except expat.ExpatError:
        reader.is_markup = False
    is_markup = reader.is_markup
    if not is_markup:
        reader = _Reader(text=[text])
    content = "".join(reader.text)
    if not content.strip():
        raise ValueError("the text is empty")
    lines = content.splitlines() or [content]
    markup = text if is_markup else escape(text)
    longest = max(len(line) for line in lines)
    return TextMarkup(markup, reader.font, reader.letter_spacing, longest, len(lines) + 1, len(content))


def _size(value: str, around: float) -> float:
    """Return the pixels of a size; ``around``: those of the text around it. Raises ValueError."""
    if value in _NAMES:
        return _NAMES[value]
    if value in ("larger", "smaller"):
        return around * (_STEP if value == "larger" else 1 / _STEP)
    number, unit = value.removesuffix("pt").removesuffix("%"), value[-1:]
    if not _NUMBER.fullmatch(number):
        raise ValueError(f"found the size {value[:40]!r}")
    if unit == "%":
        return around * float(number) / 100
    return float(number) if unit == "t" else float(number) / 1024
