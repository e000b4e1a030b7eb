"""Films with the number of each frame in its pixels: fourteen blocks, white for 1, from the lowest bit on."""

from __future__ import annotations

import io
import tempfile
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import pyvips

av = pytest.importorskip("av")
np = pytest.importorskip("numpy")

BLOCKS = 14
BLOCK = 16
WIDTH, HEIGHT = BLOCKS * BLOCK, 64
RATE = 25
GOP = 10

CONTAINERS: dict[str, dict[str, Any]] = {
    "mp4": {},
    "moov-first.mp4": {"movflags": "faststart"},
    "fragmented.mp4": {"movflags": "frag_keyframe+empty_moov"},
    "mov": {"codec": "mpeg4"},
    "mkv": {},
    "webm": {"codec": "libvpx-vp9"},
    "ts": {"format": "mpegts"},
    "mpg": {"format": "mpeg", "codec": "mpeg2video"},
    "avi": {"codec": "mpeg4"},
    "flv": {},
    "ogg": {"codec": "libvpx"},
}
"""Arguments of ``make_film`` for each container; the last part of a name is its extension."""


def numbered(number: int, width: int = WIDTH, height: int = HEIGHT) -> Any:
    """Return the pixels of a frame."""
    bits = np.array([number >> bit & 1 for bit in range(BLOCKS)], np.uint8) * 255
    row = np.repeat(bits, width // BLOCKS)
    return np.repeat(np.tile(row, (height, 1))[:, :, None], 3, axis=2)


def number_in(picture: bytes) -> int:
    """Return the number that a picture of a frame shows."""
    image = pyvips.Image.new_from_buffer(picture, "").colourspace("b-w")
    if image.format == "ushort":
        image = (image / 256).cast("uchar")
    step = image.width / BLOCKS
    return sum((image(step * (bit + 0.5), image.height // 2)[0] > 128) << bit for bit in range(BLOCKS))


def make_film(
    path: str | io.BytesIO,
    *,
    frames: int = 50,
    rate: int = RATE,
    times: list[int] | None = None,
    codec: str = "libx264",
    format: str | None = None,  # noqa: A002 - the name in PyAV
    pixel_format: str = "yuv420p",
    size: tuple[int, int] = (WIDTH, HEIGHT),
    aspect: Fraction | None = None,
    rotation: int = 0,
    first: int = 0,
    numbers: list[int] | None = None,
    sound: bool = False,
    tags: dict[str, str] | None = None,
    color: tuple[int, int] | None = None,
    reorder: int = 2,
    gop: int = GOP,
    encoder: dict[str, str] | None = None,
    sound_delay: float = 0.0,
    **options: str,
) -> None:
    """Write a film. ``times``: of the frames, in units of 1/``rate``. ``numbers``: in their pixels. ``reorder``:
    B-frames in a row. ``encoder``: further options of H.264. ``sound_delay``: seconds after which sound begins.
    ``options``: of the container.
    """
    with av.open(path, "w", format=format, options=options) as film:
        film.metadata.update(tags or {})
        stream: Any = film.add_stream(codec, rate=rate)
        stream.width, stream.height = size
        stream.pix_fmt = pixel_format
        stream.codec_context.gop_size = gop
        if codec == "libx264":
            fixed = {"preset": "ultrafast", "bf": str(reorder), "sc_threshold": "0", "keyint_min": str(gop)}
            stream.options = fixed | (encoder or {})
        if aspect is not None:
            stream.codec_context.sample_aspect_ratio = aspect
        if rotation:
            stream.set_display_rotation(rotation)
        if color is not None:
            stream.codec_context.color_primaries, stream.codec_context.color_trc = color
        audio: Any = film.add_stream("aac", rate=48000) if sound else None
        for index in range(frames):
            number = first + index if numbers is None else numbers[index]
            frame: Any = av.VideoFrame.from_ndarray(numbered(number, *size), format="rgb24")
            frame.pts, frame.time_base = (index if times is None else times[index]), Fraction(1, rate)
            film.mux(stream.encode(frame))
        film.mux(stream.encode())
        if audio is not None:
            for index in range(frames * 48000 // rate // 1024):
                silence: Any = av.AudioFrame.from_ndarray(np.zeros((1, 2048), np.int16), format="s16", layout="stereo")
                silence.sample_rate, silence.time_base = 48000, Fraction(1, 48000)
                silence.pts = index * 1024 + round(48000 * sound_delay)
                film.mux(audio.encode(silence))
            film.mux(audio.encode())


@cache
def container_film(name: str) -> bytes:
    """Return the film of one of ``CONTAINERS``."""
    extension = name.rpartition(".")[2]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"film.{extension}")
        make_film(str(path), **CONTAINERS[name])
        return path.read_bytes()


def film_bytes(format: str = "mp4", **more: Any) -> bytes:  # noqa: A002 - the name in PyAV
    """Return a film."""
    buffer = io.BytesIO()
    make_film(buffer, format=format, **more)
    return buffer.getvalue()


def make_large_film(path: str, size: int, *, rate: int = RATE) -> int:
    """Write a film of about ``size`` bytes, of one second of noise again and again; return its seconds."""
    noise = np.random.default_rng(1)
    second = io.BytesIO()
    with av.open(second, "w", format="mp4") as film:
        stream: Any = film.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        stream.options = {"preset": "ultrafast", "bf": "0", "b": "8000k", "g": str(rate)}
        for index in range(rate):
            pixels = noise.integers(0, 255, (360, 640, 3), np.uint8)
            frame: Any = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, rate)
            film.mux(stream.encode(frame))
        film.mux(stream.encode())
    seconds = max(1, size // len(second.getvalue()))
    with av.open(io.BytesIO(second.getvalue())) as source, av.open(path, "w") as target:
        original: Any = source.streams.video[0]
        stream = target.add_stream_from_template(original)
        packets = [packet for packet in source.demux(original) if packet.size]
        for number in range(seconds):
            for packet in packets:
                copy: Any = av.Packet(bytes(packet))
                shift = round(number / packet.time_base)
                copy.pts, copy.dts, copy.time_base = packet.pts + shift, packet.dts + shift, packet.time_base
                copy.is_keyframe, copy.duration, copy.stream = packet.is_keyframe, packet.duration, stream
                target.mux(copy)
    return seconds


def wave(seconds: float = 0.1) -> bytes:
    """Return silence as a WAV."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="wav") as file:
        stream: Any = file.add_stream("pcm_s16le", rate=8000, layout="mono")
        samples = np.zeros((1, int(8000 * seconds)), np.int16)
        frame: Any = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = 8000
        file.mux(stream.encode(frame))
        file.mux(stream.encode())
    return buffer.getvalue()
