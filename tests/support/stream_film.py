"""A film for streams: 1001 frames at 30000/1001 a second, each with its number in its pixels, and a click a second."""

from __future__ import annotations

import io
from fractions import Fraction
from functools import cache
from typing import Any

from tests.support.films import BLOCKS, av, np, numbered

RATE = Fraction(30000, 1001)
FRAMES = 1001
"""33.4 seconds: five segments of 180 frames, and one of 101."""
SIZE = (896, 256)
SOUND_RATE = 48_000


@cache
def stream_film() -> bytes:
    """Return the film, an MP4 with B-frames and sound."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as film:
        pictures: Any = film.add_stream("libx264", rate=RATE, options={"preset": "ultrafast", "bf": "2", "g": "50"})
        pictures.width, pictures.height = SIZE
        pictures.pix_fmt = "yuv420p"
        sound: Any = film.add_stream("aac", rate=SOUND_RATE)
        for number in range(FRAMES):
            frame: Any = av.VideoFrame.from_ndarray(numbered(number, *SIZE), format="rgb24")
            frame.pts, frame.time_base = number, 1 / RATE
            film.mux(pictures.encode(frame))
        film.mux(pictures.encode())
        samples = clicks(int(FRAMES / RATE * SOUND_RATE))
        for at in range(0, samples.shape[1] - 1023, 1024):
            block = np.ascontiguousarray(samples[:, at : at + 1024])
            part: Any = av.AudioFrame.from_ndarray(block, format="fltp", layout="stereo")
            part.sample_rate, part.pts, part.time_base = SOUND_RATE, at, Fraction(1, SOUND_RATE)
            film.mux(sound.encode(part))
        film.mux(sound.encode())
    return buffer.getvalue()


def clicks(count: int) -> Any:
    """Return samples of two channels: two milliseconds of a tone at the start of each second."""
    times = np.arange(count) / SOUND_RATE
    tone = np.where(times % 1 < 0.002, 0.8 * np.sin(2 * np.pi * 1000 * times), 0)
    return np.stack([tone, tone]).astype(np.float32)


def numbers_in(film: bytes) -> list[int]:
    """Return the number in each frame of a film."""
    found = []
    with av.open(io.BytesIO(film)) as source:
        for frame in source.decode(video=0):
            row = frame.to_ndarray(format="gray")[frame.height // 2]
            step = frame.width / BLOCKS
            found.append(sum(int(row[int(step * (bit + 0.5))] > 128) << bit for bit in range(BLOCKS)))
    return found
