"""The options of a URL one by one, by the interpreter of the proxy: what each sets, and what is wrong with one."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mememime_proxy.errors import (
    ExpiredError,
    MememimeError,
    OptionError,
    PresetError,
    SecurityOptionError,
    UrlError,
)
from mememime_proxy.explain.model import Cause, UrlPart
from mememime_proxy.explain.target import Segment
from mememime_proxy.plan import Plan
from mememime_proxy.urls.config import UrlConfig
from mememime_proxy.urls.draft import PlanDraft
from mememime_proxy.urls.grammar import NEXT_PIPELINE, OptionText, ParsedUrl
from mememime_proxy.urls.options.arguments import DecimalNumber, Megapixels, WholeNumber, parse_float
from mememime_proxy.urls.options.interpreter import find_option
from mememime_proxy.urls.options.option import Option
from mememime_proxy.urls.options.table import BY_NAME
from mememime_proxy.urls.parser import UrlParser
from mememime_proxy.urls.presets import DEFAULT, parse_presets

_SCHEMES = ("http", "https", "local", "s3", "gs", "abs", "alias", "asset")


class OptionTrace:
    """Applies options one after the other and notes what each changes."""

    def __init__(self, parser: UrlParser, initial: Plan, now: float) -> None:
        self._parser, self._initial, self._now = parser, initial, now
        self._separator = parser.config.arguments_separator
        self._presets = parse_presets(parser.config.presets, self._separator)

    def parts(self, parsed: ParsedUrl, segments: Sequence[Segment]) -> Iterator[UrlPart]:
        """Yield the preset ``default``, the presets and the options, as far as they are valid."""
        before: Mapping[str, Any] = {}
        try:
            draft = self._apply((), ())
            if DEFAULT in self._presets:
                yield UrlPart(
                    kind="preset", text=DEFAULT, meaning=self._definition(DEFAULT), sets=self._changes({}, draft)
                )
            before = _all_changes(draft)
            position = 0
            for index, names in enumerate(parsed.presets):
                if index:
                    yield self._next_pipeline(segments[position], index)
                    position += 1
                for count in range(1, len(names) + 1):
                    draft = self._apply((), (*parsed.presets[:index], names[:count]))
                    name, at = names[count - 1], segments[position]
                    start = at.start + sum(len(each) + len(self._separator) for each in names[: count - 1])
                    yield UrlPart(
                        kind="preset", text=name, meaning=self._definition(name), start=start, end=start + len(name),
                        sets=self._changes(before, draft),
                    )  # fmt: skip
                    before = _all_changes(draft)
                position += bool(names)
            for count in range(1, len(parsed.options) + 1):
                draft = self._apply(parsed.options[:count], ())
                option, at = parsed.options[count - 1], segments[count - 1]
                if option.name == NEXT_PIPELINE:
                    yield self._next_pipeline(at, draft.position)
                    continue
                yield UrlPart(
                    kind="option", text=at.text, meaning=self._meaning(option), start=at.start, end=at.end,
                    sets=self._changes(before, draft),
                )  # fmt: skip
                before = _all_changes(draft)
        except MememimeError:
            return

    @staticmethod
    def _next_pipeline(at: Segment, position: int) -> UrlPart:
        meaning = f"pipeline {position + 1} begins, on the result of the one before"
        return UrlPart(kind="pipeline", text=at.text, meaning=meaning, start=at.start, end=at.end)

    def _apply(self, options: Sequence[OptionText], presets: Sequence[Sequence[str]]) -> PlanDraft:
        return self._parser.interpreter.apply(self._initial, options, presets, self._now)

    def _changes(self, before: Mapping[str, Any], draft: PlanDraft) -> dict[str, str]:
        return {
            name: "default" if value is None else str(value)
            for name, value in _all_changes(draft).items()
            if name not in before or before[name] != value
        }

    def _definition(self, name: str) -> str:
        options = "/".join(self._separator.join((each.name, *each.arguments)) for each in self._presets[name])
        return f"preset {name}: {options}"

    def _meaning(self, text: OptionText) -> str:
        option = find_option(text.name, text.arguments)
        if option is not None and option.name != "preset":
            return f"{option.name}: {option.meaning.partition('. ')[0].removesuffix('.')}"
        return "; ".join(self._definition(name) for name in text.arguments if name in self._presets)


def _all_changes(draft: PlanDraft) -> dict[str, Any]:
    """Return what a draft changes, in all of its pipelines."""
    return {
        name if index == 0 else f"{name} (pipeline {index + 1})": value
        for index, changes in enumerate(draft.pipelines)
        for name, value in changes.items()
    }


def option_cause(error: MememimeError, parsed: ParsedUrl, segments: Sequence[Segment], config: UrlConfig) -> Cause:
    """Return the cause of an error that an option or a preset raised."""
    index = error.segment if isinstance(error, UrlError | SecurityOptionError) else None
    if index is None:
        return _preset_cause(error, parsed, segments, config)
    option, at = parsed.options[index], segments[index]
    start, end = _argument_place(error, option, at, config)
    record = find_option(option.name, option.arguments)
    name, text, remedy = _describe(error, option, record, config)
    return Cause(id=name, text=text, remedy=remedy, start=start, end=end)


def _argument_place(error: MememimeError, option: OptionText, at: Segment, config: UrlConfig) -> tuple[int, int]:
    number = error.argument if isinstance(error, UrlError) else None
    if number is None:
        return at.start, at.end
    pieces = (option.name, *option.arguments)
    start = at.start + sum(len(each) + len(config.arguments_separator) for each in pieces[: number + 1])
    return start, start + len(pieces[number + 1])


def _describe(
    error: MememimeError, option: OptionText, record: Option | None, config: UrlConfig
) -> tuple[str, str, str]:
    """Return id, text and remedy."""
    return _not_permitted(error, option, record, config) or _not_valid(error, option, record, config)


def _not_permitted(
    error: MememimeError, option: OptionText, record: Option | None, config: UrlConfig
) -> tuple[str, str, str] | None:
    if isinstance(error, ExpiredError):
        return "url.expired", f"the URL's time has passed: {error.detail}", "Sign a new URL with a later time."
    if config.allowed_options and option.name not in config.allowed_options:
        return (
            "option.switched_off",
            f"{option.name} is not among MEMEMIME_ALLOWED_PROCESSING_OPTIONS, each spelling by itself",
            f"Leave it out, or add it to the setting, which allows: {', '.join(sorted(config.allowed_options))}.",
        )
    if isinstance(error, SecurityOptionError):
        setting = (record and record.permission) or "ALLOW_SECURITY_OPTIONS"
        return (
            "option.security",
            f"{record.name if record else option.name} is for signers who may cost the service more than others",
            f"Leave it out, or set MEMEMIME_{setting}=true where every signer is trusted.",
        )
    return None


def _not_valid(
    error: MememimeError, option: OptionText, record: Option | None, config: UrlConfig
) -> tuple[str, str, str]:
    if option.name == NEXT_PIPELINE:
        return "chain.too_long", error.detail, "Write fewer pipelines, or set a higher limit."
    if record is None:
        return _unknown_option(option.name)
    if isinstance(error, PresetError):
        return "preset.unknown", error.detail, _known_presets(config)
    if not isinstance(error, OptionError):
        return "option.invalid", error.detail, f"Write it as {record.shape}."
    if record.limit is not None and len(option.arguments) > record.limit:
        return "option.too_many_arguments", error.detail, f"Write it as {record.shape}."
    name = "option.out_of_range" if _is_number_out_of_range(error, option, record) else "option.argument_invalid"
    return name, error.detail, f"Write it as {record.shape}, for example {record.example}."


def _is_number_out_of_range(error: OptionError, option: OptionText, record: Option) -> bool:
    number = error.argument
    if number is None or number >= len(record.arguments):
        return False
    argument = record.arguments[number]
    if not isinstance(getattr(argument, "type", None), WholeNumber | DecimalNumber | Megapixels):
        return False
    try:
        parse_float(option.arguments[number])
    except ValueError:
        return False
    return True


def _unknown_option(name: str) -> tuple[str, str, str]:
    if name in _SCHEMES:
        return (
            "source.plain_missing",
            f"the source begins with {name}: where an option is expected",
            "Write plain/ in front of the source, or the source in base64.",
        )
    near = difflib.get_close_matches(name.lower(), BY_NAME, n=3, cutoff=0.6)
    hint = f"Did you mean {' or '.join(near)}? " if near else ""
    return "option.unknown", f"there is no option {name!r}", f"{hint}docs/options.md lists all of them."


def _preset_cause(error: MememimeError, parsed: ParsedUrl, segments: Sequence[Segment], config: UrlConfig) -> Cause:
    at = segments[0] if segments else Segment("", 0, 0)
    if config.only_presets and parsed.presets and parsed.presets[0][:1] and parsed.presets[0][0] in BY_NAME:
        return Cause(
            id="preset.only_presets",
            text=f"found the option {at.text!r}, and this service takes presets alone (MEMEMIME_ONLY_PRESETS)",
            remedy=f"Write names of presets in the first segment. {_known_presets(config)}",
            start=at.start,
            end=at.end,
        )
    name = "preset.unknown" if isinstance(error, PresetError) else "preset.invalid"
    return Cause(id=name, text=error.detail, remedy=_known_presets(config), start=at.start, end=at.end)


def _known_presets(config: UrlConfig) -> str:
    names = sorted(parse_presets(config.presets, config.arguments_separator))
    return f"The service has {', '.join(names)}." if names else "The service has no presets (MEMEMIME_PRESETS)."
