"""Arguments of options: their types of values, their records, and reading them from text into a plan's draft.

Numbers follow Go's ``strconv``, because URLs in the wild were written for it: a decimal number may have a sign, no
spaces and no underscores; a float may be ``1e3``, ``.5`` or ``0x1p-2``. Not accepted: NaN, infinity, and anything
beyond ±2147483647 (file sizes and times go to 2⁶³ − 1), which no picture needs.
"""

from __future__ import annotations

import enum
import math
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mememime_proxy.errors import OptionError
from mememime_proxy.formats import ALIASES, BEST, FORMATS
from mememime_proxy.formats.outputs import OUTPUTS
from mememime_proxy.plan import Color
from mememime_proxy.urls.draft import PlanDraft

LARGEST = 2**31 - 1
"""Largest number of pixels, factor or offset."""
LARGEST_64 = 2**63 - 1
"""Largest number of bytes or seconds."""

_MAX_DIGITS = 64
_INTEGER = re.compile(r"[+-]?[0-9]+", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)
_HEXADECIMAL = re.compile(r"[+-]?0[xX](?:[0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)[pP][+-]?[0-9]{1,4}", re.ASCII)
_HEX_COLOR = re.compile(r"[0-9a-fA-F]{3}|[0-9a-fA-F]{6}", re.ASCII)

_FORMAT_NAMES = {name: name for name in FORMATS} | ALIASES

TRUE_WORDS = frozenset({"1", "t", "T", "true", "TRUE", "True"})
"""Texts that count as true; every other text is false and never an error."""


def parse_integer(text: str) -> int:
    """Return the integer that ``text`` spells. Raises ValueError."""
    if len(text) > _MAX_DIGITS or not _INTEGER.fullmatch(text):
        raise ValueError(text)
    return int(text)


def parse_float(text: str) -> float:
    """Return the finite float that ``text`` spells, never -0.0. Raises ValueError."""
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


class ValueType(ABC):
    """A type of values. ``expected`` completes the error text "expected …"."""

    expected: str

    @abstractmethod
    def parse(self, text: str) -> Any:
        """Return the value that ``text`` stands for. Raises ValueError."""


class Flag(ValueType):
    """On or off. Any text outside ``TRUE_WORDS`` is off, as in imgproxy since 2.7."""

    expected = "`1` or `0`"

    def parse(self, text: str) -> bool:
        """Return whether ``text`` is a word for true."""
        return text in TRUE_WORDS


class WholeNumber(ValueType):
    """A whole number within a range. Numbers outside of it are errors."""

    def __init__(self, minimum: int = 0, maximum: int = LARGEST, *, floor: int | None = None) -> None:
        self.minimum, self.maximum, self.floor = minimum, maximum, floor
        limits = f"{minimum} or more" if maximum >= LARGEST else f"{minimum} to {maximum}"
        self.expected = "a whole number" if minimum <= -LARGEST else f"a whole number, {limits}"

    def parse(self, text: str) -> int:
        """Return the number, raised to ``floor`` where there is one."""
        value = parse_integer(text)
        if not self.minimum <= value <= self.maximum:
            raise ValueError(text)
        return value if self.floor is None else max(value, self.floor)


class DecimalNumber(ValueType):
    """A finite decimal number within a range. With ``above`` the lower end is excluded."""

    def __init__(self, minimum: float = -LARGEST, maximum: float = LARGEST, *, above: bool = False) -> None:
        self.minimum, self.maximum, self.above = minimum, maximum, above
        if minimum <= -LARGEST:
            self.expected = "a number"
        elif maximum < LARGEST:
            self.expected = f"a number, {minimum:g} to {maximum:g}"
        else:
            self.expected = f"a number greater than {minimum:g}" if above else f"a number, {minimum:g} or more"

    def parse(self, text: str) -> float:
        """Return the number."""
        value = parse_float(text)
        if not self.minimum <= value <= self.maximum or (self.above and value == self.minimum):
            raise ValueError(text)
        return value


class Megapixels(ValueType):
    """Millions of pixels as a decimal number; the value is whole pixels, rounded down."""

    expected = "megapixels, a number, 0 or more"

    def parse(self, text: str) -> int:
        """Return pixels."""
        value = parse_float(text)
        if not 0 <= value <= LARGEST:
            raise ValueError(text)
        return int(value * 1_000_000)


