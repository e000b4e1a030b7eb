"""The kinds of sound that are made: container, encoder, sample rates, and what quality is by default."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from mememime_proxy.errors import UnsupportedFormatError

_RATE: Final = 48_000
"""Hertz: of AAC and Opus by default, and the most of the others by default."""
_MP3_RATES: Final = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
_AAC_RATES: Final = (*_MP3_RATES, 64000, 88200, 96000)


@dataclass(frozen=True, slots=True)
class SoundOutput:
    """One kind of sound."""

    name: str
    """As in URLs."""
    muxer: str
    codec: str
    """As in the option ``audio_codec``."""
    encoder: str
    max_channels: int = 6
    rates: tuple[int, ...] = ()
    """Sample rates that there are; empty = any up to 192 kHz."""
    keeps_rate: bool = False
    """Whether the sample rate is the source's by default, where it is at most 48 kHz; else it is 48 kHz."""
    bitrates: dict[int, int] = field(default_factory=dict)
    """Default kbit/s by channels; empty = the encoder chooses by quality, or there is no loss."""
    max_bitrate: int = 0
    """Most kbit/s a channel; 0 = there is no bit rate to choose."""
    quality: int = 0
    """Quality by the encoder's own scale, where no bit rate is named; 0 = none."""
    lossless: bool = False


OUTPUTS: Final = {
    output.name: output
    for output in (
        # Xiph's recommendations: 96 kbit/s for music in stereo, 32 for speech in mono, 256 for 5.1.
        SoundOutput(
            "opus",
            "ogg",
            "opus",
            "libopus",
            rates=(8000, 12000, 16000, 24000, 48000),
            bitrates={1: 32, 2: 96, 6: 256},
            max_bitrate=256,
        ),
        SoundOutput("m4a", "mp4", "aac", "aac", rates=_AAC_RATES, bitrates={1: 64, 2: 128, 6: 320}, max_bitrate=256),
        SoundOutput("mp3", "mp3", "mp3", "libmp3lame", 2, _MP3_RATES, keeps_rate=True, max_bitrate=320, quality=2),
        SoundOutput("flac", "flac", "flac", "flac", keeps_rate=True, lossless=True),
        SoundOutput("wav", "wav", "pcm", "pcm", keeps_rate=True, lossless=True),
    )
}
"""Every kind by its name."""


def sample_rate_for(output: SoundOutput, source: int, wanted: int = 0) -> int:
    """Return the sample rate of a result; ``wanted``: 0 = the default.

    Raises UnsupportedFormatError for one that the kind does not have.
    """
    if wanted:
        if output.rates and wanted not in output.rates:
            rates = ", ".join(map(str, output.rates))
            raise UnsupportedFormatError(f"{output.name} has no sample rate of {wanted}; it has {rates}")
        return wanted
    if not output.keeps_rate:
        return _RATE
    rate = min(source, _RATE)
    return min((each for each in output.rates if each >= rate), default=rate)


def bitrate_for(output: SoundOutput, channels: int, wanted: int = 0) -> int:
    """Return the kbit/s of a result; 0 = there is none to set. ``wanted``: 0 = the default.

    Raises UnsupportedFormatError for one that the kind does not have.
    """
    if not wanted:
        return output.bitrates.get(channels, 0)
    most = output.max_bitrate if output.name == "mp3" else output.max_bitrate * channels
    if not most:
        raise UnsupportedFormatError(f"{output.name} is without loss and has no bit rate to choose")
    if wanted > most:
        raise UnsupportedFormatError(f"{output.name} has at most {most} kbit/s for {channels} channels")
    return wanted
