"""Arguments of effects: directions, angles, percentiles."""

from __future__ import annotations

from collections.abc import Sequence

from mememime_proxy.errors import OptionError
from mememime_proxy.formats.text_markup import read_markup
from mememime_proxy.urls.draft import PlanDraft
from mememime_proxy.urls.options.arguments import (
    LARGEST,
    ArgumentGroup,
    DecimalNumber,
    ValueType,
    parse_float,
    read_value,
)
from mememime_proxy.urls.source.base64url import decode_text

DIRECTIONS = {"down": 0.0, "left": 90.0, "up": 180.0, "right": 270.0}
"""Degrees clockwise."""

MAX_AREAS = 64
"""Areas of one option."""


class Degrees(ValueType):
    """An angle in degrees. The value is from 0 up to, and without, 360."""

    expected = "degrees, a number"

    def parse(self, text: str) -> float:
        """Return degrees clockwise."""
        value = parse_float(text)
        if abs(value) > LARGEST:
            raise ValueError(text)
        return value % 360.0 % 360.0  # a tiny negative number is 360 after the first one


class Direction(Degrees):
    """A word or an angle in degrees."""

    expected = "one of `down`, `left`, `up`, `right`, or degrees"

    def parse(self, text: str) -> float:
        """Return degrees clockwise from downwards."""
        return DIRECTIONS[text] if text in DIRECTIONS else super().parse(text)


class MarkupText(ValueType):
    """Text in URL-safe base64, Pango markup within bounds; ``-`` stands for no text."""

    expected = "URL-safe base64 of Pango markup, up to 1024 bytes, with fonts of up to 400 pixels"

    def parse(self, text: str) -> str:
        """Return the markup."""
        if text == "-":
            return ""
        markup = decode_text(text)
        read_markup(markup)
        return markup


class PictureUrl(ValueType):
    """The URL of a picture in URL-safe base64; ``-`` stands for none."""

    expected = "a URL in URL-safe base64"

    def parse(self, text: str) -> str:
        """Return the URL."""
        url = "" if text == "-" else decode_text(text)
        if text != "-" and (not url.strip() or any(sign < " " or sign == "\x7f" for sign in url)):
            raise ValueError(text)
        return url


class CornerArguments(ArgumentGroup):
    """One radius, or four: pixels, shares of the shorter side below 1, or ``max``. A single ``0`` is off."""

    name, shape, limit = "radii", "radius[:radius:radius:radius]", 4
    _radius = DecimalNumber(0, 65_535)

    def __init__(self, field: str, meaning: str) -> None:
        self.field, self.meaning = field, meaning

    def read(self, draft: PlanDraft, option: str, texts: Sequence[str]) -> None:
        """Set the radii; an empty one keeps the earlier ones."""
        if len(texts) == 1 and not texts[0]:
            return
        if len(texts) not in (1, 4):
            raise OptionError(f"{option}: found {len(texts)} radii, expected 1 or 4")
        found = tuple(0.5 if text == "max" else read_value(option, "radius", self._radius, text) for text in texts)
        draft.changes[self.field] = found if any(found) else ()


class BlurAreaArguments(ArgumentGroup):
    """``left:top:width:height`` of areas in shares of the picture, up to ``MAX_AREAS``; they replace earlier ones."""

    name, shape, limit = "areas", "left:top:width:height…", 4 * MAX_AREAS
    _share = DecimalNumber(0, 1)
    _names = ("left", "top", "width", "height")

    def __init__(self, field: str, meaning: str) -> None:
        self.field, self.meaning = field, meaning

    def read(self, draft: PlanDraft, option: str, texts: Sequence[str]) -> None:
        """Set the areas that are not empty."""
        if len(texts) % 4:
            raise OptionError(f"{option}: found {len(texts)} numbers of areas, expected four for each")
        numbers = [read_value(option, self._names[i % 4], self._share, text) for i, text in enumerate(texts)]
        areas = (tuple(numbers[i : i + 4]) for i in range(0, len(numbers), 4))
        draft.changes[self.field] = tuple(area for area in areas if area[2] > 0 and area[3] > 0)


class NormalizeArguments(ArgumentGroup):
    """``low[:high]`` percentiles, ``high`` by default as far from 100 as ``low`` is from 0; ``0`` alone is off."""

    name, shape, limit = "percentiles", "low[:high]", 2
    _low, _high = DecimalNumber(0, 50), DecimalNumber(50, 100)

    def __init__(self, field: str, meaning: str) -> None:
        self.field, self.meaning = field, meaning

    def read(self, draft: PlanDraft, option: str, texts: Sequence[str]) -> None:
        """Set both, or None. Empty ones keep the earlier values, or 1 and 99."""
        low, high = draft.get(self.field) or (1.0, 99.0)
        if texts[0]:
            low = read_value(option, "low", self._low, texts[0])
            high = 100.0 - low
        if len(texts) == 2 and texts[1]:
            high = read_value(option, "high", self._high, texts[1])
        elif texts[0] and low == 0:
            draft.changes[self.field] = None
            return
        if low >= high:
            raise OptionError(f"{option}: low must be less than high")
        draft.changes[self.field] = (low, high)
