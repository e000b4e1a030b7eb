"""Segments of sound in AAC-LC: a fresh encoder for each, which begins earlier and whose first frames are dropped.

So each frame is coded with what was before it, and those at the seams fit together.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from av.audio.frame import AudioFrame

from mememime_proxy.av.streams.boxes import stream_fragments, stream_header
from mememime_proxy.av.streams.timeline import SOUND_FRAME, SOUND_RATE
from mememime_proxy.av.streams.video_segments import fragmented_file

if TYPE_CHECKING:
    from av.container import OutputContainer

_AHEAD: Final = 8
"""Frames that are encoded before the first one of a segment: with them, seams are as good as the rest."""
_BEHIND: Final = 2
"""Frames behind the last one: its window reaches into the next, and the encoder looks one further."""
_ENCODER: Final = "aac"

ReadSamples = Callable[[int, int], np.ndarray[Any, np.dtype[np.float32]]]
"""Returns a number of samples from a position on, at ``SOUND_RATE``, channels in rows; silent where there are none."""


def sound_header(layout: str, bit_rate: int) -> bytes:
    """Return the header that all segments of a rendition share. ``layout``: FFmpeg's name of the channels."""
    buffer = io.BytesIO()
    with fragmented_file(buffer, SOUND_RATE) as film:
        _add_stream(film, layout, bit_rate)
        film.start_encoding()
    return stream_header(buffer.getvalue(), 0)


def sound_segment(layout: str, bit_rate: int, number: int, frames: tuple[int, int], read: ReadSamples) -> bytes:
    """Return segment ``number``, which has these ``frames``: the first, and the one behind the last.

    Frame i is heard from sample ``i · SOUND_FRAME`` on; the encoder's own delay is taken off.
    """
    first, end = frames
    start = first - _AHEAD
    samples = read(start * SOUND_FRAME, (end + _BEHIND - start) * SOUND_FRAME)
    buffer = io.BytesIO()
    with fragmented_file(buffer, SOUND_RATE, number) as film:
        stream = _add_stream(film, layout, bit_rate)
        for frame in _frames(samples, layout):
            for packet in stream.encode(frame):
                # The first packet is what the encoder is filled with: a frame before the first one.
                index = start + packet.pts // SOUND_FRAME
                if first <= index < end:
                    packet.pts = packet.dts = index * SOUND_FRAME
                    packet.duration = SOUND_FRAME
                    film.mux(packet)
    return stream_fragments(buffer.getvalue())


def _add_stream(film: OutputContainer, layout: str, bit_rate: int) -> Any:
    stream: Any = film.add_stream(_ENCODER, rate=SOUND_RATE, layout=layout)
    stream.codec_context.bit_rate = bit_rate
    stream.codec_context.thread_count = 1
    return stream


def _frames(samples: np.ndarray[Any, np.dtype[np.float32]], layout: str) -> Iterator[AudioFrame]:
    for at in range(0, samples.shape[1], SOUND_FRAME):
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples[:, at : at + SOUND_FRAME]), "fltp", layout)
        frame.sample_rate, frame.pts, frame.time_base = SOUND_RATE, at, Fraction(1, SOUND_RATE)
        yield frame
