"""The format of a result, as far as it is known before the original is read."""

from __future__ import annotations

from pathlib import PurePosixPath

from mememime_proxy.errors import UnsupportedFormatError
from mememime_proxy.formats import FORMATS, by_name, cannot_write, check_result_enabled, check_source_enabled
from mememime_proxy.imaging.codecs.selection import (
    expects_transparency,
    holds_animation,
    output_format,
    skips_processing,
)
from mememime_proxy.plan import Plan
from mememime_proxy.settings import sections
from mememime_proxy.settings.settings import Settings


def check_format(plan: Plan, settings: Settings) -> None:
    """Raise UnsupportedFormatError for a format that is disabled, or that this installation never writes."""
    check_result_enabled(plan.format, settings.disabled_result_formats)
    format_ = FORMATS.get(plan.format)
    if format_ is not None and not format_.writable and not format_.verbatim and not plan.raw:
        raise cannot_write(plan.format)


def describe_format(plan: Plan, settings: Settings) -> str:
    """Return the format of the result for a plan with its negotiated preferences, in words.

    Where the URL names no format it depends on the original, whose format is taken from its name here.
    """
    if plan.raw:
        return "the original, as it is (raw)"
    config = sections.render_config(settings)
    writable = [name for name, format_ in FORMATS.items() if format_.writable]
    source = by_name(PurePosixPath(plan.source.partition("?")[0]).suffix.removeprefix(".").lower())
    if source is not None:
        try:
            check_source_enabled(source.name, settings.disabled_source_formats)
        except UnsupportedFormatError as error:
            return error.detail
        if skips_processing(source.name, plan, config):
            return f"{source.name}, not rendered"
        return _one(source.name, plan, settings, writable)
    results = {name: _one(name, plan, settings, writable) for name, format_ in FORMATS.items() if format_.readable}
    if len(set(results.values())) == 1:
        return next(iter(results.values()))
    same = [name for name, result in results.items() if name == result]
    others = sorted({result for name, result in results.items() if name != result})
    return f"the format of the original, if it is {', '.join(same)}; else {' or '.join(others)}"


def _one(source: str, plan: Plan, settings: Settings, writable: list[str]) -> str:
    """Return the format for an original of the format ``source``, for a still picture without transparency."""
    config = sections.render_config(settings)
    opaque = expects_transparency(plan, alpha=False)
    try:
        result = output_format(source, plan, config, writable, animated=False, transparent=opaque)
        moving = output_format(source, plan, config, writable, animated=True, transparent=opaque)
    except UnsupportedFormatError as error:
        return error.detail
    animated = holds_animation(source, plan, config) and plan.limits.max_animation_frames > 1
    return f"{result} ({moving} if it is animated)" if animated and moving != result else result
