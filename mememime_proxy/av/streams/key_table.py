"""The key frames of a film's pictures, by its index: where segments of copied packets can begin."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from fractions import Fraction
from itertools import accumulate, pairwise
from math import gcd
from typing import Final, NamedTuple

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from mememime_proxy.av.film_facts import KeyTable
from mememime_proxy.av.opening import choose_video, codec_of
from mememime_proxy.av.streams.codec_names import codec_name
from mememime_proxy.errors import BrokenImageError, LimitError, UnsupportedFormatError
from mememime_proxy.formats.film_config import FilmConfig

TELLS_DECODING: Final = frozenset({"mp4", "mov", "3gp"})
"""Containers that tell when packets are decoded: Matroska does not."""
_INDEXED: Final = TELLS_DECODING | {"mkv", "webm"}
NO_INDEX: Final = "`copy` needs a film with an index of its key frames, one a minute at least"
_MAX_KEYS: Final = 8192
"""Key frames of a table: one every two seconds of four hours. A film of key frames alone has none."""
_EARLIEST: Final = -(1 << 62)

NextKey = Callable[[int], int | None]
"""Returns the time, as the index has it, of the first key frame from a time on; None = there is none."""


class KeyIndex(NamedTuple):
    """The key frames of a film that is open."""

    table: KeyTable
    """Without ``deltas`` where there are too many."""
    next_key: NextKey


def read_keys(film: InputContainer, container: str, config: FilmConfig) -> KeyIndex:
    """Return the key frames of an open film. Only the index is looked at, and the first packet.

    Raises LimitError where there is no index, UnsupportedFormatError for codecs that streams cannot have.
    """
    stream = pictures_of(film, config)
    base = stream.time_base
    if container not in _INDEXED or base is None:
        raise LimitError(NO_INDEX)
    context = stream.codec_context
    codecs = codec_name(codec_of(stream), context.extradata or b"")
    first = next((packet for packet in film.demux(stream) if packet.size), None)
    if first is None or first.pts is None:
        raise BrokenImageError("the film has no packet that can be read")
    # The index of Matroska is read by the first seek; that of MP4 has the times of decoding.
    film.seek(first.pts, stream=stream)
    if not len(stream.index_entries):
        raise LimitError(NO_INDEX)
    unit, deltas = _deltas(stream)
    table = KeyTable(
        codecs=codecs,
        base=(base.numerator, base.denominator),
        first=first.pts,
        first_decoded=first.dts if container in TELLS_DECODING else None,
        reorder_depth=context.reorder_depth,
        start=round(Fraction(film.start_time or 0, av.time_base) / base),
        bit_rate=max(0, context.bit_rate or 0),
        file_size=film.size,
        unit=unit,
        deltas=deltas,
    )
    return KeyIndex(table, lambda time: _search(stream, time))


def keys_of(table: KeyTable) -> NextKey:
    """Return the key frames of a table."""
    times = [delta * table.unit for delta in accumulate(table.deltas)]

    def next_key(time: int) -> int | None:
        at = bisect_left(times, time)
        return times[at] if at < len(times) else None

    return next_key


def pictures_of(film: InputContainer, config: FilmConfig) -> VideoStream:
    """Return the pictures of a film that is open. Raises UnsupportedFormatError where there are none."""
    stream = choose_video(film, config)
    if stream is None:
        raise UnsupportedFormatError("the original has no moving pictures")
    return stream


def _deltas(stream: VideoStream) -> tuple[int, tuple[int, ...]]:
    """Return the times of the key frames as differences in a unit; none where there are too many."""
    times = [0]
    time = _EARLIEST
    while (found := _search(stream, time)) is not None and found >= time:
        times.append(found)
        time = found + 1
        if len(times) > _MAX_KEYS:
            return 1, ()
    deltas = [after - before for before, after in pairwise(times)]
    unit = gcd(*deltas) or 1
    return unit, tuple(delta // unit for delta in deltas)


def _search(stream: VideoStream, time: int) -> int | None:
    at = stream.index_entries.search_timestamp(time, backward=False)
    return stream.index_entries[at].timestamp if at >= 0 else None
