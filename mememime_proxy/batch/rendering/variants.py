"""Which variants an original shall have: presets and options, each in every format or cell of the negotiation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from mememime_proxy.batch.model import BatchItem
from mememime_proxy.errors import BatchUsageError
from mememime_proxy.formats import by_name
from mememime_proxy.settings.settings import Settings
from mememime_proxy.urls.source import base64url

_CELLS: Final = ("webp", "avif", "jxl")
"""Formats in the order in which browsers learned them: one that takes a format takes those before it."""
_SECONDS: Final = {"jpeg": 0.02, "png": 0.05, "webp": 0.06, "avif": 0.08}
"""CPU time of one variant, measured (docs/cost.md); others, and those that the original decides, count as WebP."""


class RenderParameters(msgspec.Struct, frozen=True, kw_only=True):
    """What `mememime batch render` is asked for."""

    presets: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    """Options as in URLs, without a source: ``rs:fit:800/q:70``."""
    formats: tuple[str, ...] = ()
    """() = one variant for each cell."""
    prefix: str = ""
    """Where files are written: a folder or a bucket's prefix; '' = the store of variants."""
    template: str = ""
    """Names of the files."""
    revalidates: bool = False
    """Whether each record of the store is compared with its source."""


@dataclass(frozen=True, slots=True)
class VariantTemplate:
    """One variant of each original: all of a request but its source."""

    label: str
    """``card``, ``card@webp`` with its format, ``card (webp)`` for a browser that takes WebP."""
    name: str
    """``card``: the preset, or the options as a name."""
    options: str
    """Options of the path; '' = none."""
    extension: str = ""
    """``.webp``; '' = by the Accept header."""
    accept: str = "*/*"

    def target(self, source: str) -> str:
        """Return the path of a request for this variant of ``source``, without a signature."""
        encoded = base64url.encode(source.encode("utf-8", "surrogateescape"))
        return f"/unsafe/{self.options}{'/' * bool(self.options)}{encoded}{self.extension}"


class VariantPlanner:
    """Says which variants an item has."""

    def __init__(self, settings: Settings, parameters: RenderParameters) -> None:
        """Raise BatchUsageError for a format that is not written, and options where only presets are served."""
        if settings.only_presets and parameters.options:
            raise BatchUsageError("--options: found options, expected --preset alone with MEMEMIME_ONLY_PRESETS")
        for name in parameters.formats:
            format_ = by_name(name)
            if format_ is None or not format_.writable or format_.name in settings.disabled_result_formats:
                raise BatchUsageError(f"--format: found {name!r}, expected a format that `mememime formats` writes")
        self._formats = parameters.formats
        negotiated = [
            name
            for name in _CELLS
            if name not in settings.disabled_result_formats
            and (getattr(settings, f"auto_{name}") or getattr(settings, f"enforce_{name}"))
        ]
        self._cells = [negotiated[:count] for count in range(len(negotiated) + 1)]
        named = [(preset, f"preset{settings.arguments_separator}{preset}") for preset in parameters.presets]
        named += [(_as_name(options), options.strip("/")) for options in parameters.options]
        named = named or [("default", "")]
        self.common = [variant for name, options in named for variant in self._in_each_format(name, options)]
        """The variants of an item without options of its own."""

    def of(self, item: BatchItem) -> Sequence[VariantTemplate]:
        """Return the variants of an item: those of its own options, or those of the command."""
        if item.options:
            options = item.options.strip("/")
            return tuple(self._in_each_format(_as_name(options), options))
        return self.common

    @property
    def seconds_each(self) -> float:
        """Seconds that one variant takes about, to cut chunks."""
        seconds = [_SECONDS.get(variant.extension[1:], _SECONDS["webp"]) for variant in self.common]
        return sum(seconds) / len(seconds)

    def _in_each_format(self, name: str, options: str) -> Iterator[VariantTemplate]:
        for format_name in self._formats:
            yield VariantTemplate(f"{name}@{format_name}", name, options, f".{format_name}")
        for cell in () if self._formats else self._cells:
            label = f"{name} ({'+'.join(cell)})" if cell else name
            accept = "".join(f"image/{format_name}," for format_name in cell) + "*/*"
            yield VariantTemplate(label, name, options, accept=accept)


def _as_name(options: str) -> str:
    """Return options as a part of a file's name: ``rs-fit-800_q-70``; of ``preset:card`` the preset."""
    for word in ("preset:", "pr:"):
        if options.startswith(word) and "/" not in options and ":" not in options.removeprefix(word):
            return options.removeprefix(word)
    text = options.strip("/").replace("/", "_")
    return "".join(letter if letter.isalnum() or letter in "._" else "-" for letter in text) or "default"
