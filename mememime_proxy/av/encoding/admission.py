"""Limits of a result of a film or sound, and what it costs, from facts: before a frame is decoded.

Rates are pixels, or seconds of sound, in a CPU second of one thread of the reference machine (measured).
"""

from __future__ import annotations

from math import ceil
from typing import Final

from mememime_proxy.av.film_facts import FilmFacts, StreamFacts
from mememime_proxy.errors import LimitError, TooLongError, UnsupportedFormatError
from mememime_proxy.formats.film_config import FilmConfig
from mememime_proxy.formats.media_plan import MediaPlan
from mememime_proxy.formats.outputs import OutputKind
from mememime_proxy.geometry.geometry import calculate, result_size
from mememime_proxy.plan import Plan

MAX_CHANNELS: Final = 8
MAX_SAMPLE_RATE: Final = 192_000
SHARE: Final = 0.7
"""Of the time of a request that an estimate may take: the rest is for waiting, opening and what it falls short of."""

_DECODE: Final = 300e6
_X264: Final = ((9, 170e6), (8, 90e6), (7, 60e6), (0, 24e6))
"""From a speed on: ultrafast, superfast, veryfast, medium and slower."""
_ENCODE: Final = {"av1": 100e6, "vp9": 70e6, "hevc": 20e6}
_PICTURES: Final = 25e6
"""Animated pictures: WebP, GIF and AVIF."""
_SOUND: Final = {"aac": 60.0, "opus": 120.0, "mp3": 60.0, "flac": 300.0, "pcm": 500.0}
_LOUDNESS: Final = 200.0
_PEAKS: Final = 500.0
_DEFAULT_FPS: Final = 25.0
_DEFAULTS: Final = {
    "mp4": ("h264", "aac"),
    "webm": ("av1", "opus"),
    "mov": ("copy", "copy"),
    "m4a": ("none", "aac"),
    "opus": ("none", "opus"),
    "mp3": ("none", "mp3"),
    "flac": ("none", "flac"),
    "wav": ("none", "pcm"),
    "m3u8": ("h264", "aac"),
    "mpd": ("h264", "aac"),
}
"""Codecs of pictures and of sound of each output, where the URL names none."""
_FREE: Final = frozenset({"copy", "none"})
_WHOLE: Final = frozenset({OutputKind.VIDEO, OutputKind.SOUND, OutputKind.ANIMATION})
"""Kinds of results that are made of all frames or samples of the part that is wanted."""


def codecs_of(plan: Plan) -> tuple[str, str]:
    """Return the codecs of pictures and of sound that a plan names, or that its output has by default."""
    video, audio = _DEFAULTS.get(plan.format, ("none", "none"))
    media = plan.media
    return (
        video if media.video_codec == "auto" else media.video_codec,
        audio if media.audio_codec == "auto" else media.audio_codec,
    )


def check_codecs(plan: Plan, config: FilmConfig) -> None:
    """Raise UnsupportedFormatError for a codec that the operator does not allow in results."""
    for codec in codecs_of(plan):
        if config.codecs and codec not in _FREE and codec not in config.codecs:
            raise UnsupportedFormatError(f"results in {codec}: MEMEMIME_AV_CODECS allows {', '.join(config.codecs)}")


def wanted_seconds(media: MediaPlan, duration: float) -> float:
    """Return the seconds of a film of this duration that a plan wants, in the film's own time."""
    start = media.clip_start if media.clip_start >= 0 else max(0.0, duration + media.clip_start)
    rest = max(0.0, duration - start) if duration else media.clip_duration
    return min(rest, media.clip_duration) if media.clip_duration else rest


def check_limits(facts: FilmFacts, plan: Plan, config: FilmConfig) -> None:
    """Raise LimitError where the original, or what is wanted of it, is over one of the operator's limits."""
    for stream in facts.streams:
        if stream.type != "audio" or plan.output_kind is OutputKind.STORYBOARD:
            continue
        if stream.channels > MAX_CHANNELS or stream.frequency > MAX_SAMPLE_RATE:
            raise LimitError(
                f"sound of {stream.channels} channels at {stream.frequency} Hz, at most {MAX_CHANNELS} channels at"
                f" {MAX_SAMPLE_RATE} Hz are read"
            )
    seconds = wanted_seconds(plan.media, facts.duration)
    if seconds > config.max_duration:
        raise LimitError(f"{seconds:.0f} s are wanted, MEMEMIME_AV_MAX_DURATION allows {config.max_duration:.0f}")
    frames = result_frames(facts, plan, config)
    if plan.output_kind in _WHOLE and frames > config.max_frames:
        raise LimitError(f"a result of {frames} frames, MEMEMIME_AV_MAX_FRAMES allows {config.max_frames}")


