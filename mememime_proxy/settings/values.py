"""Value types of settings: how the text of a variable is read, and what a valid one is.

The syntax is that of imgproxy's environment: booleans, whole seconds, lists separated by commas, hexadecimal keys and
megapixels as decimal numbers. Words are read in any case. A validator raises ValueError, with a hint where it knows
what is wrong; the reader of the environment adds the name of the variable and what is expected.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import BeforeValidator

from mememime_proxy.formats import ALIASES, FORMATS, by_name

_TRUE = frozenset({"1", "t", "true"})
_FALSE = frozenset({"0", "f", "false"})
QUALITIES = {"webp": 79, "avif": 63, "jxl": 77}
"""Qualities of formats where FORMAT_QUALITY does not name them."""


@dataclass(frozen=True)
class Expected:
    """Description of valid values, the second half of the sentence «expected …»."""

    text: str


@dataclass(frozen=True)
class Secret:
    """Mark of a value that is never printed."""


@dataclass(frozen=True)
class EmptyCounts:
    """Mark of a variable for which «set, but empty» is a value of its own."""


@dataclass(frozen=True)
class Verbatim:
    """Mark of a variable whose white space counts: a separator."""


def _bool(value: object) -> object:
    if isinstance(value, str):
        if value.lower() in _TRUE:
            return True
        if value.lower() in _FALSE:
            return False
        raise ValueError
    return value


def _megapixels(value: object) -> object:
    return int(float(value) * 1_000_000) if isinstance(value, str) else value


def _mebibytes(value: object) -> object:
    return int(value) << 20 if isinstance(value, str) else value


def _comma_list(value: object) -> object:
    if isinstance(value, str):
        return tuple(part for part in (piece.strip() for piece in value.split(",")) if part)
    return value


def _from_hex(text: str, place: str = "") -> bytes:
    """Return the bytes of hexadecimal digits; a ValueError says what is wrong, and no digit of a key."""
    if text[:1] in {'"', "'"}:
        raise ValueError(f"{place}remove the quotation marks")
    wrong = re.search(r"[^0-9a-fA-F]", text)
    if wrong is not None:
        raise ValueError(f"{place}character {wrong.start() + 1} of {len(text)} is no hexadecimal digit")
    if len(text) % 2:
        raise ValueError(f"{place}{len(text)} digits are an odd number, one was lost or is too many")
    return bytes.fromhex(text)


def hex_keys(text: str) -> tuple[bytes, ...]:
    """Return keys in hexadecimal, separated by commas; a ValueError says what is wrong."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    return tuple(
        _from_hex(part, f"key {number} of {len(parts)}: " if len(parts) > 1 else "")
        for number, part in enumerate(parts, 1)
    )


def _hex_list(value: object) -> object:
    return hex_keys(value) if isinstance(value, str) else value


def _hex(value: object) -> object:
    return _from_hex(value) if isinstance(value, str) else value


def _base64(value: object) -> object:
    if not isinstance(value, str):
        return value
    compact = re.sub(r"\s", "", value).rstrip("=").translate(str.maketrans("-_", "+/"))
    try:
        return base64.b64decode(compact + "=" * (-len(compact) % 4), validate=True)
    except binascii.Error:
        raise ValueError from None


def _format_names(value: object) -> object:
    if isinstance(value, str):
        names = _comma_list(value.lower())
        assert isinstance(names, tuple)  # noqa: S101 - tells the type checker what a string gives
        for name in names:
            if by_name(name) is None:
                raise ValueError(f"{name!r} is no format")
        return tuple(ALIASES.get(name, name) for name in names)
    return value


def format_numbers(value: object) -> object:
    """Return the numbers by format of `format=number` pairs; a ValueError says which one is wrong."""
    if not isinstance(value, str):
        return value
    numbers: dict[str, int] = {}
    for part in filter(None, (piece.strip() for piece in value.lower().split(","))):
        name, equals, number = (piece.strip() for piece in part.partition("="))
        format_ = by_name(name)
        if not equals or format_ is None:
            raise ValueError(f"{part!r} names no format")
        if not number.isdecimal() or int(number) > 100:
            raise ValueError(f"{part!r} has no quality from 0 to 100")
        numbers[format_.name] = int(number)
    return numbers


def _format_quality(value: object) -> object:
    """Return the qualities by format: the default ones, changed by those in ``value``."""
    numbers = format_numbers(value)
    return QUALITIES | numbers if isinstance(value, str) and isinstance(numbers, dict) else numbers


def _instant(value: object) -> object:
    if isinstance(value, str):
        parsed = datetime.fromisoformat(value)
        if parsed.tzinfo is None:
            raise ValueError("it has no zone; append Z for UTC")
        return parsed
    return value


def _one_line(value: object) -> object:
    """Refuse control characters: a header or a URL cannot carry such a secret."""
    if isinstance(value, str) and not value.isprintable():
        raise ValueError("it contains a line break or another control character")
    return value


Bool = Annotated[bool, BeforeValidator(_bool), Expected("true or false")]
Int = Annotated[int, Expected("a whole number")]
Float = Annotated[float, Expected("a number")]
Seconds = Annotated[int, Expected("a whole number of seconds")]
Megapixels = Annotated[int, BeforeValidator(_megapixels), Expected("a number of megapixels")]
Mebibytes = Annotated[int, BeforeValidator(_mebibytes), Expected("a whole number of MiB")]
Names = Annotated[tuple[str, ...], BeforeValidator(_comma_list), Expected("a list separated by commas")]
HexKeys = Annotated[tuple[bytes, ...], BeforeValidator(_hex_list), Expected("hexadecimal, several by commas"), Secret()]
HexKey = Annotated[bytes, BeforeValidator(_hex), Expected("a hexadecimal key"), Secret()]
Base64 = Annotated[bytes, BeforeValidator(_base64), Expected("base64")]
Formats = Annotated[
    tuple[str, ...],
    BeforeValidator(_format_names),
    Expected(f"format names separated by commas, of {', '.join(FORMATS)}"),
]
FormatQuality = Annotated[
    dict[str, int],
    BeforeValidator(_format_quality),
    Expected("format=quality pairs separated by commas, quality 0 to 100"),
]
Instant = Annotated[datetime | None, BeforeValidator(_instant), Expected("a time as in RFC 3339, with its zone")]
Text = Annotated[str, Expected("text")]
Separator = Annotated[str, Expected("text"), Verbatim()]
SecretText = Annotated[str, Expected("text"), Secret()]
SecretLine = Annotated[str, BeforeValidator(_one_line), Expected("text in one line"), Secret()]
