"""Sound with a click at each whole second, in each container, and the times of clicks in what was made of it."""

from __future__ import annotations

import io
from fractions import Fraction
from functools import cache
from typing import Any, NamedTuple

import pytest

av = pytest.importorskip("av")
np = pytest.importorskip("numpy")

CLICK = 32
"""Samples of a click."""
LOUDNESS = 0.5
"""Amplitude of a click."""
_FRAME = 1024


class Container(NamedTuple):
    """Sound as a file of some kind. ``delay``: seconds that its encoder adds, where the container cannot tell it."""

    format: str
    codec: str
    rate: int = 44100
    delay: float = 0.0
    options: dict[str, str] = {}  # noqa: RUF012 - read only


CONTAINERS = {
    "mp4": Container("mp4", "aac"),
    "fragmented.mp4": Container("mp4", "aac", options={"movflags": "frag_keyframe+delay_moov"}),
    "opus.mp4": Container("mp4", "libopus", 48000),
    "eac3.mp4": Container("mp4", "eac3", 48000),
    "m4a": Container("ipod", "aac", 48000),
    "alac.m4a": Container("ipod", "alac"),
    "mov": Container("mov", "aac"),
    "mkv": Container("matroska", "aac"),
    "mp3.mkv": Container("matroska", "libmp3lame"),
    "flac.mkv": Container("matroska", "flac"),
    "vorbis.mkv": Container("matroska", "vorbis"),
    "webm": Container("webm", "libopus", 48000),
    "ts": Container("mpegts", "aac", delay=1024 / 44100),
    "ac3.ts": Container("mpegts", "ac3", 48000, delay=256 / 48000),
    "mpg": Container("mpeg", "mp2", delay=481 / 44100),
    "avi": Container("avi", "libmp3lame", delay=1105 / 44100),
    "flv": Container("flv", "aac", delay=1024 / 44100),
    "opus": Container("ogg", "libopus", 48000),
    "vorbis.ogg": Container("ogg", "vorbis"),
    "flac.ogg": Container("ogg", "flac"),
    "mp3": Container("mp3", "libmp3lame"),
    "aac": Container("adts", "aac", delay=1024 / 44100),
    "wav": Container("wav", "pcm_s16le"),
    "96.wav": Container("wav", "pcm_s24le", 96000),
    "flac": Container("flac", "flac"),
    "aiff": Container("aiff", "pcm_s16be"),
    "caf": Container("caf", "pcm_s16le"),
}
"""What clicks are heard in at the right time; the last part of a name is its extension."""


def clicks(seconds: float, rate: int, channels: int = 2) -> Any:
    """Return samples with a click at each whole second, the first one at 0, in every channel."""
    samples = np.zeros((channels, round(seconds * rate)), np.float32)
    click = LOUDNESS * np.sin(np.arange(CLICK) * (2 * np.pi * 4 / CLICK) + np.pi / 4)
    for begin in range(0, samples.shape[1] - CLICK, rate):
        samples[:, begin : begin + CLICK] = click
    return samples


def tone(seconds: float, rate: int = 48000, channels: int = 2, amplitude: float = 0.25, hertz: float = 997.0) -> Any:
    """Return samples of a sine."""
    wave = amplitude * np.sin(np.arange(round(seconds * rate)) * (2 * np.pi * hertz / rate))
    return np.tile(wave.astype(np.float32), (channels, 1))


def add_sound(film: Any, stream: Any, samples: Any, rate: int, first: int = 0) -> None:
    """Write samples to a stream; the first one is presented at ``first`` samples."""
    layout = stream.codec_context.layout.name
    for begin in range(0, samples.shape[1], _FRAME):
        # Not planar: PyAV makes no frame of eight planes.
        packed = np.ascontiguousarray(samples[:, begin : begin + _FRAME].T).reshape(1, -1).astype(np.float32)
        frame: Any = av.AudioFrame.from_ndarray(packed, format="flt", layout=layout)
        frame.sample_rate, frame.pts, frame.time_base = rate, first + begin, Fraction(1, rate)
        film.mux(stream.encode(frame))


def make_sound(
    samples: Any,
    rate: int = 48000,
    *,
    format: str = "wav",  # noqa: A002 - the name in PyAV
    codec: str = "pcm_s16le",
    layout: str = "",
    tags: dict[str, str] | None = None,
    options: dict[str, str] | None = None,
    bit_rate: int = 0,
) -> bytes:
    """Return samples as a file."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=format, options=options or {}) as file:
        file.metadata.update(tags or {})
        stream: Any = file.add_stream(codec, rate=rate, layout=layout or {1: "mono", 2: "stereo"}[len(samples)])
        if codec in {"vorbis", "opus"}:
            stream.codec_context.options = {"strict": "-2"}
        if bit_rate:
            stream.bit_rate = bit_rate
        add_sound(file, stream, samples, rate)
        file.mux(stream.encode())
    return buffer.getvalue()


@cache
def container_sound(name: str, seconds: float = 12.3) -> bytes:
    """Return the clicks of one of ``CONTAINERS``."""
    kind = CONTAINERS[name]
    return make_sound(clicks(seconds, kind.rate), kind.rate, format=kind.format, codec=kind.codec, options=kind.options)


def click_times(samples: Any, rate: int, level: float = 0.15) -> list[float]:
    """Return the seconds at which clicks begin, in the channel of a row, or in the first of several."""
    row = np.abs(np.atleast_2d(samples)[0])
    loud = np.flatnonzero(row > level)
    begins = loud[np.diff(loud, prepend=-rate) > rate // 4]
    return [float(begin / rate) for begin in begins]


def decode(content: bytes) -> tuple[Any, int]:
    """Return the samples of a file as FFmpeg presents them, with their rate: what a player plays."""
    parts = []
    with av.open(io.BytesIO(content)) as file:
        stream: Any = file.streams.audio[0]
        rate = stream.codec_context.sample_rate
        resampler = av.AudioResampler("fltp", stream.codec_context.layout, rate)
        end = stream.duration * stream.time_base if stream.duration and "mp4" in file.format.name else None
        for frame in file.decode(stream):
            parts += [part.to_ndarray() for part in resampler.resample(frame)]
        samples = np.concatenate(parts, axis=1)
    return (samples if end is None else samples[:, : round(end * rate)]), rate