def result_frames(facts: FilmFacts, plan: Plan, config: FilmConfig) -> int:
    """Return how many frames the result has; 0 for sound."""
    video, media = _pictures(facts), plan.media
    if video is None or plan.output_kind in {OutputKind.SOUND, OutputKind.WAVEFORM, OutputKind.SPECTROGRAM}:
        return 0
    if media.video_animation is not None:
        return media.video_animation.frames
    return ceil(wanted_seconds(media, facts.duration) / media.speed * _frames_a_second(video, media, config))


def cost_of(facts: FilmFacts, plan: Plan, config: FilmConfig, *, is_measured: bool = False) -> float:
    """Return about the CPU seconds of one thread that the result takes; 0 where that does not depend on its length.

    ``is_measured``: whether the loudness of its sound is known.
    """
    kind = plan.output_kind
    seconds = wanted_seconds(plan.media, facts.duration)
    has_sound = any(stream.type == "audio" for stream in facts.streams)
    if kind in {OutputKind.WAVEFORM, OutputKind.SPECTROGRAM}:
        return seconds / _PEAKS / config.speed
    if kind not in _WHOLE:
        return 0.0
    video_codec, audio_codec = codecs_of(plan)
    cost = 0.0
    if has_sound and kind is not OutputKind.ANIMATION and audio_codec not in _FREE:
        cost += seconds / _SOUND[audio_codec]
    if has_sound and plan.media.loudness is not None and not is_measured and kind is not OutputKind.ANIMATION:
        # It is measured over the whole track.
        cost += facts.duration / _LOUDNESS
    video = _pictures(facts)
    if video is not None and kind is not OutputKind.SOUND and video_codec != "copy":
        cost += _cost_of_pictures(video, facts, plan, config)
    return cost / config.speed


def check_cost(facts: FilmFacts, plan: Plan, config: FilmConfig, *, is_measured: bool = False) -> None:
    """Raise TooLongError where the result cannot be made within the time of a request. As ``cost_of``."""
    cost, most = cost_of(facts, plan, config, is_measured=is_measured), SHARE * config.timeout
    if cost > most:
        raise TooLongError(f"about {cost:.0f} s of CPU time are needed, a request has {most:.0f}")


def _cost_of_pictures(video: StreamFacts, facts: FilmFacts, plan: Plan, config: FilmConfig) -> float:
    source = video.width * video.height
    decoded = wanted_seconds(plan.media, facts.duration) * (video.fps or _DEFAULT_FPS)
    width, height = result_size(calculate(video.width, video.height, 1, plan), plan)
    if (animation := plan.media.video_animation) is not None:
        # From the key frame before each.
        width, height, decoded = animation.width, animation.height, animation.frames * (video.fps or _DEFAULT_FPS)
    pixels = width * height * result_frames(facts, plan, config)
    return source * decoded / _DECODE + pixels / _encode_rate(plan)


def _encode_rate(plan: Plan) -> float:
    if plan.output_kind is OutputKind.ANIMATION:
        return _PICTURES
    codec = codecs_of(plan)[0]
    if codec in _ENCODE:
        return _ENCODE[codec]
    return next(rate for speed, rate in _X264 if plan.media.encoder_speed >= speed)


def _pictures(facts: FilmFacts) -> StreamFacts | None:
    return next((stream for stream in facts.streams if stream.type == "video" and stream.width), None)


def _frames_a_second(video: StreamFacts, media: MediaPlan, config: FilmConfig) -> float:
    rate = video.fps or _DEFAULT_FPS
    if media.fps and (media.fps_exact or media.fps < rate):
        rate = media.fps
    while rate > config.max_fps:
        rate /= 2
    return rate
