"""Rules for arguments that depend on each other: gravity, colours, lists, file name, expiry."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from mememime_proxy.errors import ExpiredError, OptionError
from mememime_proxy.plan import GravityType
from mememime_proxy.urls.options.draft import Draft
from mememime_proxy.urls.options.kinds import (
    LARGEST_64,
    TRUE_WORDS,
    Choice,
    FormatName,
    HexColor,
    Kind,
    Number,
    Text,
    Whole,
)
from mememime_proxy.urls.options.option import Tail, read
from mememime_proxy.urls.source.base64url import decode_text

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class GravityTail(Tail):
    """``type[:x[:y]]``: a position and its offsets.

    Offsets that are empty or missing stay what they were before, also when the type changes; ``sm`` takes none and
    resets them; ``fp`` needs both, each 0–1 or empty (parser: ``parseGravity``).
    """

    name, shape, limit = "gravity", "gravity[:x[:y]]", 3

    def __init__(self, field: str, types: Mapping[str, GravityType], meaning: str) -> None:
        self.field, self.meaning = field, meaning
        self.types = Choice(types)

    def read(self, draft: Draft, option: str, args: Sequence[str]) -> None:
        """Set the type and the offsets that are given."""
        kind = read(option, "gravity", self.types, args[0])
        draft.set(f"{self.field}.type", kind)
        if kind is GravityType.SMART:
            if len(args) > 1:
                raise OptionError(f"{option}: gravity sm takes no offsets")
            draft.set(f"{self.field}.x", 0.0)
            draft.set(f"{self.field}.y", 0.0)
            return
        if kind is GravityType.FOCUS_POINT and len(args) != 3:
            raise OptionError(f"{option}: gravity fp: found {len(args) - 1} coordinates, expected x and y")
        offset: Kind = Number(0, 1) if kind is GravityType.FOCUS_POINT else Number()
        for name, text in zip("xy", args[1:], strict=False):
            if text:
                draft.set(f"{self.field}.{name}", read(option, name, offset, text))


class ColorTail(Tail):
    """``hex`` or ``red:green:blue``; an empty colour switches it off."""

    name, shape, limit = "colour", "hex", 3
    _channel = Whole(0, 255)

    def __init__(self, field: str, meaning: str) -> None:
        self.field, self.meaning = field, meaning

    def read(self, draft: Draft, option: str, args: Sequence[str]) -> None:
        """Set the colour, or None."""
        if len(args) == 1:
            draft.set(self.field, read(option, "colour", HexColor(), args[0]) if args[0] else None)
        elif len(args) == 3:
            names = ("red", "green", "blue")
            if any(not text.isdecimal() for text in args):  # unlike other whole numbers these take no sign
                raise OptionError(f"{option}: found {':'.join(args)[:80]!r}, expected red:green:blue, each 0 to 255")
            draft.set(
                self.field,
                tuple(read(option, name, self._channel, text) for name, text in zip(names, args, strict=True)),
            )
        else:
            raise OptionError(f"{option}: found {len(args)} arguments, expected 1 or 3")


class FormatQualityTail(Tail):
    """``format:quality`` pairs, any number of them. A format's quality replaces the one it had."""

    name, shape, limit = "pairs", "format:quality[:format:quality…]", None
    _quality = Whole(0, 100)

    def __init__(self, field: str, meaning: str) -> None:
        self.field, self.meaning = field, meaning

    def read(self, draft: Draft, option: str, args: Sequence[str]) -> None:
        """Add the pairs."""
        if len(args) % 2:
            raise OptionError(f"{option}: no quality for {args[-1][:80]!r}")
        pairs = dict(draft.get(self.field))
        for name, quality in zip(args[::2], args[1::2], strict=True):
            pairs[read(option, "format", FormatName(), name)] = read(option, "quality", self._quality, quality)
        draft.set(self.field, tuple(sorted(pairs.items())))


class FormatsTail(Tail):
    """Formats, any number of them, in addition to those that are there."""

    name, shape, limit = "formats", "format[:format…]", None

    def __init__(self, field: str, meaning: str) -> None:
        self.field, self.meaning = field, meaning

    def read(self, draft: Draft, option: str, args: Sequence[str]) -> None:
        """Add the formats."""
        names = {str(read(option, "format", FormatName(), text)) for text in args}
        draft.set(self.field, tuple(sorted(names.union(draft.get(self.field)))))


class FilenameTail(Tail):
    """``name[:encoded]``: the name as it is, or in URL-safe base64 where ``encoded`` is true."""

    name, shape, limit = "name", "name[:encoded]", 2

    def __init__(self, field: str, meaning: str) -> None:
        self.field, self.meaning = field, meaning

    def read(self, draft: Draft, option: str, args: Sequence[str]) -> None:
        """Set the name."""
        name = str(read(option, "name", Text(), args[0]))
        if len(args) == 2 and args[1] in TRUE_WORDS:
            try:
                name = decode_text(args[0])
            except ValueError:
                raise OptionError(f"{option}: found {args[0][:80]!r}, expected URL-safe base64") from None
        if _CONTROL.search(name):
            raise OptionError(f"{option}: the name has control characters")
        draft.set(self.field, name)


class ExpiryTail(Tail):
    """Unix seconds. A time that has passed ends the parsing with ExpiredError."""

    name, shape, limit = "time", "time", 1
    _seconds = Whole(0, LARGEST_64)

    def __init__(self, field: str, meaning: str) -> None:
        self.field, self.meaning = field, meaning

    def read(self, draft: Draft, option: str, args: Sequence[str]) -> None:
        """Set the time."""
        seconds = int(str(read(option, "time", self._seconds, args[0])))
        if 0 < seconds < int(draft.now):
            raise ExpiredError(f"expired at {seconds}")
        draft.set(self.field, seconds)


class PresetsTail(Tail):
    """Names of presets, any number of them, applied in this order."""

    name, shape, limit = "names", "name[:name…]", None

    def __init__(self, meaning: str) -> None:
        self.meaning = meaning

    def read(self, draft: Draft, option: str, args: Sequence[str]) -> None:
        """Apply the presets."""
        draft.use_presets(args)
