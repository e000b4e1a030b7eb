"""The kinds of values that arguments hold: how each is read from text, and how a person is told what is expected.

Numbers follow Go's ``strconv``, because URLs in the wild were written for it: a decimal number may have a sign, no
spaces and no underscores; a float may be ``1e3``, ``.5`` or ``0x1p-2``. Not accepted: NaN, infinity, and anything
beyond ±2147483647 (the file size and time kinds go to 2⁶³ − 1), which no picture needs.
"""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from mememime_proxy.formats import ALIASES, FORMATS, by_name
from mememime_proxy.plan import Color

LARGEST = 2**31 - 1
"""Largest number of pixels, factor or offset."""
LARGEST_64 = 2**63 - 1
"""Largest number of bytes or seconds."""

_MAX_DIGITS = 64
_WHOLE = re.compile(r"[+-]?[0-9]+", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)
_HEXADECIMAL = re.compile(r"[+-]?0[xX](?:[0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)[pP][+-]?[0-9]{1,4}", re.ASCII)
_HEX_COLOR = re.compile(r"[0-9a-fA-F]{3}|[0-9a-fA-F]{6}", re.ASCII)

TRUE_WORDS = frozenset({"1", "t", "T", "true", "TRUE", "True"})
"""What counts as true; every other text is false and never an error."""


def whole_number(text: str) -> int:
    """The integer that ``text`` spells. Raises ValueError."""
    if len(text) > _MAX_DIGITS or not _WHOLE.fullmatch(text):
        raise ValueError(text)
    return int(text)


def decimal_number(text: str) -> float:
    """The finite float that ``text`` spells, never -0.0. Raises ValueError."""
    if len(text) > _MAX_DIGITS:
        raise ValueError(text)
    if _DECIMAL.fullmatch(text):
        value = float(text)
    elif _HEXADECIMAL.fullmatch(text):
        try:
            value = float.fromhex(text)
        except OverflowError:
            raise ValueError(text) from None
    else:
        raise ValueError(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value + 0.0


class Kind(ABC):
    """How an argument is read. ``expected`` ends the sentence «expected …»."""

    expected: str

    @abstractmethod
    def parse(self, text: str) -> Any:
        """The value that ``text`` stands for. Raises ValueError."""


class Flag(Kind):
    """On or off. Whatever is not a word for true is off, as in imgproxy since 2.7."""

    expected = "`1` or `0`"

    def parse(self, text: str) -> bool:
        """Whether ``text`` is a word for true."""
        return text in TRUE_WORDS


class Whole(Kind):
    """A whole number within a range; outside of it is an error."""

    def __init__(self, minimum: int = 0, maximum: int = LARGEST, *, floor: int | None = None) -> None:
        self.minimum, self.maximum, self.floor = minimum, maximum, floor
        shown = f"{minimum} or more" if maximum >= LARGEST else f"{minimum} to {maximum}"
        self.expected = "a whole number" if minimum <= -LARGEST else f"a whole number, {shown}"

    def parse(self, text: str) -> int:
        """The number, raised to ``floor`` where there is one."""
        value = whole_number(text)
        if not self.minimum <= value <= self.maximum:
            raise ValueError(text)
        return value if self.floor is None else max(value, self.floor)


class Number(Kind):
    """A finite decimal number within a range, its lower end included unless ``above`` says otherwise."""

    def __init__(self, minimum: float = -LARGEST, maximum: float = LARGEST, *, above: bool = False) -> None:
        self.minimum, self.maximum, self.above = minimum, maximum, above
        if minimum <= -LARGEST:
            self.expected = "a number"
        elif maximum < LARGEST:
            self.expected = f"a number, {minimum:g} to {maximum:g}"
        else:
            self.expected = f"a number greater than {minimum:g}" if above else f"a number, {minimum:g} or more"

    def parse(self, text: str) -> float:
        """The number."""
        value = decimal_number(text)
        if not self.minimum <= value <= self.maximum or (self.above and value == self.minimum):
            raise ValueError(text)
        return value


class Megapixels(Kind):
    """Millions of pixels as a decimal number; the value is whole pixels, rounded down."""

    expected = "megapixels, a number, 0 or more"

    def parse(self, text: str) -> int:
        """Pixels."""
        value = decimal_number(text)
        if not 0 <= value <= LARGEST:
            raise ValueError(text)
        return int(value * 1_000_000)


class RightAngle(Kind):
    """Degrees in quarter turns; the value is one of 0, 90, 180, 270."""

    expected = "a multiple of 90"

    def parse(self, text: str) -> int:
        """Degrees clockwise, below a full turn."""
        value = whole_number(text)
        if abs(value) > LARGEST_64 or value % 90:
            raise ValueError(text)
        return value % 360


class Choice(Kind):
    """One word of a fixed list."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values
        self.expected = "one of " + ", ".join(f"`{name}`" for name in values)

    def parse(self, text: str) -> Any:
        """What the word stands for."""
        try:
            return self.values[text]
        except KeyError:
            raise ValueError(text) from None


class HexColor(Kind):
    """A colour in hexadecimal without ``#``; three digits are doubled."""

    expected = "3 or 6 hexadecimal digits"

    def parse(self, text: str) -> Color:
        """Red, green, blue."""
        if not _HEX_COLOR.fullmatch(text):
            raise ValueError(text)
        digits = text if len(text) == 6 else "".join(digit * 2 for digit in text)
        return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)


class FormatName(Kind):
    """A format, by the names that URLs use. Lower case only."""

    expected = "one of " + ", ".join(f"`{name}`" for name in sorted([*FORMATS, *ALIASES]))

    def parse(self, text: str) -> str:
        """The format's canonical name."""
        found = by_name(text)
        if found is None:
            raise ValueError(text)
        return found.name


class Text(Kind):
    """Any text without a separator or a slash in it."""

    expected = "text"

    def parse(self, text: str) -> str:
        """The text as it is."""
        text.encode()  # half of a surrogate pair cannot be logged or sent on; it is a ValueError
        return text
