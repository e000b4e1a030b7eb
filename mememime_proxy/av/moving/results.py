"""Short films for plans: of a film, or of the frames of an animated picture."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from itertools import accumulate, chain
from typing import Any, Final

from mememime_proxy.av.byte_source import ByteSource
from mememime_proxy.av.encoding.rate_grid import RateGrid
from mememime_proxy.av.facts import tags_to_keep
from mememime_proxy.av.films import open_pictures
from mememime_proxy.av.moving.animation import make_stack
from mememime_proxy.av.moving.clip import span_of
from mememime_proxy.av.moving.remux import check_copy, copy_part
from mememime_proxy.av.moving.sound import EncodedSound, choose_sound_codec
from mememime_proxy.av.moving.stack_file import StackReader
from mememime_proxy.av.moving.transcode import (
    NO_TEXTS,
    Film,
    FilmMaker,
    MovingOptions,
    finished,
    open_output,
    transcode,
)
from mememime_proxy.av.moving.watermark import WatermarkPicture
from mememime_proxy.av.opening import choose_video, container_in, open_film
from mememime_proxy.av.sound.loudness import gain_for
from mememime_proxy.av.sound.production import SoundSettings, measure_track, processed
from mememime_proxy.av.sound.reader import open_sound
from mememime_proxy.av.sound.tracks import choose_sound
from mememime_proxy.errors import BrokenImageError, MissingStreamError, OptionError, UnsupportedFormatError
from mememime_proxy.formats.film_config import FilmConfig
from mememime_proxy.formats.frame_stack import SIGNATURE
from mememime_proxy.formats.media_plan import ALL_TRACKS, MediaPlan
from mememime_proxy.plan import Plan
from mememime_proxy.variant import Variant

_COPY: Final = "copy"
_NONE: Final = "none"
_SOUND_RATE: Final = 48_000
_DEFAULT_DELAY: Final = 40
"""Milliseconds of a frame that does not tell."""
_MAX_STACK_RATE: Final = 100
"""Frames a second of an animation, whose delays are whole milliseconds, mostly hundredths of a second."""


def is_stack(source: ByteSource) -> bool:
    """Whether the original is a stack of frames, which a worker for pictures has rendered."""
    source.seek(0)
    head = source.read(len(SIGNATURE))
    source.seek(0)
    return head == SIGNATURE


def make_video(source: ByteSource, plan: Plan, config: FilmConfig) -> Variant[bytes]:
    """Return the short film that a plan asks for. Equal arguments give equal bytes.

    ``source``: a film, or a stack of frames (``frame_stack``). Raises OptionError for what the format does not hold or
    moving pictures do not obey, UnsupportedFormatError, LimitError, BrokenImageError, and the errors of the source.
    """
    media, options = plan.media, _options(plan, config)
    if is_stack(source):
        film = _of_stack(source, plan, options)
        return Variant(plan.format, film.width, film.height, "png", *film.source_size, film.frames, body=film.body)
    container = container_in(source)
    if media.video_codec == _COPY:
        return _copied(source, container, plan, config)
    if plan.format == "mov":
        raise OptionError("video_codec: mov is made by `copy` alone")
    if media.video_codec == _NONE:
        raise OptionError(f"video_codec: {plan.format} without pictures is m4a, opus or mp3")
    with _sound(source, container, plan, config) as sound, open_pictures(source, config) as grabber:
        film = transcode(grabber, plan, options, sound, _mark(plan, config))
    return Variant(plan.format, film.width, film.height, container, *film.source_size, film.frames, body=film.body)


def make_frames(source: ByteSource, plan: Plan, config: FilmConfig) -> Variant[bytes]:
    """Return the frames of an animated picture of a film, as a stack for the picture pipeline.

    Equal arguments give equal bytes. Sides and pages are those of the stack. Raises as ``make_video``.
    """
    container = container_in(source)
    with open_pictures(source, config) as grabber:
        stack = make_stack(grabber, plan, config)
    size = stack.width, stack.height
    return Variant("png", *size, container, *size, stack.frames, body=stack.body)


def _mark(plan: Plan, config: FilmConfig) -> WatermarkPicture | None:
    """Return the watermark of a result; None where the plan or the operator has none."""
    if plan.watermark is None or config.watermark is None or not plan.watermark.opacity:
        return None
    return WatermarkPicture(config.watermark, config.watermark_opacity)


def _options(plan: Plan, config: FilmConfig) -> MovingOptions:
    media = plan.media
    return MovingOptions(
        format=plan.format,
        clip_start=media.clip_start,
        clip_duration=media.clip_duration,
        video_codec=media.video_codec,
        video_bitrate=media.video_bitrate,
        fps=media.fps,
        fps_exact=media.fps_exact,
        keyframe_interval=media.keyframe_interval,
        encoder_speed=media.encoder_speed,
        speed=media.speed,
        fade_in=media.fade_in,
        fade_out=media.fade_out,
        tone_map=media.tone_map,
        deinterlace=media.deinterlace,
        max_fps=config.max_fps,
        max_duration=config.max_duration,
        max_frames=config.max_frames,
        max_size=config.max_result,
        codecs=config.codecs,
        with_tags=not plan.strip_metadata,
    )


@contextmanager
def _sound(source: ByteSource, container: str, plan: Plan, config: FilmConfig) -> Iterator[EncodedSound | None]:
    """Yield the sound of the result; None where the plan mutes it, or the film has none."""
    media = plan.media
    if media.audio_codec == _NONE or not _has_sound(source, container, media, config):
        yield None
        return
    if media.audio_codec == _COPY:
        raise OptionError("audio_codec: `copy` goes with `video_codec:copy`")
    codec = choose_sound_codec(plan.format, media.audio_codec)
    channels = media.audio_channels or 2
    rate = media.sample_rate or _SOUND_RATE
    settings = SoundSettings(
        clip_start=media.clip_start,
        clip_duration=media.clip_duration,
        fade_in=media.fade_in,
        fade_out=media.fade_out,
        speed=media.speed,
    )
    gain = media.volume
    if media.loudness is not None:
        gain += gain_for(measure_track(source, container, config, media.track, channels), *media.loudness)
    cursor = source.second_cursor()
    with open_sound(cursor, container, config, media.track, rate=rate, channels=channels) as reader:
        yield EncodedSound(
            processed(reader, settings, gain, config.max_duration),
            rate,
            reader.layout,
            reader.channels,
            codec=codec,
            bit_rate=media.audio_bitrate,
            language=reader.stream.language or "",
        )


def _has_sound(source: ByteSource, container: str, media: MediaPlan, config: FilmConfig) -> bool:
    """Whether there is a track; MissingStreamError where the plan names one that there is not."""
    with open_film(source, container, config) as film:
        try:
            choose_sound(film, media.track)
        except MissingStreamError:
            if media.track:
                raise
            return False
    return True


def _copied(source: ByteSource, container: str, plan: Plan, config: FilmConfig) -> Variant[bytes]:
    """Return packets as they are. Raises OptionError for options that need frames."""
    media = plan.media
    if media.audio_codec not in ("auto", _COPY, _NONE):
        raise OptionError("audio_codec: with `video_codec:copy` sound is copied, too, or left out")
    for name, is_set in {
        "width": plan.width or plan.height,
        "speed": media.speed != 1,
        "fade": media.fade_in or media.fade_out,
        "fps": media.fps,
        "watermark": plan.watermark is not None,
        "crop": plan.crop.width or plan.crop.height,
        "rotate": plan.rotate or plan.flip_horizontal or plan.flip_vertical,
        "blur": plan.blur,
        "padding": plan.padding,
        "volume": media.volume,
        "loudness": media.loudness is not None,
    }.items():
        if is_set:
            raise OptionError(f"{name}: frames and sound that are copied do not change")
    file = io.BytesIO()
    with open_film(source, container, config) as film:
        video = choose_video(film, config)
        if video is None:
            raise UnsupportedFormatError(f"this {container.upper()} has no moving pictures")
        streams: list[Any] = [video]
        if media.track == ALL_TRACKS:
            streams += film.streams.audio
        elif media.audio_codec != _NONE and (media.track or film.streams.audio):
            streams.append(choose_sound(film, media.track))
        check_copy(plan.format, streams)
        seconds = film.duration / 1_000_000 if film.duration else 0.0
        texts = NO_TEXTS if plan.strip_metadata else tags_to_keep(film.metadata)
        with open_output(file, plan.format, texts) as target:
            span = span_of(media.clip_start, media.clip_duration, seconds)
            frames = copy_part(film, streams, target, file, span, config.max_result)
        width, height = video.codec_context.width, video.codec_context.height
    body = finished(file, plan.format)
    return Variant(plan.format, width, height, container, width, height, frames, body=body)


def _of_stack(source: ByteSource, plan: Plan, options: MovingOptions) -> Film:
    """Return a film of rendered frames, whose sides are rounded down to even ones."""
    if options.clip_start or options.clip_duration:
        raise OptionError("clip: of films, and not of animated pictures")
    source.seek(0)
    stack = StackReader(source.read())
    if stack.facts.frames == 1:
        raise UnsupportedFormatError("the original is neither a film nor an animation")
    speed = Fraction(options.speed).limit_denominator(1000)
    delays = [Fraction(delay or _DEFAULT_DELAY, 1000) / speed for delay in stack.facts.delays]
    ends = list(accumulate(delays))
    grid = RateGrid(_stack_rate(min(delays), options))
    frames = grid.place(zip([Fraction(0), *ends], stack.frames(), strict=False), 0, grid.count(ends[-1]))
    first = next(frames, None)
    if first is None:
        raise BrokenImageError("an animation without frames")
    maker = FilmMaker(Plan(quality=plan.quality), options, grid.rate, first[1], None, float(ends[-1]))
    return maker.make(chain([first], frames), None)


def _stack_rate(shortest: Fraction, options: MovingOptions) -> Fraction:
    """Return a rate at which each frame is shown for about its delay: that of the shortest, or the one in the URL."""
    named = Fraction(options.fps).limit_denominator(1001)
    if named and options.fps_exact:
        return named
    rate = min((1 / shortest).limit_denominator(1001), Fraction(min(options.max_fps, _MAX_STACK_RATE)))
    return min(rate, named) if named else rate
