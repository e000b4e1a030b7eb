"""What a stream is made of: duration, rate and size of a film, and what it has, by its container alone."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from mememime_proxy.av.encoding.rate_grid import DEFAULT_RATE, choose_rate
from mememime_proxy.av.film_facts import FilmFacts, StreamFacts
from mememime_proxy.av.frame_png import square_size
from mememime_proxy.av.moving.color import BT709, FrameColor
from mememime_proxy.av.opening import check_pictures
from mememime_proxy.av.sound.decoding import mixed_channels
from mememime_proxy.av.sound.tracks import choose_known_sound
from mememime_proxy.errors import LimitError, MissingStreamError, UnsupportedFormatError
from mememime_proxy.formats.film_config import FilmConfig
from mememime_proxy.formats.media_plan import MediaPlan

_RGB: Final = 0
_BT601: Final = 6
"""Code points of matrices (ITU-T H.273): pictures in RGB are converted by that of BT.601."""
_STEREO: Final = 2
_MAX_DENOMINATOR: Final = 1001


@dataclass(frozen=True, slots=True)
class StreamOutline:
    """A film or sound, as far as its segments depend on it."""

    duration: Fraction
    """Seconds."""
    rate: Fraction
    """Frames a second of the stream; also where there are no pictures."""
    size: tuple[int, int] | None
    """Of the pictures, with square pixels, before rotation; None = there are none."""
    color: tuple[int, int, int] = (2, 2, 2)
    """See ``VideoFormat``."""
    is_mapped: bool = False
    """Whether its pictures, in HDR or with wide primaries, are shown in the colours of sRGB."""
    channels: int = 0
    """Of the sound, mixed as the stream has it; 0 = there is none."""
    language: str = ""
    """Of the sound."""

    def upright(self, rotation: float) -> tuple[int, int]:
        """Return the size of the pictures that are rotated by so many degrees."""
        if self.size is None:
            raise UnsupportedFormatError("the original has no moving pictures")
        width, height = self.size
        return (height, width) if round(rotation / 90) % 2 else (width, height)


def outline_of(facts: FilmFacts, config: FilmConfig, media: MediaPlan, *, keep_hdr: bool = False) -> StreamOutline:
    """Return the outline of a film by its facts, with the pictures and the sound that a plan leaves.

    ``keep_hdr``: its pictures have the brightness of HDR where it has it.

    Raises UnsupportedFormatError where it does not tell its duration, LimitError past the limits, MissingStreamError
    where nothing is left, and the errors of ``choose_video`` and ``choose_sound``.
    """
    if not facts.microseconds:
        raise UnsupportedFormatError("a stream needs a film that tells its duration")
    duration = Fraction(facts.microseconds, 1_000_000)
    if duration > config.max_duration:
        raise LimitError(f"{float(duration):.0f} seconds are more than {config.max_duration:.0f}")
    channels, language = _sound_of(facts, media)
    pictures = None
    if media.video_codec != "none":
        pictures = next((stream for stream in facts.streams if stream.type == "video"), None)
    if pictures is None:
        if not channels:
            raise MissingStreamError("the original has neither pictures nor sound for a stream")
        return StreamOutline(duration, DEFAULT_RATE, None, channels=channels, language=language)
    width, height = pictures.width, pictures.height
    check_pictures(pictures.codec, width, height, config, encrypted=pictures.is_encrypted)
    color, is_mapped = _colors_of(pictures.color, keep_hdr=keep_hdr or not media.tone_map)
    size = square_size(width, height, Fraction(*pictures.aspect))
    return StreamOutline(duration, _rate_of(pictures, config, media), size, color, is_mapped, channels, language)


def _colors_of(color: tuple[int, int, int], *, keep_hdr: bool) -> tuple[tuple[int, int, int], bool]:
    """Return the code points of the stream's pictures, and whether those of the film are mapped to them."""
    primaries, transfer, matrix = color
    if not keep_hdr and FrameColor(primaries, transfer, "", full_range=False).needs_table:
        return BT709, True
    return (primaries, transfer, _BT601 if matrix == _RGB else matrix), False


def _rate_of(pictures: StreamFacts, config: FilmConfig, media: MediaPlan) -> Fraction:
    limit = min(media.fps or config.max_fps, config.max_fps)
    if media.fps and media.fps_exact:
        return Fraction(limit).limit_denominator(_MAX_DENOMINATOR)
    return choose_rate(Fraction(*pictures.rate), None, limit)


def _sound_of(facts: FilmFacts, media: MediaPlan) -> tuple[int, str]:
    has_sound = any(stream.type == "audio" for stream in facts.streams)
    if media.audio_codec == "none" or not (has_sound or media.track):
        return 0, ""
    stream = choose_known_sound(facts.streams, media.track)
    language = stream.language if stream.language != "und" else ""
    return mixed_channels(stream.channels, media.audio_channels or _STEREO), language
