"""Groups of arguments that depend on each other: gravity, colours, lists, file name, expiry."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mememime_proxy.detection.options import ALL
from mememime_proxy.errors import ExpiredError, OptionError
from mememime_proxy.plan import GravityType
from mememime_proxy.urls.draft import PlanDraft
from mememime_proxy.urls.options.arguments import (
    LARGEST_64,
    TRUE_WORDS,
    ArgumentGroup,
    Choice,
    DecimalNumber,
    FormatName,
    HexColor,
    Text,
    WholeNumber,
    read_value,
)
from mememime_proxy.urls.source.base64url import decode_text

NINE_GRAVITIES = (
    "`ce` centre, `no` top, `so` bottom, `ea` right, `we` left, and the corners `noea`, `nowe`, `soea`, `sowe`;"
    " `fp:x:y` a focus point in shares of the picture (`fp:0.5:0.3`)"
)
"""Types of gravity."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


_BY_CONTENT = (GravityType.SMART, GravityType.OBJECTS)
_OBJECT_WEIGHTS = "objw"
_MOST_CLASSES = 64


class GravityArguments(ArgumentGroup):
    """``type[:x[:y]]``: a position and its offsets.

    Offsets that are empty or missing keep their earlier values, also when the type changes; types that go by what is
    seen take none and reset them; ``fp`` needs both, each 0–1 or empty (parser: ``parseGravity``).
    """

    name = "gravity"
    limit: int | None
    _share, _offset, _weight, _text = DecimalNumber(0, 1), DecimalNumber(), DecimalNumber(0, above=True), Text()

    def __init__(self, field: str, meaning: str, *, smart: bool, proportional: bool = False) -> None:
        """``smart``: whether types that go by what is seen are among them, as for options that crop.

        ``proportional``: whether ``prop`` is.
        """
        self.field, self.meaning = field, meaning
        self.shape, self.limit = ("gravity[:x[:y]]", 3) if not smart else ("gravity[:x[:y]|:class…]", None)
        without = {*(() if smart else _BY_CONTENT), *(() if proportional else (GravityType.PROPORTIONAL,))}
        types = {kind.value: kind for kind in GravityType if kind not in without}
        self.types = Choice(types | ({_OBJECT_WEIGHTS: GravityType.OBJECTS} if smart else {}))

    def read(self, draft: PlanDraft, option: str, texts: Sequence[str]) -> None:
        """Set the type, and the offsets or the classes."""
        kind, offsets = read_value(option, "gravity", self.types, texts[0]), texts[1:]
        draft.changes[f"{self.field}.type"] = kind
        classes = f"objects.{self.field.replace('.', '_')}"
        if kind is GravityType.OBJECTS:
            draft.changes[classes] = self._classes(option, texts[0], offsets)
        elif self.limit is None and draft.get(classes):
            draft.changes[classes] = ()
        if kind in (*_BY_CONTENT, GravityType.PROPORTIONAL):
            if offsets and kind is not GravityType.OBJECTS:
                raise OptionError(f"{option}: gravity {kind} takes no offsets")
            draft.changes[f"{self.field}.x"] = 0.0
            draft.changes[f"{self.field}.y"] = 0.0
            return
        if kind is GravityType.FOCUS_POINT and len(offsets) != 2:
            raise OptionError(f"{option}: gravity fp: found {len(offsets)} coordinates, expected x and y")
        if len(offsets) > 2:
            raise OptionError(f"{option}: gravity {kind}: found {len(offsets)} offsets, expected at most 2")
        number = self._share if kind is GravityType.FOCUS_POINT else self._offset
        for name, text in zip("xy", offsets, strict=False):
            if text:
                draft.changes[f"{self.field}.{name}"] = read_value(option, name, number, text)

    def _classes(self, option: str, kind: str, texts: Sequence[str]) -> tuple[tuple[str, float], ...]:
        """Return the classes, in their order by name, that ``obj`` lists, or ``objw`` with their weights."""
        if kind != _OBJECT_WEIGHTS:
            classes = read_classes(option, texts)
            return tuple((name, 0.0) for name in classes)
        if not texts or len(texts) % 2:
            raise OptionError(f"{option}: gravity objw: found {len(texts)} arguments, expected class:weight pairs")
        names, weights = texts[::2], texts[1::2]
        found = {
            read_value(option, "class", self._text, name): read_value(option, "weight", self._weight, weight)
            for name, weight in zip(names, weights, strict=True)
        }
        _check_number(option, len(found))
        return tuple(sorted(found.items()))


def read_classes(option: str, texts: Sequence[str]) -> tuple[str, ...]:
    """Return names of classes of objects in their order; none where ``all`` is among them, which stands for all."""
    names = {read_value(option, "class", Text(), text) for text in texts if text}
    _check_number(option, len(names))
    return () if ALL in names else tuple(sorted(names))


def _check_number(option: str, classes: int) -> None:
    if classes > _MOST_CLASSES:
        raise OptionError(f"{option}: found {classes} classes, expected at most {_MOST_CLASSES}")


