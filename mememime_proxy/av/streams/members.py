"""The members of a stream, each made alone from the original and the plan: playlists, headers, segments."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import partial
from itertools import chain
from typing import Final

import numpy as np
from av.container import InputContainer

from mememime_proxy.av.byte_source import ByteSource
from mememime_proxy.av.encoding.rate_grid import RateGrid
from mememime_proxy.av.films import open_pictures
from mememime_proxy.av.moving.clip import deinterlaced
from mememime_proxy.av.opening import engine_errors, open_film
from mememime_proxy.av.sound.frames import LAYOUTS, Samples
from mememime_proxy.av.sound.reader import open_sound
from mememime_proxy.av.streams.copied_track import CopiedTrack, copied_header, copied_segment
from mememime_proxy.av.streams.film_stream import COPY, FilmStream
from mememime_proxy.av.streams.fitting import fit_all, map_all
from mememime_proxy.av.streams.manifest import dash_manifest
from mememime_proxy.av.streams.playlists import master_playlist, media_playlist
from mememime_proxy.av.streams.sound_segments import sound_header, sound_segment
from mememime_proxy.av.streams.timeline import SOUND_RATE
from mememime_proxy.av.streams.video_segments import video_header, video_segment
from mememime_proxy.errors import BrokenImageError, MemberError
from mememime_proxy.formats.film_config import FilmConfig
from mememime_proxy.formats.stream_members import MASTERS, Member, MemberKind, parse_member
from mememime_proxy.plan import Plan
from mememime_proxy.variant import Variant

_PICTURES: Final = "cmfv"
_SOUND: Final = "cmfa"
"""Outputs that segments and headers are, after the brands and extensions of CMAF (ISO/IEC 23000-19)."""


def make_member(source: ByteSource, plan: Plan, config: FilmConfig) -> Variant[bytes]:
    """Return the member of a stream that a plan names (``MediaPlan.member``); without a name, the playlist itself.

    Raises MemberError where the stream has no such member, UnsupportedFormatError, LimitError, BrokenImageError and the
    errors of the source.
    """
    name = plan.media.member or MASTERS[plan.format]
    member = parse_member(name, plan.media.ladder)
    make = _MAKERS.get(member.kind)
    if make is None:
        raise MemberError(f"this stream has no member {name!r}")
    output, body = make(FilmStream(source, plan, config), member)
    return Variant(output, body=body)


def _master(stream: FilmStream, _member: Member) -> tuple[str, bytes]:
    return "m3u8", master_playlist(stream.all_videos(), stream.sounds(), stream.outline.rate).encode()


def _manifest(stream: FilmStream, _member: Member) -> tuple[str, bytes]:
    return "mpd", dash_manifest(stream.timeline, stream.all_videos(), stream.sounds()).encode()


def _playlist(stream: FilmStream, member: Member) -> tuple[str, bytes]:
    timeline = stream.timeline
    if member.is_sound:
        stream.sound(member.rendition)
        return "m3u8", media_playlist(timeline.sound_seconds()).encode()
    stream.video(member.rendition, 0)
    return "m3u8", media_playlist(timeline.video_seconds()).encode()


def _header(stream: FilmStream, member: Member) -> tuple[str, bytes]:
    if member.is_sound:
        rendition = stream.sound(member.rendition)
        return _SOUND, sound_header(LAYOUTS[stream.outline.channels], rendition.bit_rate)
    found = next((video for video in stream.all_videos() if video.name == member.rendition), None)
    if found is None:
        raise MemberError(f"the film has no rendition {member.rendition!r}")
    if found.settings is None:
        return _PICTURES, _copied(stream, copied_header)
    return _PICTURES, video_header(found.settings)


def _segment(stream: FilmStream, member: Member) -> tuple[str, bytes]:
    stream.check_number(member.number)
    if member.is_sound:
        return _SOUND, _sound_segment(stream, member)
    if member.rendition == COPY:
        return _PICTURES, _copied(stream, partial(copied_segment, number=member.number))
    return _PICTURES, _video_segment(stream, member)


def _copied(stream: FilmStream, make: Callable[[InputContainer, FilmConfig, CopiedTrack], bytes]) -> bytes:
    if stream.copy is None:
        raise MemberError("the ladder has no rendition 'copy'")
    stream.source.seek(0)
    with engine_errors(stream.source), open_film(stream.source, stream.container, stream.config) as film:
        return make(film, stream.config, stream.copy)


def _sound_segment(stream: FilmStream, member: Member) -> bytes:
    rendition, channels = stream.sound(member.rendition), stream.outline.channels
    factor = np.float32(10 ** (stream.gain() / 20))
    with open_sound(
        stream.source, stream.container, stream.config, stream.media.track, rate=SOUND_RATE, channels=channels
    ) as reader:

        def read(first: int, count: int) -> Samples:
            samples: Samples = np.clip(reader.read_exactly(first, count) * factor, -1, 1)
            return samples

        frames = stream.timeline.sound(member.number)
        return sound_segment(reader.layout, rendition.bit_rate, member.number, frames, read)


def _video_segment(stream: FilmStream, member: Member) -> bytes:
    rate, (first, end) = stream.outline.rate, stream.timeline.video(member.number)
    with open_pictures(stream.source, stream.config) as grabber:
        frames = grabber.frames_from(Fraction(2 * first + 1) / (2 * rate))
        if stream.media.deinterlace:
            frames = deinterlaced(frames)
        head = next(frames, None)
        if head is None:
            raise BrokenImageError("the film has no frame that can be decoded")
        rendition = stream.video(member.rendition, head[1].rotation)
        if rendition.settings is None:
            raise MemberError(f"the film has no rendition {member.rendition!r}")
        placed = RateGrid(rate).place(chain((head,), frames), first, end)
        size = rendition.width, rendition.height
        if stream.outline.is_mapped:
            fitted = map_all(placed, *size, rate, grabber.stream.sample_aspect_ratio)
        else:
            fitted = fit_all(placed, *size)
        return video_segment(rendition.settings, member.number, fitted)


_MAKERS: Final[dict[MemberKind, Callable[[FilmStream, Member], tuple[str, bytes]]]] = {
    MemberKind.MASTER: _master,
    MemberKind.MANIFEST: _manifest,
    MemberKind.PLAYLIST: _playlist,
    MemberKind.HEADER: _header,
    MemberKind.SEGMENT: _segment,
}
