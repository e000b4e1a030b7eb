"""A part of a film as a short film: MP4 or WebM."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import chain
from typing import Any, Final, Protocol

import av
from av.container import OutputContainer
from av.packet import Packet
from av.video.frame import VideoFrame

from mememime_proxy.av.encoding.faststart import move_index_first
from mememime_proxy.av.encoding.video import SETTINGS, VideoChoices, VideoFormat, VideoSettings, add_stream
from mememime_proxy.av.engine import has_encoder
from mememime_proxy.av.facts import tags_to_keep
from mememime_proxy.av.frame_png import upright_size
from mememime_proxy.av.moments import FrameGrabber
from mememime_proxy.av.moving.clip import ClipFrames, output_rate, span_of
from mememime_proxy.av.moving.color import color_of, result_color
from mememime_proxy.av.moving.filters import FrameFilter, Look
from mememime_proxy.av.moving.layout import lay_out
from mememime_proxy.av.moving.watermark import WatermarkPicture
from mememime_proxy.errors import BrokenImageError, LimitError, OptionError, UnsupportedFormatError
from mememime_proxy.plan import Plan

CODECS: Final = {"mp4": ("h264", "hevc", "av1"), "webm": ("av1", "vp9")}
"""Codecs of pictures that a format holds here; the first one is the default."""
NO_TEXTS: Final[Mapping[str, str]] = {}
_DEEP_CODECS: Final = frozenset({"hevc", "av1"})
_BITEXACT: Final = 0x400
"""FFmpeg's ``AVFMT_FLAG_BITEXACT``."""
_MUXERS: Final = {"mp4": "mp4", "webm": "webm", "mov": "mov", "mkv": "matroska"}
_INDEXED: Final = frozenset({"mp4", "mov"})
"""Formats whose index can be in front."""