class ClassArguments(ArgumentGroup):
    """Names of classes of objects; they replace earlier ones."""

    name, shape, limit = "classes", "class[:class…]", None

    def __init__(self, field: str, meaning: str) -> None:
        self.field, self.meaning = field, meaning

    def read(self, draft: PlanDraft, option: str, texts: Sequence[str]) -> None:
        """Set the classes; ``all`` stands for all."""
        draft.changes[self.field] = read_classes(option, texts)


class ColorArguments(ArgumentGroup):
    """``hex`` or ``red:green:blue``; an empty colour switches it off."""

    name, shape, limit = "colour", "hex", 3
    _hex, _channel = HexColor(), WholeNumber(0, 255)

    def __init__(self, field: str, meaning: str) -> None:
        self.field, self.meaning = field, meaning

    def read(self, draft: PlanDraft, option: str, texts: Sequence[str]) -> None:
        """Set the colour, or None."""
        if len(texts) == 1:
            draft.changes[self.field] = read_value(option, "colour", self._hex, texts[0]) if texts[0] else None
        elif len(texts) == 3:
            names = ("red", "green", "blue")
            if any(not text.isdecimal() for text in texts):  # unlike other whole numbers these take no sign
                raise OptionError(f"{option}: found {':'.join(texts)[:80]!r}, expected red:green:blue, each 0 to 255")
            channels = (read_value(option, name, self._channel, text) for name, text in zip(names, texts, strict=True))
            draft.changes[self.field] = tuple(channels)
        else:
            raise OptionError(f"{option}: found {len(texts)} arguments, expected 1 or 3")


class FormatQualityArguments(ArgumentGroup):
    """``format:quality`` pairs, any number of them. A format's quality replaces its earlier one."""

    name, shape, limit = "pairs", "format:quality[:format:quality…]", None
    _format, _quality = FormatName(), WholeNumber(0, 100)

    def __init__(self, field: str, meaning: str) -> None:
        self.field, self.meaning = field, meaning

    def read(self, draft: PlanDraft, option: str, texts: Sequence[str]) -> None:
        """Add the pairs."""
        if len(texts) % 2:
            raise OptionError(f"{option}: no quality for {texts[-1][:80]!r}")
        pairs = dict(draft.get(self.field))
        for name, quality in zip(texts[::2], texts[1::2], strict=True):
            pairs[read_value(option, "format", self._format, name)] = read_value(
                option, "quality", self._quality, quality
            )
        draft.changes[self.field] = tuple(sorted(pairs.items()))


class FormatListArguments(ArgumentGroup):
    """Formats, any number of them, added to the earlier ones."""

    name, shape, limit = "formats", "format[:format…]", None
    _format = FormatName()

    def __init__(self, field: str, meaning: str) -> None:
        self.field, self.meaning = field, meaning

    def read(self, draft: PlanDraft, option: str, texts: Sequence[str]) -> None:
        """Add the formats."""
        names = {read_value(option, "format", self._format, text) for text in texts}
        draft.changes[self.field] = tuple(sorted(names.union(draft.get(self.field))))


class FilenameArguments(ArgumentGroup):
    """``name[:encoded]``: the name as it is, or in URL-safe base64 where ``encoded`` is true."""

    name, shape, limit = "name", "name[:encoded]", 2
    _text = Text()

    def __init__(self, field: str, meaning: str) -> None:
        self.field, self.meaning = field, meaning

    def read(self, draft: PlanDraft, option: str, texts: Sequence[str]) -> None:
        """Set the name."""
        name = read_value(option, "name", self._text, texts[0])
        if len(texts) == 2 and texts[1] in TRUE_WORDS:
            try:
                name = decode_text(texts[0])
            except ValueError:
                raise OptionError(f"{option}: found {texts[0][:80]!r}, expected URL-safe base64") from None
        if _CONTROL.search(name):
            raise OptionError(f"{option}: the name has control characters")
        draft.changes[self.field] = name


class ExpiryArgument(ArgumentGroup):
    """Unix seconds. A time in the past raises ExpiredError."""

    name, shape, limit = "time", "time", 1
    _seconds = WholeNumber(0, LARGEST_64)

    def __init__(self, field: str, meaning: str) -> None:
        self.field, self.meaning = field, meaning

    def read(self, draft: PlanDraft, option: str, texts: Sequence[str]) -> None:
        """Set the time."""
        seconds = read_value(option, "time", self._seconds, texts[0])
        if 0 < seconds < int(draft.now):
            raise ExpiredError(f"expired at {seconds}")
        draft.changes[self.field] = seconds


class PresetArguments(ArgumentGroup):
    """Names of presets, any number of them, applied in this order."""

    name, shape, limit = "names", "name[:name…]", None

    def __init__(self, meaning: str) -> None:
        self.meaning = meaning

    def read(self, draft: PlanDraft, option: str, texts: Sequence[str]) -> None:
        """Apply the presets."""
        draft.apply_presets(draft, texts)
