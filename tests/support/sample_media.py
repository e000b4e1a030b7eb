"""Writer of the film and the music among the samples: ``python -m tests.support.sample_media [folder]``.

The film pans over the sample photographs, with a tone at each change; the music is made of sine tones. Both are made
of nothing but what is in this repository.
"""

from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image

SAMPLES = Path(__file__).parents[2] / "config" / "samples"
PICTURES = ("dandelion.jpg", "coffee.jpg", "astronaut.jpg", "rocket.jpg")
SIZE = (640, 360)
RATE = 24
SECONDS = 3
FADE = 0.5
SAMPLE_RATE = 48_000
# Chords of four notes, in Hz: A minor, F, C, G.
CHORDS = (
    (220.0, 261.6, 329.6, 440.0),
    (174.6, 220.0, 261.6, 349.2),
    (196.0, 261.6, 329.6, 392.0),
    (196.0, 246.9, 293.7, 392.0),
)


def film_frames():
    """Yield the frames of the film: each photograph is zoomed into, and fades into the next one."""
    pictures = [_covering(Image.open(SAMPLES / name).convert("RGB")) for name in PICTURES]
    for number in range(len(pictures) * SECONDS * RATE):
        second = number / RATE
        index, inside = int(second // SECONDS), second % SECONDS
        frame = _zoomed(pictures[index], inside / SECONDS)
        if inside > SECONDS - FADE and index + 1 < len(pictures):
            following = _zoomed(pictures[index + 1], 0.0)
            frame = Image.blend(frame, following, (inside - SECONDS + FADE) / FADE)
        yield np.asarray(frame)


def music(seconds):
    """Return samples of a piece of music, two channels, 16 bit: broken chords with a soft attack."""
    times = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    left, right = np.zeros_like(times), np.zeros_like(times)
    step = 0.25
    for number in range(int(seconds / step)):
        chord = CHORDS[number // 8 % len(CHORDS)]
        begin = number * step
        inside = times[(times >= begin) & (times < begin + 1.2)] - begin
        tone = np.sin(2 * np.pi * chord[number * 3 % 4] * inside) + 0.3 * np.sin(
            4 * np.pi * chord[number * 3 % 4] * inside
        )
        tone *= np.minimum(inside / 0.01, 1) * np.exp(-3 * inside) * np.clip((1.2 - inside) / 0.1, 0, 1)
        at = int(begin * SAMPLE_RATE)
        pan = 0.5 + 0.3 * np.sin(number)
        left[at : at + len(tone)] += tone * (1 - pan)
        right[at : at + len(tone)] += tone * pan
    both = np.stack([left, right])
    fade = np.clip(np.minimum(times / 0.05, (times[-1] - times) / 1.0), 0, 1)
    return (both * fade / np.abs(both).max() * 20_000).astype(np.int16)


def write(folder: Path) -> None:
    """Write ``film.mp4`` and ``music.flac``."""
    _write_film(folder / "film.mp4")
    with av.open(str(folder / "music.flac"), "w") as file:
        stream = file.add_stream("flac", rate=SAMPLE_RATE, layout="stereo")
        _encode_sound(file, stream, music(16), "s16")


def _write_film(path: Path) -> None:
    with av.open(str(path), "w", options={"movflags": "faststart"}) as file:
        video = file.add_stream(
            "libx264", rate=RATE, options={"crf": "24", "preset": "slow", "x264-params": "keyint=48"}
        )
        video.width, video.height = SIZE
        video.pix_fmt = "yuv420p"
        video.codec_context.thread_count = 1
        sound = file.add_stream("aac", rate=SAMPLE_RATE, layout="stereo")
        sound.bit_rate = 96_000
        for number, pixels in enumerate(film_frames()):
            frame = av.VideoFrame.from_ndarray(pixels, "rgb24")
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            file.mux(video.encode(frame))
        file.mux(video.encode(None))
        _encode_sound(file, sound, music(len(PICTURES) * SECONDS), "fltp")


def _encode_sound(file, stream, samples, kind) -> None:
    block = 1024 if kind == "fltp" else 4096
    for at in range(0, samples.shape[1], block):
        part = samples[:, at : at + block]
        if kind == "fltp":
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(part.astype(np.float32) / 32768), "fltp", "stereo")
        else:
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(part.T.reshape(1, -1)), "s16", "stereo")
        frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, at, Fraction(1, SAMPLE_RATE)
        file.mux(stream.encode(frame))
    file.mux(stream.encode(None))


def _covering(picture):
    """Return the middle of a picture, with the film's aspect ratio and a half more pixels."""
    width, height = SIZE[0] * 3 // 2, SIZE[1] * 3 // 2
    scale = max(width / picture.width, height / picture.height)
    large = picture.resize((round(picture.width * scale), round(picture.height * scale)), Image.LANCZOS)
    left, top = (large.width - width) // 2, (large.height - height) // 3
    return large.crop((left, top, left + width, top + height))


def _zoomed(picture, share):
    width, height = picture.width * (1 - 0.15 * share), picture.height * (1 - 0.15 * share)
    left, top = (picture.width - width) / 2, (picture.height - height) / 2
    return picture.resize(SIZE, Image.BICUBIC, (left, top, left + width, top + height))


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else SAMPLES)
