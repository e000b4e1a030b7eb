"""What short films show: numbers in their frames, pixels, times."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

import pytest

from mememime_proxy.formats.film_config import FilmConfig
from mememime_proxy.plan import Plan
from tests.hostile.films.boxes import OFFSET, box, mp4, sample_tables, table, track_box
from tests.hostile.films.packets import track
from tests.support.films import BLOCKS

av = pytest.importorskip("av")
np = pytest.importorskip("numpy")
pytest.importorskip("av.filter")


@contextmanager
def grabber_of(content: bytes) -> Iterator[Any]:
    """Open a film for its frames."""
    from mememime_proxy.av.films import open_pictures
    from tests.support.av_sources import byte_source

    with byte_source(content) as source, open_pictures(source, FilmConfig()) as grabber:
        yield grabber


def film_of(content: bytes, plan: Plan | None = None, **options: Any) -> Any:
    """Return a short film of a film."""
    from mememime_proxy.av.moving.transcode import MovingOptions, transcode

    mark = options.pop("mark", None)
    with grabber_of(content) as grabber:
        return transcode(grabber, plan or Plan(), MovingOptions(**options), mark=mark)


def frames_of(body: bytes) -> list[Any]:
    """Return the frames of a film as arrays of red, green and blue."""
    with av.open(io.BytesIO(body)) as film:
        return [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]


def times_of(body: bytes) -> list[float]:
    """Return the times of a film's frames in seconds."""
    with av.open(io.BytesIO(body)) as film:
        return [float(frame.pts * frame.time_base) for frame in film.decode(video=0)]


def number_of(pixels: Any) -> int:
    """Return the number that a frame shows, blocks from left to right."""
    luma = pixels[pixels.shape[0] // 2].astype(int).mean(axis=-1)
    step = len(luma) / BLOCKS
    return sum(int(luma[int(step * (bit + 0.5))] > 128) << bit for bit in range(BLOCKS))


def numbers_of(body: bytes) -> list[int]:
    """Return the numbers that the frames of a film show."""
    return [number_of(pixels) for pixels in frames_of(body)]


def combing(pixels: Any) -> float:
    """Return how much the rows of a frame differ from those between which they are: much where it has two fields."""
    rows = pixels.astype(int).mean(axis=-1)
    return float(np.abs(rows[1:-1] * 2 - rows[:-2] - rows[2:]).mean())


def interlaced() -> bytes:
    """Return twelve frames, 25 a second, of a bar that moves from field to field."""
    fields = av.filter.Graph()
    source = fields.add_buffer(width=160, height=96, format="yuv420p", time_base=Fraction(1, 25))
    fields.link_nodes(source, fields.add("setfield", "tff"), fields.add("buffersink")).configure()
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mpegts") as film:
        stream: Any = film.add_stream("mpeg2video", rate=25, options={"flags": "+ildct+ilme", "b": "4000000"})
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        for index in range(12):
            pixels = np.zeros((96, 160, 3), np.uint8)
            for field in (0, 1):
                at = 8 * index + 4 * field
                pixels[field::2, at : at + 32] = 255
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = index, Fraction(1, 25)
            source.push(frame)
            film.mux(stream.encode(fields.vpull()))
        film.mux(stream.encode())
    return buffer.getvalue()


def edited_film(*entries: tuple[int, int]) -> bytes:
    """Return a film of 50 numbered frames whose edit list has these entries: milliseconds, and the first frame."""
    film = track()
    edits = table(b"elst", *(struct.pack(">IiI", duration, time, 1 << 16) for duration, time in entries))
    return mp4(track_box(film, sample_tables(film, OFFSET), box(b"edts", edits)))
