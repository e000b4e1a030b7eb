"""Segments of pictures: a fresh encoder for each, from an IDR frame on, in a file of one fragment."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import av
from av.video.frame import PictureType

from mememime_proxy.av.encoding.video import VideoSettings, add_stream
from mememime_proxy.av.streams.boxes import stream_fragments, stream_header

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.video.frame import VideoFrame

# No ``cmaf`` flag: it makes negative composition offsets, and players on FFmpeg show the frames too late then.
FRAGMENTED: Final = {
    "movflags": "empty_moov+default_base_moof+frag_custom+frag_discont",
    "use_editlist": "0",
    "write_prft": "0",
    "avoid_negative_ts": "disabled",
    "fflags": "+bitexact",
}
"""Options of the muxer for a file of one fragment, whose times are those of its packets."""


@contextmanager
def fragmented_file(buffer: io.BytesIO, time_scale: int, number: int = 0) -> Iterator[OutputContainer]:
    """Open a file of one fragment in ``buffer``, the one of segment ``number``. ``time_scale``: of its pictures."""
    more = {"fragment_index": str(number + 1), "video_track_timescale": str(time_scale)}
    with av.open(buffer, "w", format="mp4", container_options=FRAGMENTED | more) as film:
        yield film


def video_header(settings: VideoSettings) -> bytes:
    """Return the header that all segments of a rendition share. No frame is encoded for it."""
    buffer = io.BytesIO()
    with fragmented_file(buffer, settings.format.rate.numerator) as film:
        add_stream(film, settings)
        film.start_encoding()
    return stream_header(buffer.getvalue(), settings.delay * settings.format.rate.denominator)


def video_segment(settings: VideoSettings, number: int, frames: Iterable[tuple[int, VideoFrame]]) -> bytes:
    """Return segment ``number``: these frames, each with its number in the whole film, in that order."""
    return stream_fragments(encode_film(settings, number, frames))


def encode_film(settings: VideoSettings, number: int, frames: Iterable[tuple[int, VideoFrame]]) -> bytes:
    """Return frames as a file of one fragment, with a header that is the same for all numbers.

    The first one is decoded at its own time. It is shown ``settings.delay`` frames later: the edit list of the stream's
    header takes that back.
    """
    buffer = io.BytesIO()
    with fragmented_file(buffer, settings.format.rate.numerator, number) as film:
        stream = add_stream(film, settings)
        packets: list[Any] = []
        for index, frame in frames:
            frame.pts, frame.time_base = index, 1 / settings.format.rate
            # Where key frames are is the encoder's matter, and not that of the original.
            frame.pict_type = PictureType.NONE
            packets += stream.encode(frame)
        packets += stream.encode()
        for packet in packets:
            packet.pts += settings.delay
            packet.dts += settings.delay
            packet.duration = 1
            film.mux(packet)
    return buffer.getvalue()