class SoundTrack(Protocol):
    """The sound of a result, which is encoded along with its pictures."""

    def begin(self, film: OutputContainer) -> None:
        """Add the stream."""

    def encode_until(self, seconds: Fraction | None) -> Iterable[Packet[Any]]:
        """Return the packets up to a time; None: all that is left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MovingOptions:
    """Options of a short film, with the names of the plan."""

    format: str = "mp4"
    clip_start: float = 0.0
    clip_duration: float = 0.0
    video_codec: str = "auto"
    video_bitrate: int = 0
    """kbit/s."""
    fps: float = 0.0
    fps_exact: bool = False
    keyframe_interval: float = 2.0
    encoder_speed: int = 7
    speed: float = 1.0
    fade_in: float = 0.0
    fade_out: float = 0.0
    tone_map: bool = True
    deinterlace: bool = True
    max_fps: int = 60
    max_duration: float = 4 * 3600
    """Seconds of the result."""
    max_frames: int = 100_000
    max_size: int = 64 << 20
    """Bytes of the result."""
    codecs: tuple[str, ...] = ()
    """Those that results may have; empty = all."""
    with_tags: bool = False
    """Keep title and artist."""


@dataclass(frozen=True, slots=True)
class Film:
    """A short film that was made."""

    body: bytes
    width: int
    height: int
    frames: int
    source_size: tuple[int, int]


def transcode(
    grabber: FrameGrabber,
    plan: Plan,
    options: MovingOptions,
    sound: SoundTrack | None = None,
    mark: WatermarkPicture | None = None,
) -> Film:
    """Return a part of a film as a short film. Equal arguments give equal bytes.

    ``mark``: the watermark that the plan places. Raises OptionError for what cannot be done to moving
    pictures, LimitError, BrokenImageError.
    """
    stream = grabber.stream
    span = span_of(options.clip_start, options.clip_duration, grabber.duration)
    rate = output_rate(
        stream.guessed_rate,
        stream.average_rate,
        options.fps,
        exact=options.fps_exact,
        limit=options.max_fps,
    )
    clip = iter(ClipFrames(grabber, span, rate, speed=options.speed, deinterlace=options.deinterlace))
    first = next(clip, None)
    if first is None:
        raise BrokenImageError("the film has no frame that can be decoded")
    seconds = float(span.duration or max(0, grabber.duration - span.start))
    texts = tags_to_keep(grabber.tags) if options.with_tags else NO_TEXTS
    aspect = stream.sample_aspect_ratio
    maker = FilmMaker(plan, options, rate, first[1], aspect, seconds / options.speed, mark, texts)
    return maker.make(chain([first], clip), sound)


class FilmMaker:
    """Encodes frames. The first one decides the size, and what the colours of the result are."""

    def __init__(
        self,
        plan: Plan,
        options: MovingOptions,
        rate: Fraction,
        first: VideoFrame,
        aspect: Fraction | None,
        seconds: float,
        mark: WatermarkPicture | None = None,
        texts: Mapping[str, str] = NO_TEXTS,
    ) -> None:
        """``texts``: tags of the result."""
        self._options = options
        self._texts = texts
        self._rate = rate
        self._source_size = upright_size(first, aspect)
        layout = lay_out(*self._source_size, plan)
        codec = choose_codec(options.format, options.video_codec)
        if options.codecs and codec not in options.codecs:
            raise UnsupportedFormatError(f"results in {codec} are not made here, see MEMEMIME_AV_CODECS")
        if seconds > options.max_duration:
            raise LimitError(f"{seconds:g} s are more than {options.max_duration:g}")
        keep_hdr = plan.preserve_hdr and codec in _DEEP_CODECS
        color = result_color(color_of(first), tone_map=options.tone_map, keep_hdr=keep_hdr)
        look = Look(
            color=color,
            blur=plan.blur,
            fade_in=options.fade_in,
            fade_out=options.fade_out,
            duration=seconds,
        )
        if mark is not None and plan.watermark is not None:
            picture, left, top = mark.on(layout.width, layout.height, plan.watermark, layout.dpr)
            look = replace(look, mark=picture, mark_at=(left, top))
        interval = max(1, round(options.keyframe_interval * rate))
        what = VideoFormat(layout.width, layout.height, rate, interval, color.code_points)
        how = VideoChoices(plan.quality, options.encoder_speed, 1000 * options.video_bitrate)
        self._settings: VideoSettings = replace(SETTINGS[codec](what, how), pixel_format=look.pixel_format)
        if not has_encoder(self._settings.encoder):
            raise UnsupportedFormatError(f"this build of FFmpeg has no encoder {self._settings.encoder}")
        self._filter = FrameFilter(layout, look, rate, aspect)

    def make(self, frames: Iterable[tuple[int, VideoFrame]], sound: SoundTrack | None) -> Film:
        """Return the film of all frames, which have numbers from 0 on."""
        file, count = io.BytesIO(), 0
        with open_output(file, self._options.format, self._texts) as film:
            stream = add_stream(film, self._settings)
            if sound is not None:
                sound.begin(film)
            for number, frame in frames:
                self._mux(film, file, stream.encode(self._filter.apply(number, frame)))
                count = number + 1
                if count > self._options.max_frames:
                    raise LimitError(f"more than {self._options.max_frames} frames")
                if sound is not None:
                    self._mux(film, file, sound.encode_until(count / self._rate))
            self._mux(film, file, stream.encode(None))
            if sound is not None:
                self._mux(film, file, sound.encode_until(None))
        what = self._settings.format
        return Film(finished(file, self._options.format), what.width, what.height, count, self._source_size)

    def _mux(self, film: OutputContainer, file: io.BytesIO, packets: Iterable[Packet[Any]]) -> None:
        for packet in packets:
            film.mux(packet)
        if file.tell() > self._options.max_size:
            raise LimitError(f"a result of more than {self._options.max_size} bytes")


def choose_codec(format_: str, name: str) -> str:
    """Return the codec of a result's pictures. Raises OptionError for one that the format does not hold."""
    codecs = CODECS.get(format_, ())
    if name == "auto" and codecs:
        return codecs[0]
    if name not in codecs:
        held = f"holds {', '.join(codecs)}" if codecs else "is made by `copy` alone"
        raise OptionError(f"video_codec: {format_} {held}, found {name!r}")
    return name


def open_output(file: io.BytesIO, format_: str, texts: Mapping[str, str] = NO_TEXTS) -> OutputContainer:
    """Return a film that is written to memory: no time of day, version or random number goes into it.

    ``texts``: its tags.
    """
    film = av.open(file, "w", format=_MUXERS[format_])
    film.flags |= _BITEXACT
    film.metadata.update(texts)
    return film


def finished(file: io.BytesIO, format_: str) -> bytes:
    """Return the bytes of a film that was closed: with its index in front, where that is an MP4."""
    body = file.getvalue()
    return move_index_first(body) if format_ in _INDEXED else body
