"""The ladder of a stream: which renditions of a film there are, with what playlists say of each."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Final

from mememime_proxy.av.encoding.quality import DEFAULT_SPEED
from mememime_proxy.av.encoding.video import VideoChoices, VideoFormat, VideoSettings, av1, h264

AV1_SUFFIX: Final = "-av1"
SOUND: Final = "a"
"""Name of the sound of a film."""
SOUND_CODECS: Final = "mp4a.40.2"
"""AAC-LC."""
_SOUND_BIT_RATES: Final = (64, 128)
"""kbit/s of the renditions of sound without pictures."""
_SOUND_BY_CHANNELS: Final = {1: 64, 2: 128, 6: 384}
"""kbit/s beside pictures."""
_OVERHEAD: Final = Fraction(102, 100)
"""Of boxes of the file."""
_FRESH_BUFFER: Final = Fraction(115, 100)
"""A segment begins with a full buffer: it may have 0.9 seconds more of the highest rate than it lasts."""
_FAST_PLAYBACK: Final = 30


@dataclass(frozen=True, slots=True)
class SourcePictures:
    """The pictures of an original, as far as a ladder needs to know them."""

    width: int
    """Upright, with square pixels."""
    height: int
    rate: Fraction
    """Frames a second of the stream."""
    color: tuple[int, int, int] = (2, 2, 2)
    """Of what is encoded; see ``VideoFormat``."""


@dataclass(frozen=True, slots=True)
class StreamChoices:
    """What a request chooses of a stream."""

    heights: tuple[int, ...]
    """Shorter sides of the renditions."""
    with_av1: bool = False
    quality: int = 0
    speed: int = DEFAULT_SPEED
    bit_rate: int = 0
    """Bits a second of pictures at most; 0 = by the size."""
    sound_bit_rate: int = 0
    """kbit/s; 0 = the default."""


@dataclass(frozen=True, slots=True)
class VideoRendition:
    """A rendition of the pictures. ``bandwidth``: bits a second at most, of any segment."""

    name: str
    width: int
    height: int
    bandwidth: int
    codecs: str
    settings: VideoSettings | None
    """Of the encoder; None = the packets of the original."""


@dataclass(frozen=True, slots=True)
class SoundRendition:
    """A rendition of the sound."""

    name: str
    bit_rate: int
    """Bits a second."""
    language: str = ""

    @property
    def bandwidth(self) -> int:
        """Bits a second at most, of any segment."""
        return ceil(self.bit_rate * _FRESH_BUFFER)


def video_renditions(source: SourcePictures, choices: StreamChoices, key_interval: int) -> list[VideoRendition]:
    """Return the renditions that are encoded, from the largest on; those in AV1 behind those in H.264.

    A height is that of the shorter side. None is above the source: of the heights above it, the lowest has the size of
    the source. Raises LimitError for frames that no level of the codec holds.
    """
    shorter = min(source.width, source.height)
    heights = sorted(set(choices.heights))
    fitting = [height for height in heights if height <= shorter]
    above = [height for height in heights if height > shorter]
    if above and (not fitting or fitting[-1] < shorter // 2 * 2):
        fitting.append(above[0])
    how = VideoChoices(choices.quality, choices.speed, choices.bit_rate)
    renditions = []
    for codec, suffix in ((h264, ""), (av1, AV1_SUFFIX)) if choices.with_av1 else ((h264, ""),):
        for height in reversed(fitting):
            size = rendition_size(source.width, source.height, height)
            settings = codec(VideoFormat(*size, source.rate, key_interval, source.color), how)
            bandwidth = ceil(settings.max_rate * _FRESH_BUFFER * _OVERHEAD)
            renditions.append(VideoRendition(f"{height}{suffix}", *size, bandwidth, settings.codecs, settings))
    return renditions


def rendition_size(width: int, height: int, side: int) -> tuple[int, int]:
    """Return the even sides of a rendition whose shorter side is ``side``, or the source's where that is shorter."""
    scale = min(Fraction(1), Fraction(side, min(width, height)))
    return _even(width * scale), _even(height * scale)


def sound_renditions(choices: StreamChoices, channels: int, language: str, *, alone: bool) -> list[SoundRendition]:
    """Return the renditions of sound: one beside pictures, which all of them share; two ``alone``, the better first.

    None where there are no ``channels``.
    """
    if not channels:
        return []
    if not alone:
        rate = choices.sound_bit_rate or _SOUND_BY_CHANNELS[channels]
        return [SoundRendition(SOUND, 1000 * rate, language)]
    rates = (choices.sound_bit_rate,) if choices.sound_bit_rate else _SOUND_BIT_RATES
    return [SoundRendition(f"{SOUND}{rate}", 1000 * rate, language) for rate in reversed(rates)]


def _even(side: Fraction | int) -> int:
    return max(2, 2 * round(Fraction(side) / 2))