class RightAngle(ValueType):
    """A multiple of 90 degrees. The value is one of 0, 90, 180, 270."""

    expected = "a multiple of 90"

    def parse(self, text: str) -> int:
        """Return degrees clockwise, 0 to 270."""
        value = parse_integer(text)
        if abs(value) > LARGEST_64 or value % 90:
            raise ValueError(text)
        return value % 360


class Choice(ValueType):
    """One word of a fixed list."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values
        self.expected = "one of " + ", ".join(f"`{name}`" for name in values)

    def parse(self, text: str) -> Any:
        """Return the value of the word."""
        try:
            return self.values[text]
        except KeyError:
            raise ValueError(text) from None


class HexColor(ValueType):
    """A colour in hexadecimal without ``#``; three digits are doubled."""

    expected = "3 or 6 hexadecimal digits"

    def parse(self, text: str) -> Color:
        """Return red, green, blue."""
        if not _HEX_COLOR.fullmatch(text):
            raise ValueError(text)
        digits = text if len(text) == 6 else "".join(digit * 2 for digit in text)
        return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)


class FormatName(ValueType):
    """A format of pictures, by the names that URLs use. Lower case only."""

    def __init__(self, *, outputs: bool = False) -> None:
        """Take the formats of pictures; ``outputs``: those of films and sound, too, and ``best``."""
        self._names = _FORMAT_NAMES | {name: name for name, output in OUTPUTS.items() if outputs and output.is_named}
        if outputs:
            self._names |= {BEST: BEST}
        self.expected = "one of " + ", ".join(f"`{name}`" for name in sorted(self._names))

    @property
    def names(self) -> tuple[str, ...]:
        """Canonical names, without other spellings."""
        return tuple(dict.fromkeys(self._names.values()))

    def parse(self, text: str) -> str:
        """Return the format's canonical name."""
        try:
            return self._names[text]
        except KeyError:
            raise ValueError(text) from None


class Text(ValueType):
    """Any text without a separator or a slash in it."""

    expected = "text"

    def parse(self, text: str) -> str:
        """Return the text unchanged."""
        text.encode()  # half of a surrogate pair cannot be logged or sent on; it is a ValueError
        return text


class EmptyRule(enum.Enum):
    """The effect of an empty argument (``rs:fill::200`` has an empty width)."""

    READ = "read like any other text"
    KEEP = "keeps the earlier value"
    CLEAR = "resets to the default"
    STOP = "ends the option; what follows is ignored"


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """One argument of an option. ``field``: dotted path of the plan's field that it sets."""

    name: str
    type: ValueType
    field: str
    meaning: str
    empty: EmptyRule = EmptyRule.READ
    missing: EmptyRule = EmptyRule.KEEP
    """The effect where the option ends before this argument: KEEP or CLEAR."""
    fill: str = ""
    """Field to copy where the argument is missing, and also where it is empty unless ``empty`` is READ."""


class ArgumentGroup(ABC):
    """A rule for all remaining arguments of an option, where they depend on each other.

    ``shape``: how they are written. ``meaning``: their effect. ``limit``: how many there may be (None: any number).
    """

    name: str
    shape: str
    meaning: str
    limit: int | None

    @abstractmethod
    def read(self, draft: PlanDraft, option: str, texts: Sequence[str]) -> None:
        """Apply ``texts``, at least one, to ``draft``. Raises UrlError."""


def read_value(option: str, argument: str, value_type: ValueType, text: str) -> Any:
    """Return the value of one argument. Raises OptionError that shows the text and the expected type."""
    try:
        return value_type.parse(text)
    except ValueError:
        raise OptionError(f"{option}: {argument}: found {text[:80]!r}, expected {value_type.expected}") from None


def read_arguments(
    draft: PlanDraft, option: str, arguments: Sequence[Argument | ArgumentGroup], texts: Sequence[str]
) -> None:
    """Apply the ``texts`` of an option to ``draft``. There is always at least one; ``w:`` has an empty one.

    Raises UrlError.
    """
    changes, count = draft.changes, len(texts)
    for index, argument in enumerate(arguments):
        if isinstance(argument, ArgumentGroup):
            if index < count:
                argument.read(draft, option, texts[index:])
            return
        rule = argument.missing
        if index < count:
            text, rule = texts[index], argument.empty
            if text or rule is EmptyRule.READ:
                try:
                    changes[argument.field] = read_value(option, argument.name, argument.type, text)
                except OptionError as error:
                    error.argument = index
                    raise
                continue
            if rule is EmptyRule.STOP:
                return
        if argument.fill:
            changes[argument.field] = draft.get(argument.fill)
        elif rule is EmptyRule.CLEAR:
            changes[argument.field] = None
