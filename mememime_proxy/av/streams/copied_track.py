"""The pictures of an original as a rendition: its packets as they are, in segments that begin at its key frames."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor
from typing import TYPE_CHECKING, Any, Final

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from mememime_proxy.av.encoding.rate_grid import RateGrid
from mememime_proxy.av.opening import choose_video, codec_of
from mememime_proxy.av.streams.boxes import stream_fragments, stream_header
from mememime_proxy.av.streams.codec_names import codec_name
from mememime_proxy.av.streams.video_segments import fragmented_file
from mememime_proxy.errors import BrokenImageError, LimitError, UnsupportedFormatError
from mememime_proxy.formats.film_config import FilmConfig

if TYPE_CHECKING:
    from av.packet import Packet

    _Packet = Packet[VideoStream]

_TELLS_DECODING: Final = frozenset({"mp4", "mov", "3gp"})
_INDEXED: Final = _TELLS_DECODING | {"mkv", "webm"}
_NO_INDEX: Final = "`copy` needs a film with an index of its key frames, one a minute at least"
_UNKNOWN_PEAK: Final = Fraction(3, 2)
"""Highest bit rate of a segment by the mean one, where sizes of packets are not known."""
_LONGEST: Final = 60
"""Seconds from one key frame to the next above which segments are too large, or the index ends early."""


@dataclass(frozen=True, slots=True)
class CopiedTrack:
    """Where the segments begin, and what playlists say of them."""

    starts: tuple[int, ...]
    """First output frame of each segment."""
    times: tuple[int, ...]
    """Of the key frame of each segment, in units of ``time_base``, in the clock of the original."""
    time_base: Fraction
    delay: int
    """Units by which packets are decoded before they are shown."""
    has_decode_times: bool
    """Whether the container tells when packets are decoded: Matroska does not."""
    start: int
    """Of the film, in units."""
    bandwidth: int
    codecs: str


def copied_track(
    film: InputContainer, container: str, config: FilmConfig, grid: RateGrid, duration: Fraction, length: int
) -> CopiedTrack:
    """Return the track: each segment begins at the first key frame that is ``length`` output frames after the last one.

    Only the index is looked at, and the first packet. Raises LimitError where there is no index, or no key frame for a
    minute, UnsupportedFormatError for codecs that streams cannot have.
    """
    stream = _pictures(film, config)
    base = stream.time_base
    if container not in _INDEXED or base is None:
        raise LimitError(_NO_INDEX)
    codecs = codec_name(codec_of(stream), stream.codec_context.extradata or b"")
    first = next((packet for packet in film.demux(stream) if packet.size), None)
    if first is None or first.pts is None:
        raise BrokenImageError("the film has no packet that can be read")
    start = round(Fraction(film.start_time or 0, av.time_base) / base)
    has_decode_times = container in _TELLS_DECODING and first.dts is not None
    if has_decode_times:
        delay = max(0, first.pts - (first.dts or 0))
    else:
        delay = round(stream.codec_context.reorder_depth / grid.rate / base)
    # The index of Matroska is read by the first seek; that of MP4 has the times of decoding.
    film.seek(first.pts, stream=stream)
    shift = delay if has_decode_times else 0
    starts, times = [0], [first.pts]
    end = grid.count(duration)
    while (found := _next_key(stream, _time(starts[-1] + length, grid, base) + start - shift)) is not None:
        frame = floor((found + shift - start) * base * grid.rate + Fraction(1, 2))
        if frame >= end:
            break
        starts.append(frame)
        times.append(found + shift)
    limit = ceil(_LONGEST * grid.rate)
    gaps = [after - before for before, after in pairwise([*starts, end])]
    if not len(stream.index_entries) or max(gaps) > limit:
        raise LimitError(_NO_INDEX)
    bandwidth = _bandwidth(film, stream, duration)
    return CopiedTrack(tuple(starts), tuple(times), base, delay, has_decode_times, start, bandwidth, codecs)


def copied_header(film: InputContainer, config: FilmConfig, track: CopiedTrack) -> bytes:
    """Return the header that all segments of the rendition share."""
    buffer = io.BytesIO()
    with fragmented_file(buffer, _time_scale(track)) as copy:
        copy.add_stream_from_template(_pictures(film, config))
        copy.start_encoding()
    return stream_header(buffer.getvalue(), ceil(track.delay * track.time_base * _time_scale(track)))


def copied_segment(film: InputContainer, config: FilmConfig, track: CopiedTrack, number: int) -> bytes:
    """Return segment ``number``: the packets from its key frame up to that of the next one."""
    stream = _pictures(film, config)
    buffer = io.BytesIO()
    with fragmented_file(buffer, _time_scale(track), number) as copy:
        target: Any = copy.add_stream_from_template(stream)
        packets: list[Any] = list(_packets(film, stream, track, number))
        if not packets:
            raise BrokenImageError(f"the film has no packets for segment {number}")
        # In the order of decoding, times of decoding are those of showing, earlier by the delay, in their order.
        times = [packet.dts for packet in packets]
        if not track.has_decode_times or None in times:
            times = [time - track.delay for time in sorted(packet.pts for packet in packets)]
        shift = track.delay - track.start
        for packet, time in zip(packets, times, strict=True):
            packet.stream = target
            packet.pts, packet.dts = packet.pts + shift, time + shift
            copy.mux(packet)
    return stream_fragments(buffer.getvalue())


def _packets(film: InputContainer, stream: VideoStream, track: CopiedTrack, number: int) -> Iterator[_Packet]:
    begin = track.times[number]
    end = track.times[number + 1] if number + 1 < len(track.times) else None
    film.seek(begin, stream=stream)
    has_begun = False
    for packet in film.demux(stream):
        if packet.pts is None or not packet.size:
            continue
        if packet.is_keyframe and end is not None and packet.pts >= end:
            return
        has_begun = has_begun or (packet.is_keyframe and packet.pts >= begin)
        if has_begun:
            yield packet


def _next_key(stream: VideoStream, time: int) -> int | None:
    """Return the time, as the index has it, of the first key frame from a time on."""
    at = stream.index_entries.search_timestamp(time, backward=False)
    return stream.index_entries[at].timestamp if at >= 0 else None


def _time(frame: int, grid: RateGrid, base: Fraction) -> int:
    """Return the first time that an output frame shows, in units from the film's start."""
    return ceil(Fraction(2 * frame - 1) / (2 * grid.rate) / base)


def _bandwidth(film: InputContainer, stream: VideoStream, duration: Fraction) -> int:
    mean = stream.codec_context.bit_rate or Fraction(8 * film.size) / duration
    return ceil(mean * _UNKNOWN_PEAK)


def _pictures(film: InputContainer, config: FilmConfig) -> VideoStream:
    stream = choose_video(film, config)
    if stream is None:
        raise UnsupportedFormatError("the original has no moving pictures")
    return stream


def _time_scale(track: CopiedTrack) -> int:
    return track.time_base.denominator
