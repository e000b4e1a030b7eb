"""Inspection of a film or sound that is uploaded: how far it is decoded, and the facts that are kept of it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from av.container import InputContainer
from av.error import FFmpegError
from msgspec import structs

from mememime_proxy.asset_facts import AssetFacts, StreamReport
from mememime_proxy.av.allowlist import is_allowed_sound
from mememime_proxy.av.byte_source import ByteSource
from mememime_proxy.av.facts import facts_of
from mememime_proxy.av.film_facts import FilmFacts
from mememime_proxy.av.films import FilmReader, open_pictures
from mememime_proxy.av.frame_png import upright_size
from mememime_proxy.av.opening import choose_video, codec_of, container_in, open_film
from mememime_proxy.av.sound.production import DEFAULT_CHANNELS, measure_track
from mememime_proxy.av.streams.key_table import read_keys
from mememime_proxy.errors import BrokenImageError, LimitError, UnsupportedFormatError
from mememime_proxy.formats.containers import CONTAINERS
from mememime_proxy.formats.film_config import FilmConfig
from mememime_proxy.formats.film_still import VideoMoment

_TRANSFERS: Final = {16: "bt2020-pq", 18: "bt2020-hlg"}
_SOUND_OF: Final = {name: mime.replace("video/", "audio/") for name, mime in (
    ("mp4", "video/mp4"), ("3gp", "video/3gpp"), ("mkv", "video/matroska"), ("webm", "video/webm"),
    ("ogg", "video/ogg"),
)}  # fmt: skip
_MAX_DATE: Final = 40
_MAX_TITLE: Final = 200


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the frames tell. Without pictures, there are no sides."""

    width: int = 0
    height: int = 0
    depth: int = 0
    color: str = ""


def inspect_film(source: ByteSource, config: FilmConfig) -> AssetFacts:
    """Return the facts of a film or sound, after its first frame, or some of its sound, was decoded.

    What follows is not decoded, but the file must have all that its index tells of. Facts of its poster are left out.
    Raises UnsupportedFormatError where neither pictures nor sound can be read, LimitError, and BrokenImageError where
    the container cannot be read, nothing can be decoded, or the file ends before what its index tells of.
    """
    container = container_in(source)
    with open_film(source, container, config) as film:
        source.facts = facts_of(film, container)
        _check_end(film, source.size)
        has_pictures = choose_video(film, config) is not None
        if not has_pictures:
            _decode_sound(film, container)
    seen = _look(source, config) if has_pictures else _Seen()
    return _report(find_tables(source, config), seen)


def find_tables(source: ByteSource, config: FilmConfig) -> FilmFacts:
    """Return the facts of a film or sound with all that requests would have to find out, but its loudness.

    They are those of the source then. Raises as ``FilmReader.look_at_first_frame``.
    """
    reader = FilmReader(config)
    facts = reader.look(source)
    if all(stream.type != "video" for stream in facts.streams):
        return facts
    source.facts = facts = reader.look_at_first_frame(source)
    if facts.keys is None:
        # Of a film without an index, or in a codec that streams cannot have, there is no table.
        with suppress(LimitError, UnsupportedFormatError), open_film(source, facts.container, config) as film:
            table = read_keys(film, facts.container, config).table
            if table.deltas:
                source.facts = facts = structs.replace(facts, keys=table)
    return facts


def measure_loudness(source: ByteSource, config: FilmConfig) -> None:
    """Find the facts of ``find_tables``, and the loudness of the default track as results have it.

    Raises as that, and as ``measure_track``; nothing is measured where there is no sound.
    """
    facts = find_tables(source, config)
    if any(stream.type == "audio" for stream in facts.streams):
        measure_track(source, facts.container, config, "", DEFAULT_CHANNELS)


def _look(source: ByteSource, config: FilmConfig) -> _Seen:
    with open_pictures(source, config) as grabber:
        frame = grabber.grab(VideoMoment(value=0.0), key_frames=False)
        width, height = upright_size(frame, grabber.stream.sample_aspect_ratio)
        color = _TRANSFERS.get(int(frame.color_trc or 0), "srgb")
        return _Seen(width, height, frame.format.components[0].bits, color)


def _check_end(film: InputContainer, size: int) -> None:
    """Raise BrokenImageError where an index leads behind the end of the file."""
    for stream in film.streams:
        count = len(stream.index_entries)
        if count and (last := stream.index_entries[count - 1]).pos + last.size > size:
            raise BrokenImageError("the file ends before the film does")


def _decode_sound(film: InputContainer, container: str) -> None:
    stream = next((each for each in film.streams.audio if is_allowed_sound(codec_of(each))), None)
    if stream is None:
        raise UnsupportedFormatError(f"this {container.upper()} has neither pictures nor sound that can be read")
    try:
        if next(iter(film.decode(stream)), None) is not None:
            return
    except (FFmpegError, IndexError) as error:
        raise BrokenImageError(f"the sound cannot be decoded: {error}") from error
    raise BrokenImageError("the file has no sound that can be decoded")


def _report(facts: FilmFacts, seen: _Seen) -> AssetFacts:
    container = CONTAINERS[facts.container]
    mime = container.mime if seen.width else _SOUND_OF.get(container.name, container.mime)
    if container.name == "ogg" and seen.width:
        mime = "video/ogg"
    taken = facts.tags.get("creation_time", "") or facts.tags.get("date", "")
    titles = (value for name, value in facts.tags.items() if name.lower() == "title")
    title = "".join(c for c in next(titles, "") if c.isprintable()).strip()[:_MAX_TITLE]
    texts: dict[str, str | int | float] = {"taken": taken} if 0 < len(taken) <= _MAX_DATE else {}
    if title:
        texts["title"] = title
    return AssetFacts(
        media_type=mime,
        format=container.name,
        width=seen.width,
        height=seen.height,
        duration_ms=round(1000 * facts.duration),
        color_space=seen.color,
        depth=seen.depth,
        exif=texts,
        streams=[
            StreamReport(
                type=each.type, codec=each.codec, duration=each.duration, bps=each.bps, fps=each.fps,
                frequency=each.frequency, layout=each.layout, language=each.language,
            )
            for each in facts.streams
        ],
    )  # fmt: skip
