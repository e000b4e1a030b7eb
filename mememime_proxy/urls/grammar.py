"""The shape of a URL: options, then the source. No meaning is given to either here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mememime_proxy.errors import PathError
from mememime_proxy.plan import ResizingType

_BASIC = frozenset(ResizingType)


@dataclass(frozen=True, slots=True)
class OptionText:
    """An option as written: its name, and its arguments, of which there is at least one."""

    name: str
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ParsedUrl:
    """A path taken apart. ``source``: the segments that spell the original's URL, at least one."""

    options: tuple[OptionText, ...]
    presets: tuple[str, ...]
    """Names in the first segment, in presets-only mode; otherwise empty."""
    source: tuple[str, ...]


def parse_options(segments: Sequence[str], separator: str) -> tuple[tuple[OptionText, ...], tuple[str, ...]]:
    """Return the options at the start of ``segments``, and the rest.

    It begins with the first segment without separator.
    """
    options: list[OptionText] = []
    for index, segment in enumerate(segments):
        name, *arguments = segment.split(separator)
        if not arguments:
            return tuple(options), tuple(segments[index:])
        options.append(OptionText(name, tuple(arguments)))
    return tuple(options), ()


def parse(path: str, separator: str = ":", *, only_presets: bool = False) -> ParsedUrl:
    """Take apart a path, without its signature and without a leading slash. Raises PathError."""
    segments = path.split("/")
    if only_presets:
        parsed = ParsedUrl((), tuple(segments[0].split(separator)), tuple(segments[1:]))
    else:
        if segments[0] in _BASIC:
            raise PathError("this looks like the basic URL format, which imgproxy dropped in version 3")
        options, source = parse_options(segments, separator)
        parsed = ParsedUrl(options, (), source)
    if not any(parsed.source):
        raise PathError("the source is empty")
    return parsed
