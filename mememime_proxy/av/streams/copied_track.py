"""The pictures of an original as a rendition: its packets as they are, in segments that begin at its key frames."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import ceil, floor
from typing import TYPE_CHECKING, Any, Final

from av.container import InputContainer
from av.video.stream import VideoStream

from mememime_proxy.av.encoding.rate_grid import RateGrid
from mememime_proxy.av.film_facts import KeyTable
from mememime_proxy.av.streams.boxes import stream_fragments, stream_header
from mememime_proxy.av.streams.key_table import NO_INDEX, NextKey, pictures_of
from mememime_proxy.av.streams.video_segments import fragmented_file
from mememime_proxy.errors import BrokenImageError, LimitError
from mememime_proxy.formats.film_config import FilmConfig

if TYPE_CHECKING:
    from av.packet import Packet

    _Packet = Packet[VideoStream]

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


def copied_track(table: KeyTable, next_key: NextKey, grid: RateGrid, duration: Fraction, length: int) -> CopiedTrack:
    """Return the track: each segment begins at the first key frame that is ``length`` output frames after the last one.

    Raises LimitError where there is no key frame for a minute.
    """
    base, start = Fraction(*table.base), table.start
    has_decode_times = table.first_decoded is not None
    if table.first_decoded is not None:
        delay = max(0, table.first - table.first_decoded)
    else:
        delay = round(table.reorder_depth / grid.rate / base)
    shift = delay if has_decode_times else 0
    starts, times = [0], [table.first]
    end = grid.count(duration)
    while (found := next_key(_time(starts[-1] + length, grid, base) + start - shift)) is not None:
        frame = floor((found + shift - start) * base * grid.rate + Fraction(1, 2))
        if frame >= end:
            break
        starts.append(frame)
        times.append(found + shift)
    limit = ceil(_LONGEST * grid.rate)
    gaps = [after - before for before, after in pairwise([*starts, end])]
    if max(gaps) > limit:
        raise LimitError(NO_INDEX)
    bandwidth = ceil((table.bit_rate or Fraction(8 * table.file_size) / duration) * _UNKNOWN_PEAK)
    return CopiedTrack(tuple(starts), tuple(times), base, delay, has_decode_times, start, bandwidth, table.codecs)


def copied_header(film: InputContainer, config: FilmConfig, track: CopiedTrack) -> bytes:
    """Return the header that all segments of the rendition share."""
    buffer = io.BytesIO()
    with fragmented_file(buffer, _time_scale(track)) as copy:
        copy.add_stream_from_template(pictures_of(film, config))
        copy.start_encoding()
    return stream_header(buffer.getvalue(), ceil(track.delay * track.time_base * _time_scale(track)))


def copied_segment(film: InputContainer, config: FilmConfig, track: CopiedTrack, number: int) -> bytes:
    """Return segment ``number``: the packets from its key frame up to that of the next one."""
    stream = pictures_of(film, config)
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


def _time(frame: int, grid: RateGrid, base: Fraction) -> int:
    """Return the first time that an output frame shows, in units from the film's start."""
    return ceil(Fraction(2 * frame - 1) / (2 * grid.rate) / base)


def _time_scale(track: CopiedTrack) -> int:
    return track.time_base.denominator
