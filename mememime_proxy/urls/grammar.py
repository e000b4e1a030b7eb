"""The shape of a URL: options, then the source. No meaning is given to either here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mememime_proxy.errors import PathError
from mememime_proxy.plan import ResizingType

_BASIC = frozenset(ResizingType)

NEXT_PIPELINE = "-"
"""The segment that ends a pipeline and begins the next one, on its result."""


@dataclass(frozen=True, slots=True)
class OptionText:
    """An option as written: its name, and its arguments, of which there is at least one; ``NEXT_PIPELINE`` has none."""

    name: str
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ParsedUrl:
    """A path taken apart. ``source``: the segments that spell the original's URL, at least one."""

    options: tuple[OptionText, ...]
    presets: tuple[tuple[str, ...], ...]
    """In presets-only mode the names for each pipeline; otherwise empty."""
    source: tuple[str, ...]


def parse_options(segments: Sequence[str], separator: str) -> tuple[tuple[OptionText, ...], tuple[str, ...]]:
    """Return the options at the start of ``segments``, and the rest.

    It begins with the first segment without separator that is not ``NEXT_PIPELINE``.
    """
    options: list[OptionText] = []
    for index, segment in enumerate(segments):
        if segment == NEXT_PIPELINE:
            options.append(OptionText(segment, ()))
            continue
        name, *arguments = segment.split(separator)
        if not arguments:
            return tuple(options), tuple(segments[index:])
        options.append(OptionText(name, tuple(arguments)))
    return tuple(options), ()


def parse_preset_names(segments: Sequence[str], separator: str) -> tuple[tuple[tuple[str, ...], ...], tuple[str, ...]]:
    """Return the names of presets for each pipeline, in presets-only mode, and the segments behind them.

    ``NEXT_PIPELINE`` stands between the segments of two pipelines; at the start it follows an empty one.
    """
    pipelines: list[tuple[str, ...]] = []
    index = 0
    while index < len(segments):
        is_empty = segments[index] == NEXT_PIPELINE
        pipelines.append(() if is_empty else tuple(segments[index].split(separator)))
        index += not is_empty
        if index == len(segments) or segments[index] != NEXT_PIPELINE:
            break
        index += 1
    return tuple(pipelines), tuple(segments[index:])


def parse(path: str, separator: str = ":", *, only_presets: bool = False) -> ParsedUrl:
    """Take apart a path, without its signature and without a leading slash. Raises PathError."""
    segments = path.split("/")
    if only_presets:
        presets, source = parse_preset_names(segments, separator)
        parsed = ParsedUrl((), presets, source)
    else:
        if segments[0] in _BASIC:
            raise PathError("this looks like the basic URL format, which imgproxy dropped in version 3")
        options, source = parse_options(segments, separator)
        parsed = ParsedUrl(options, (), source)
    if not any(parsed.source):
        raise PathError("the source is empty")
    return parsed
