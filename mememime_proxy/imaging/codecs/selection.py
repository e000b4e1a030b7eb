"""Selection of the output, without looking at pixels: skip or render, format, quality.

Pure functions of the plan, the operator's configuration and facts about the original.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields, replace

from mememime_proxy.errors import UnsupportedFormatError
from mememime_proxy.formats import FORMATS, cannot_write, has_jpegli
from mememime_proxy.formats.output_plan import Saving
from mememime_proxy.formats.outputs import OutputKind
from mememime_proxy.geometry.numbers import round_half_away
from mememime_proxy.plan import Plan, RenderConfig

_CHOICES = {each.name for each in fields(Saving)} & {each.name for each in fields(RenderConfig)}
AVIF_MIN_SIDE = 16
"""AV1 encoders cannot code a picture with a shorter side."""
LOWEST_QUALITY = 10
"""A search for a size in bytes does not try a quality below this."""


def holds_animation(name: str, plan: Plan, config: RenderConfig) -> bool:
    """Return whether a result in this format may have several frames: AVIF where the operator or the URL says so."""
    is_film = plan.output_kind is OutputKind.ANIMATION
    return plan.as_stack or FORMATS[name].animation or (name == "avif" and (config.avif_animation or is_film))


def skips_processing(source: str, plan: Plan, config: RenderConfig) -> bool:
    """Return whether an original of format ``source`` is passed on unrendered (an SVG: sanitised)."""
    if plan.best and not config.best_format_allow_skips:
        return False
    listed = source in plan.skip_processing
    if FORMATS[source].verbatim:
        return plan.format == source or (not plan.format and (listed or not config.always_rasterize_svg))
    return listed and plan.format in ("", source)


def check_writable(plan: Plan, writable: Collection[str]) -> None:
    """Return if the format that the plan names can be written. Raises UnsupportedFormatError."""
    if plan.format and not FORMATS[plan.format].verbatim and plan.format not in writable:
        raise cannot_write(plan.format)


def configured(config: RenderConfig, plan: Plan) -> RenderConfig:
    """Return the operator's choices with those that the plan makes for its encoder."""
    choices = {name: value for name, value in plan.saving.changes().items() if name in _CHOICES}
    return replace(config, **choices) if choices else config


def with_smallest_jpeg(config: RenderConfig) -> RenderConfig:
    """Return the operator's choices with the encoder of JPEG that makes the smaller file, where it is installed."""
    return replace(config, jpeg_encoder="jpegli") if has_jpegli() else config


def expects_transparency(plan: Plan, *, alpha: bool) -> bool:
    """Return whether the result has, or may get, transparent parts. Extending the aspect ratio alone does not count."""
    for each in plan.pipelines:
        canvas = bool(each.padding) or each.extend.enabled
        shape = each.shape
        made = shape.makes_transparency or (canvas and not shape.background_blur)
        alpha = not each.is_opaque and (alpha or made)
    return alpha


def output_format(
    source: str, plan: Plan, config: RenderConfig, writable: Collection[str], *, animated: bool, transparent: bool
) -> str:
    """Return the name of the format to write.

    ``animated``: the original has several frames and the plan allows more than one. ``transparent``: see
    ``expects_transparency``. A preference for a format that cannot be written counts as not given, and a document that
    is named stays one.

    Raises UnsupportedFormatError for a requested format that cannot be written, SVG among them.
    """
    preference = plan.preference
    if not plan.format:
        return _preferred(source, plan, config, writable, animated=animated, transparent=transparent)
    becomes_avif = not animated or config.avif_animation
    if plan.format not in writable:
        raise cannot_write(plan.format)
    if FORMATS[plan.format].document:
        return plan.format
    if preference.enforce_jxl and not animated and "jxl" in writable:
        return "jxl"
    if preference.enforce_avif and becomes_avif and "avif" in writable:
        return "avif"
    if preference.enforce_webp and "webp" in writable:
        return "webp"
    return plan.format


def _preferred(
    source: str,
    plan: Plan,
    config: RenderConfig,
    writable: Collection[str],
    *,
    animated: bool,
    transparent: bool,
) -> str:
    preference = plan.preference
    if preference.prefer_jxl and not animated and "jxl" in writable:
        return "jxl"
    if preference.prefer_avif and (not animated or config.avif_animation) and "avif" in writable:
        return "avif"
    if preference.prefer_webp and "webp" in writable:
        return "webp"
    preferred = [name for name in config.preferred_formats if name in writable and not FORMATS[name].document]
    if not preferred:
        raise UnsupportedFormatError("none of the preferred formats can be written")
    if source in preferred:
        return source
    for name in preferred:
        if (holds_animation(name, plan, config) or not animated) and (FORMATS[name].alpha or not transparent):
            return name
    return preferred[0]


def format_for_size(name: str, width: int, height: int, *, alpha: bool) -> str:
    """Return the format to use instead of ``name`` for a picture too small for it."""
    if name == "avif" and min(width, height) < AVIF_MIN_SIDE:
        return "png" if alpha else "jpeg"
    return name


def quality(name: str, plan: Plan, config: RenderConfig) -> int:
    """Return the quality for format ``name``: first of the plan, then of the configuration."""
    return (
        plan.quality or dict(plan.format_quality).get(name, 0) or config.format_quality.get(name, 0) or config.quality
    )


def next_quality(current: int, size: int, max_bytes: int) -> int:
    """Return the quality to try after ``current`` gave ``size`` bytes: lower than ``current``.

    0 ends the search: the size is within ``max_bytes``, or the quality is as low as it may get.
    """
    if size <= max_bytes or current <= LOWEST_QUALITY:
        return 0
    ratio = size / max_bytes
    factor = 0.25 if ratio > 3 else 0.5 if ratio > 1.5 else 0.75
    return max(1, min(current - 1, round_half_away(current * factor)))
