"""One original as a stream: its outline, its timeline and its renditions, as a plan chooses them."""

from __future__ import annotations

from functools import cached_property
from typing import Final

from msgspec import structs

from mememime_proxy.av.byte_source import ByteSource
from mememime_proxy.av.encoding.rate_grid import RateGrid
from mememime_proxy.av.films import FilmReader
from mememime_proxy.av.opening import container_in, open_film
from mememime_proxy.av.sound.loudness import gain_for
from mememime_proxy.av.sound.production import measure_track
from mememime_proxy.av.streams.copied_track import CopiedTrack, copied_track
from mememime_proxy.av.streams.key_table import keys_of, read_keys
from mememime_proxy.av.streams.ladder import (
    SoundRendition,
    SourcePictures,
    StreamChoices,
    VideoRendition,
    sound_renditions,
    video_renditions,
)
from mememime_proxy.av.streams.outline import outline_of
from mememime_proxy.av.streams.timeline import Timeline, grid_timeline, segment_frames, table_timeline
from mememime_proxy.errors import MemberError, UnsupportedFormatError
from mememime_proxy.formats.film_config import FilmConfig
from mememime_proxy.plan import Plan

_VIDEO_CODECS: Final = frozenset({"auto", "h264", "none"})
_SOUND_CODECS: Final = frozenset({"auto", "aac", "none"})
_AV1: Final = "av1"
COPY: Final = "copy"
"""Name of the rendition whose packets are those of the original."""


class FilmStream:
    """What the members of a stream are made from. Equal originals and plans give equal members."""

    def __init__(self, source: ByteSource, plan: Plan, config: FilmConfig) -> None:
        """Read the header of the original unless its facts are known. Raises as ``outline_of`` and ``open_film``."""
        self.source = source
        self.config = config
        self.media = plan.media
        self.container = container_in(source)
        if self.media.video_codec not in _VIDEO_CODECS or self.media.audio_codec not in _SOUND_CODECS:
            raise UnsupportedFormatError("streams are H.264 and AAC; `av1` and `copy` are words of the ladder")
        self._reader = FilmReader(config)
        ladder = plan.media.ladder
        self.outline = outline_of(self._reader.look(source), config, self.media, keep_hdr=plan.preserve_hdr)
        self.copy = self._find_copy() if COPY in ladder and self.outline.size else None
        self.choices = StreamChoices(
            heights=tuple(int(name) for name in ladder if name.isdecimal()),
            with_av1=_AV1 in ladder,
            quality=plan.quality,
            speed=self.media.encoder_speed,
            bit_rate=1000 * self.media.video_bitrate,
            sound_bit_rate=self.media.audio_bitrate,
        )

    @cached_property
    def timeline(self) -> Timeline:
        """The segments: where the original's key frames are, if its packets are a rendition."""
        if self.copy is not None:
            return table_timeline(self.outline.rate, self.outline.duration, self.copy.starts)
        return grid_timeline(self.outline.rate, self.outline.duration, self.media.segment_duration)

    @property
    def key_interval(self) -> int:
        """Frames from one key frame to the next: that of the plan where it divides a segment, else a segment."""
        interval = max(1, round(self.media.keyframe_interval * self.outline.rate))
        return interval if self.copy is not None or self._length % interval == 0 else self._length

    @property
    def _length(self) -> int:
        return segment_frames(self.outline.rate, self.media.segment_duration)

    def _find_copy(self) -> CopiedTrack:
        outline, facts = self.outline, self._reader.look(self.source)
        grid = RateGrid(outline.rate)
        if facts.keys is not None:
            return copied_track(facts.keys, keys_of(facts.keys), grid, outline.duration, self._length)
        with open_film(self.source, self.container, self.config) as film:
            table, next_key = read_keys(film, self.container, self.config)
            if table.deltas:
                self.source.facts = structs.replace(facts, keys=table)
            return copied_track(table, next_key, grid, outline.duration, self._length)

    def videos(self, rotation: float) -> list[VideoRendition]:
        """Return the renditions of pictures that are rotated by so many degrees; none where there are none."""
        outline = self.outline
        if outline.size is None:
            return []
        pictures = SourcePictures(*outline.upright(rotation), outline.rate, outline.color)
        renditions = video_renditions(pictures, self.choices, self.key_interval)
        if self.copy is not None:
            size = outline.upright(rotation)
            renditions.append(VideoRendition(COPY, *size, self.copy.bandwidth, self.copy.codecs, None))
        return renditions

    def all_videos(self) -> list[VideoRendition]:
        """Return the renditions of the pictures. The first frame tells how they are shown upright."""
        if self.outline.size is None:
            return []
        return self.videos(90 * (self._reader.look_at_first_frame(self.source).quarters or 0))

    def sounds(self) -> list[SoundRendition]:
        """Return the renditions of the sound; none where there is none."""
        outline = self.outline
        return sound_renditions(self.choices, outline.channels, outline.language, alone=outline.size is None)

    def video(self, name: str, rotation: float) -> VideoRendition:
        """Return one rendition of pictures. Raises MemberError where there is none of that name."""
        found = next((video for video in self.videos(rotation) if video.name == name), None)
        if found is None:
            raise MemberError(f"the film has no rendition {name!r}")
        return found

    def sound(self, name: str) -> SoundRendition:
        """Return one rendition of sound. Raises MemberError where there is none of that name."""
        found = next((sound for sound in self.sounds() if sound.name == name), None)
        if found is None:
            raise MemberError(f"the film has no rendition {name!r}")
        return found

    def gain(self) -> float:
        """Return the gain of the sound in dB, one for the whole film; for a loudness the track is measured."""
        media = self.media
        if media.loudness is None:
            return media.volume
        measured = measure_track(self.source, self.container, self.config, media.track, self.outline.channels)
        return media.volume + gain_for(measured, *media.loudness)

    def check_number(self, number: int) -> None:
        """Return if there is a segment of this number. Raises MemberError."""
        if number >= self.timeline.count:
            raise MemberError(f"found segment {number}, and there are {self.timeline.count}")
