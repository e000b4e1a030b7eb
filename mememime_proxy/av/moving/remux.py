"""A part of a film as it is coded: packets are copied, from a key frame on, and nothing is decoded."""

from __future__ import annotations

import io
from collections.abc import Iterator
from fractions import Fraction
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

import av
from av.container import InputContainer, OutputContainer
from av.packet import Packet

from mememime_proxy.av.moving.clip import Span
from mememime_proxy.av.opening import codec_of
from mememime_proxy.errors import BrokenImageError, LimitError, UnsupportedFormatError

_PICTURES: Final = {
    "mp4": frozenset({"h264", "hevc", "av1", "vp9", "mpeg4"}),
    "mov": frozenset({"h264", "hevc", "av1", "mpeg4", "prores", "dnxhd", "mjpeg"}),
    "webm": frozenset({"vp8", "vp9", "av1"}),
    "mkv": frozenset({"h264", "hevc", "av1", "vp8", "vp9", "mpeg1video", "mpeg2video", "mpeg4", "theora", "mjpeg"}),
}
_SOUND: Final = {
    "mp4": frozenset({"aac", "mp3", "ac3", "eac3", "opus", "flac", "alac"}),
    "mov": frozenset({"aac", "mp3", "ac3", "eac3", "alac", "pcm_s16le", "pcm_s24le"}),
    "webm": frozenset({"opus", "vorbis"}),
    "mkv": frozenset({"aac", "mp2", "mp3", "ac3", "eac3", "opus", "vorbis", "flac", "pcm_s16le", "pcm_s24le"}),
}
_STEPS_BACK: Final = (0, 1, 2, 4, 8, 16)
"""Seconds before the start from which packets are looked at: without an index, a seek may land behind it."""
_MAX_PACKETS: Final = 1_000_000

if TYPE_CHECKING:
    # The class has parameters in its stubs alone.
    _Packets = Iterator[Packet[Any]]


def holds(format_: str, kind: str, codec: str) -> bool:
    """Whether a format holds this codec as it is. ``kind``: ``video`` or ``audio``."""
    return codec in (_PICTURES if kind == "video" else _SOUND).get(format_, ())


def check_copy(format_: str, streams: list[Any]) -> None:
    """Raise UnsupportedFormatError where a format does not hold the codec of a stream."""
    for stream in streams:
        if not holds(format_, stream.type, codec_of(stream)):
            raise UnsupportedFormatError(f"{format_.upper()} does not hold {codec_of(stream) or 'this codec'} as it is")


def copy_part(
    film: InputContainer, streams: list[Any], target: OutputContainer, file: io.BytesIO, span: Span, max_size: int
) -> int:
    """Copy the packets of a part; return the frames. The first of ``streams`` is that of the pictures.

    The part begins at the last key frame at its start or before: only there a decoder can begin. Raises LimitError past
    ``max_size`` bytes, BrokenImageError where there is no key frame.
    """
    start = Fraction(film.start_time or 0, av.time_base)
    copies = {stream.index: target.add_stream_from_template(stream) for stream in streams}
    packets, first = _from_key_frame(film, streams, start + span.start)
    origin = _time(first)
    end = None if span.duration is None else start + span.start + span.duration
    video, frames, done = streams[0].index, 0, set[int]()
    for packet in _with_decoding_times(packets, streams[0]):
        if len(done) == len(streams):
            break
        time = _time(packet)
        index = packet.stream.index
        decoded = Fraction(packet.dts) * packet.time_base if packet.dts is not None else time
        if end is not None and decoded >= end:
            done.add(index)
            continue
        if time < origin:  # sound before it, or frames that are shown before it and need those before it
            continue
        frames += index == video
        shift = round(origin / packet.time_base)
        shown = packet.pts if packet.pts is not None else packet.dts or 0
        packet.pts, packet.dts = shown - shift, (shown if packet.dts is None else packet.dts) - shift
        packet.stream = copies[index]
        target.mux(packet)
        if file.tell() > max_size:
            raise LimitError(f"a result of more than {max_size} bytes")
    return frames


def _from_key_frame(film: InputContainer, streams: list[Any], target: Fraction) -> tuple[_Packets, Packet[Any]]:
    """Return the packets from the last key frame at a time or before on, and that one."""
    video = streams[0]
    for back in _STEPS_BACK:
        film.seek(max(0, int((target - back) / video.time_base)), stream=video)
        before: list[Packet[Any]] = []
        packets = _readable(film.demux(*streams))
        key: Packet[Any] | None = None
        for packet in packets:
            before.append(packet)
            if packet.stream.index != video.index:
                continue
            if packet.is_keyframe and (key is None or _time(packet) <= target):
                key = packet
            if key is not None and packet.dts is not None and packet.dts * packet.time_base > target:
                break
            if len(before) > _MAX_PACKETS:
                raise LimitError("no key frame within a million packets")
        if key is not None and (_time(key) <= target or back == _STEPS_BACK[-1] or target - back <= 0):
            at = next(number for number, packet in enumerate(before) if packet is key)
            sound = [packet for packet in before[:at] if packet.stream.index != video.index]
            return chain(sound, before[at:], packets), key
    raise BrokenImageError("the film has no key frame")


def _with_decoding_times(packets: _Packets, video: Any) -> _Packets:
    """Yield the packets; the first frames, whose times of decoding Matroska does not tell, with times before the next.

    A frame that is decoded at its own time would come after those that are decoded later.
    """
    step = max(1, round(1 / ((video.guessed_rate or video.average_rate or 25) * video.time_base)))
    waiting: list[Packet[Any]] = []
    for packet in packets:
        if packet.stream.index != video.index or (packet.dts is not None and not waiting):
            yield packet
            continue
        waiting.append(packet)
        if packet.dts is None:
            continue
        for back, each in enumerate(reversed(waiting)):
            each.dts = packet.dts - back * step
        yield from waiting
        waiting = []
    yield from waiting


def _readable(packets: _Packets) -> _Packets:
    for packet in packets:
        if packet.size and (packet.pts is not None or packet.dts is not None):
            yield packet


def _time(packet: Packet[Any]) -> Fraction:
    time = packet.pts if packet.pts is not None else packet.dts
    return Fraction(time or 0) * packet.time_base
