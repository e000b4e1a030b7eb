"""A file of sound, made of the sound of a film: a part of it, at another speed or loudness, with fades."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final

from msgspec import structs

from mememime_proxy.av.byte_source import ByteSource
from mememime_proxy.av.facts import tags_to_keep
from mememime_proxy.av.film_facts import FilmFacts, TrackLoudness, loudness_key
from mememime_proxy.av.opening import open_film
from mememime_proxy.av.sound.cover import find_cover, without_metadata
from mememime_proxy.av.sound.decoding import mixed_channels
from mememime_proxy.av.sound.effects import amplify, change_speed, fade, limit
from mememime_proxy.av.sound.encoding import SoundTags, encode_sound
from mememime_proxy.av.sound.frames import Samples
from mememime_proxy.av.sound.loudness import gain_for, measure
from mememime_proxy.av.sound.outputs import SoundOutput, bitrate_for, sample_rate_for
from mememime_proxy.av.sound.reader import SampleReader, open_sound
from mememime_proxy.av.sound.tracks import choose_known_sound
from mememime_proxy.errors import MissingStreamError
from mememime_proxy.formats.film_config import FilmConfig

DEFAULT_CHANNELS: Final = 2
_UNKNOWN_LANGUAGES: Final = frozenset({"", "und"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundSettings:
    """What the sound of a result is to be like. Seconds, dB, kbit/s, hertz."""

    clip_start: float = 0.0
    """Of the film; negative: from its end."""
    clip_duration: float = 0.0
    """Of the film; 0 = to its end."""
    track: str = ""
    """Index or language; '' = the default one."""
    channels: int = 0
    """At most so many; 0 = 2."""
    sample_rate: int = 0
    """0 = by the kind of file."""
    bitrate: int = 0
    """0 = by the kind of file."""
    loudness: tuple[float, float] | None = None
    """LUFS to reach, and dBTP to stay below."""
    volume: float = 0.0
    """Gain besides that."""
    fade_in: float = 0.0
    fade_out: float = 0.0
    speed: float = 1.0
    with_tags: bool = False
    """Keep title, artist and cover. The language is kept in any case, other tags in none."""


def make_sound_file(
    source: ByteSource, container: str, config: FilmConfig, output: SoundOutput, settings: SoundSettings
) -> bytes:
    """Return the file. It is whole, or there is none.

    Equal arguments give equal bytes. Raises MissingStreamError where there is no such sound, UnsupportedFormatError for
    what is not read or not made, LimitError, BrokenImageError for damage, and the errors of the source.
    """
    channels = min(settings.channels or DEFAULT_CHANNELS, output.max_channels)
    tags = _cover_tags(source, container, config) if settings.with_tags else SoundTags()
    gain = settings.volume
    if settings.loudness is not None:
        measured = measure_track(source, container, config, settings.track, channels)
        gain += gain_for(measured, *settings.loudness)
    with open_sound(source, container, config, settings.track, channels=channels) as reader:
        reader.rate = sample_rate_for(output, reader.source_rate, settings.sample_rate)
        texts = tags_to_keep(reader.texts) if settings.with_tags else {}
        language = reader.stream.language or ""
        tags = SoundTags(language="" if language in _UNKNOWN_LANGUAGES else language, texts=texts, cover=tags.cover)
        return encode_sound(
            _required(processed(reader, settings, gain, config.max_duration)),
            output,
            rate=reader.rate,
            layout=reader.layout,
            bitrate=bitrate_for(output, reader.channels, settings.bitrate),
            bits=reader.bits,
            tags=tags,
            max_size=config.max_result,
        )


def processed(reader: SampleReader, settings: SoundSettings, gain: float, max_duration: float = 0) -> Iterator[Samples]:
    """Yield the samples of a part of a film, with what the settings say and a gain in dB. None beyond full scale."""
    rate = reader.rate
    first, count = clip_range(settings.clip_start, settings.clip_duration, reader.film_duration, rate)
    blocks = change_speed(
        reader.read(first, count, strict=True, max_duration=max_duration), rate, reader.layout, settings.speed
    )
    blocks = fade(amplify(blocks, gain), round(settings.fade_in * rate), round(settings.fade_out * rate))
    return limit(blocks)


def measure_track(source: ByteSource, container: str, config: FilmConfig, track: str, channels: int) -> TrackLoudness:
    """Return the loudness of a whole track, mixed to at most so many channels. Raises as ``make_sound_file``.

    It is kept with the facts of the source, and measured where these do not have it.
    """
    facts = source.facts
    if facts is not None and (known := known_loudness(facts, track, channels)) is not None:
        return known
    with open_sound(source, container, config, track, channels=channels) as reader:
        key = loudness_key(reader.stream.index, reader.channels)
        measured = measure(reader.read(max_duration=config.max_duration), reader.rate, reader.layout)
    if facts is not None:
        source.facts = structs.replace(facts, loudness=facts.loudness | {key: measured})
    return measured


def known_loudness(facts: FilmFacts, track: str, channels: int) -> TrackLoudness | None:
    """Return the loudness of a track, mixed to at most so many channels; None where it was not measured."""
    if not facts.loudness:
        return None
    stream = choose_known_sound(facts.streams, track)
    return facts.loudness.get(loudness_key(stream.index, mixed_channels(stream.channels, channels)))


def clip_range(start: float, duration: float, film_duration: float, rate: int) -> tuple[int, int | None]:
    """Return the first sample of a part of a film, and how many there are; None = to the end.

    ``start``: seconds, from the end where negative. ``duration``: seconds; 0 = to the end.
    """
    begin = max(0.0, film_duration + start) if start < 0 else start
    return round(begin * rate), round(duration * rate) if duration else None


def _cover_tags(source: ByteSource, container: str, config: FilmConfig) -> SoundTags:
    source.seek(0)
    with open_film(source, container, config) as film:
        cover = find_cover(film)
    return SoundTags(cover=None if cover is None else without_metadata(cover))


def _required(blocks: Iterator[Samples]) -> Iterator[Samples]:
    """Return the blocks. Raises MissingStreamError where there are no samples."""
    for block in blocks:
        if block.shape[1]:
            return chain((block,), blocks)
    raise MissingStreamError("the clip has no sound: it begins after the end of the track")
