"""Facts of a film or sound: what its container says, without decoding."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final

import av
from av.container import InputContainer

from mememime_proxy.av.film_facts import FilmFacts, StreamFacts
from mememime_proxy.av.opening import codec_of, is_cover, is_encrypted

_MAX_TEXT: Final = 1024
"""Characters of a tag that are kept."""
_MAX_TAGS: Final = 64
_PRIVATE_TAGS: Final = ("location", "com.apple.quicktime.location")
"""Starts of the names of tags that tell where a film was made."""
_KEPT_TAGS: Final = ("title", "artist")
"""Tags that results have where metadata is kept."""
_MAX_RATE: Final = 1000
_MAX_LANGUAGE: Final = 35
"""Characters of a language tag (RFC 5646 4.4.1)."""


def facts_of(film: InputContainer, container: str) -> FilmFacts:
    """Return the facts of a film that is open."""
    duration = film.duration / av.time_base if film.duration and film.duration > 0 else 0.0
    start = film.start_time / av.time_base if film.start_time is not None else 0.0
    streams = tuple(filter(None, (_stream(stream, duration) for stream in film.streams)))
    microseconds = max(0, film.duration or 0)
    return FilmFacts(container, duration, start, streams, _tags(film.metadata), microseconds=microseconds)


def tags_to_keep(metadata: Mapping[str, str]) -> dict[str, str]:
    """Return the tags of an original that a result has where metadata is kept."""
    return {name: metadata[name][:_MAX_TEXT] for name in _KEPT_TAGS if name in metadata}


def _tags(metadata: dict[str, str]) -> dict[str, str]:
    tags = {name[:_MAX_TEXT]: str(value)[:_MAX_TEXT] for name, value in list(metadata.items())[:_MAX_TAGS]}
    return {name: value for name, value in tags.items() if not name.lower().startswith(_PRIVATE_TAGS)}


def _stream(stream: Any, film_duration: float) -> StreamFacts | None:
    if stream.type not in {"video", "audio", "subtitle"} or (stream.type == "video" and is_cover(stream)):
        return None
    context = stream.codec_context
    common = {
        "type": stream.type,
        "codec": codec_of(stream),
        "language": (stream.language or "")[:_MAX_LANGUAGE],
        "index": stream.index,
        "is_default": bool(stream.disposition & type(stream.disposition).default),
    }
    if stream.type == "subtitle" or context is None:
        return StreamFacts(**common)
    common |= {
        "duration": _seconds(stream, film_duration),
        "bps": max(0, context.bit_rate or 0),
        "is_encrypted": is_encrypted(stream),
    }
    if stream.type == "audio":
        return StreamFacts(
            **common,
            frequency=max(0, context.sample_rate or 0),
            channels=max(0, context.channels or 0),
            layout=context.layout.name if context.layout is not None else "",
        )
    return StreamFacts(
        **common,
        fps=_rate(stream.guessed_rate or stream.average_rate),
        width=context.width,
        height=context.height,
        pixel_format=context.pix_fmt or "",
        rate=_fraction(next((rate for rate in (stream.guessed_rate, stream.average_rate) if rate and rate > 0), None)),
        aspect=_fraction(stream.sample_aspect_ratio),
        color=(int(context.color_primaries), int(context.color_trc), int(context.colorspace)),
    )


def _fraction(value: Fraction | None) -> tuple[int, int]:
    return (value.numerator, value.denominator) if value else (0, 1)


def _seconds(stream: Any, film_duration: float) -> float:
    if stream.duration is None or stream.time_base is None or stream.duration <= 0:
        return film_duration
    return float(stream.duration * stream.time_base)


def _rate(rate: Fraction | None) -> float:
    return float(rate) if rate is not None and 0 < rate <= _MAX_RATE else 0.0
