"""One MP4 with its index in front, of the header and the segments of each track of a stream (ISO/IEC 14496-12).

Nothing is decoded, and no segment is held: of each sample its size, duration, offset and kind are kept, 16 bytes.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby, pairwise
from typing import Final, NamedTuple

from mememime_proxy.formats.boxes import box, boxes

_FILE_TYPE: Final = box(b"ftyp", b"isom", struct.pack(">I", 0x200), b"isomiso2mp41")
_MEDIA_HEADER: Final = 16
"""Bytes of the header of ``mdat``, with a size of 64 bits."""
_INDEX: Final = frozenset({b"stts", b"ctts", b"stss", b"stsc", b"stsz", b"stco", b"co64", b"sgpd", b"sbgp"})
"""Boxes of a sample table that are made anew."""
_NOT_SYNC: Final = 1 << 16
_DURATION, _SIZE, _FLAGS, _OFFSET = 0x100, 0x200, 0x400, 0x800
"""Fields of a sample in ``trun``; the three first have a default in ``tfhd`` at 0x8, 0x10 and 0x20."""


class _Defaults(NamedTuple):
    """What samples of a fragment have in common."""

    duration: int
    size: int
    flags: int


class Track:
    """A track of the film, to which segments are added in their order."""

    def __init__(self, header: bytes) -> None:
        """``header``: of the stream's rendition. ValueError where it is none."""
        movie = dict(boxes(_content(header, b"moov")))
        self.movie_header = movie[b"mvhd"]
        self._track = movie[b"trak"]
        self._defaults = _Defaults(*struct.unpack_from(">3I", _content(movie[b"mvex"], b"trex"), 12))
        media = _content(self._track, b"mdia")
        self.time_scale = _time_scale(_content(media, b"mdhd"))
        self._is_video = _content(media, b"hdlr")[8:12] == b"vide"
        self._durations, self._sizes, self._offsets = array("I"), array("I"), array("I")
        self._key_frames = array("I")
        """Numbers of samples, from 1 on."""
        self._time = 0
        """When the next sample is decoded, in units of the track."""
        self._chunks: list[tuple[int, int]] = []
        """Place of each segment among the bytes of all tracks, and its number of samples."""

    def add(self, segment: bytes, place: int) -> list[bytes]:
        """Add a segment, and return the bytes of its samples. ``place``: where they will be, from the first ones on.

        ValueError where it is no segment, or does not follow the one before.
        """
        first, data, head = len(self._sizes), [], b""
        for kind, content in boxes(segment):
            if kind == b"moof":
                head = content
            elif kind == b"mdat":
                self._add_fragment(_content(head, b"traf"), len(content))
                data.append(content)
        self._chunks.append((place, len(self._sizes) - first))
        return data

    @property
    def seconds(self) -> float:
        """Duration of the samples."""
        return self._time / self.time_scale

    def _add_fragment(self, fragment: bytes, size: int) -> None:
        found, first = dict(boxes(fragment)), len(self._sizes)
        begin = found[b"tfdt"]
        time = int.from_bytes(begin[4 : 12 if begin[0] else 8])
        if time < self._time or (time > self._time and not first):
            raise ValueError(f"a fragment at {time}, expected {self._time}")
        if time > self._time:
            self._durations[-1] += time - self._time
        for duration, each, flags, offset in _samples(found[b"trun"], self._fragment_defaults(found[b"tfhd"])):
            self._durations.append(duration)
            self._sizes.append(each)
            self._offsets.append(offset)
            if not flags & _NOT_SYNC:
                self._key_frames.append(len(self._sizes))
            time += duration
        self._time = time
        if sum(self._sizes[first:]) != size:
            raise ValueError(f"samples of {sum(self._sizes[first:])} bytes in {size}")

    def _fragment_defaults(self, header: bytes) -> _Defaults:
        """Return the defaults of a fragment: those of its header, else those of the track."""
        flags = int.from_bytes(header[1:4])
        at = 8 + 8 * bool(flags & 1) + 4 * bool(flags & 2)
        values = list(self._defaults)
        for number, mark in enumerate((8, 16, 32)):
            if flags & mark:
                (values[number],) = struct.unpack_from(">I", header, at)
                at += 4
        return _Defaults(*values)

    def box(self, number: int, base: int, movie_scale: int) -> bytes:
        """Return the box of the track. ``number``: its id; ``base``: where the bytes of all tracks begin."""
        duration = round(self.seconds * movie_scale)

        def part(kind: bytes, content: bytes) -> bytes:
            match kind:
                case b"tkhd":
                    return _with_duration(content[:12] + struct.pack(">I", number) + content[16:], 20, duration)
                case b"edts":
                    return box(b"elst", struct.pack(">III", 0, 1, duration), _content(content, b"elst")[12:])
                case b"mdia":
                    return _mapped(content, media_part)
            return content

        def media_part(kind: bytes, content: bytes) -> bytes:
            match kind:
                case b"mdhd":
                    return _with_duration(content, 16, self._time)
                case b"minf":
                    return _mapped(content, lambda each, inner: self._table(inner, base) if each == b"stbl" else inner)
            return content

        return box(b"trak", _mapped(self._track, part))

    def _table(self, table: bytes, base: int) -> bytes:
        """Return the sample table: what the samples are, and where."""
        contents = [box(kind, content) for kind, content in boxes(table) if kind not in _INDEX]
        contents.append(_runs(b"stts", self._durations))
        if any(self._offsets):
            contents.append(_runs(b"ctts", self._offsets))
        if self._is_video:
            contents.append(_list(b"stss", (len(self._key_frames),), self._key_frames))
        counts = [count for _, count in self._chunks]
        changes = [number for number, (before, after) in enumerate(pairwise([-1, *counts])) if before != after]
        entries = array("I", [value for number in changes for value in (number + 1, counts[number], 1)])
        contents.append(_list(b"stsc", (len(changes),), entries))
        contents.append(_list(b"stsz", (0, len(self._sizes)), self._sizes))
        places = struct.pack(f">{len(self._chunks)}Q", *(base + place for place, _ in self._chunks))
        contents.append(box(b"co64", struct.pack(">II", 0, len(self._chunks)), places))
        return b"".join(contents)


def film_head(tracks: Sequence[Track], size: int) -> bytes:
    """Return all of the film that is in front of its samples, which are ``size`` bytes together."""
    without_places = len(_FILE_TYPE) + len(_movie(tracks, 0)) + _MEDIA_HEADER
    media = struct.pack(">I4sQ", 1, b"mdat", _MEDIA_HEADER + size)
    return _FILE_TYPE + _movie(tracks, without_places) + media


def _movie(tracks: Sequence[Track], base: int) -> bytes:
    header = tracks[0].movie_header
    scale = _time_scale(header)
    duration = max(round(track.seconds * scale) for track in tracks)
    header = _with_duration(header, 16, duration)[:-4] + struct.pack(">I", len(tracks) + 1)
    parts = [track.box(number, base, scale) for number, track in enumerate(tracks, 1)]
    return box(b"moov", box(b"mvhd", header), *parts)


def _samples(run: bytes, defaults: _Defaults) -> Iterator[tuple[int, int, int, int]]:
    """Yield duration, size, flags and composition offset of the samples of a run (``trun``)."""
    flags, count = struct.unpack_from(">II", run)
    if run[0]:
        raise ValueError("composition offsets may be negative, expected version 0")
    at, flags = 8 + 4 * bool(flags & 1), flags & 0xFFFFFF
    first_flags = struct.unpack_from(">I", run, at)[0] if flags & 4 else None
    at += 4 * bool(flags & 4)
    fields = [mark for mark in (_DURATION, _SIZE, _FLAGS, _OFFSET) if flags & mark]
    for number in range(count):
        values = dict(zip(fields, struct.unpack_from(f">{len(fields)}I", run, at), strict=True))
        at += 4 * len(fields)
        default = first_flags if first_flags is not None and not number else defaults.flags
        yield (
            values.get(_DURATION, defaults.duration),
            values.get(_SIZE, defaults.size),
            values.get(_FLAGS, default),
            values.get(_OFFSET, 0),
        )


def _mapped(data: bytes, part: Callable[[bytes, bytes], bytes]) -> bytes:
    """Return boxes whose contents are what ``part`` makes of their types and contents."""
    return b"".join(box(kind, part(kind, content)) for kind, content in boxes(data))


def _content(data: bytes, kind: bytes) -> bytes:
    """Return the content of the first box of a type. ValueError where there is none."""
    for each, content in boxes(data):
        if each == kind:
            return content
    raise ValueError(f"there is no box {kind.decode('ascii')}")


def _time_scale(header: bytes) -> int:
    """Return the time scale of ``mvhd`` or ``mdhd``."""
    scale: int = struct.unpack_from(">I", header, 20 if header[0] else 12)[0]
    return scale


def _with_duration(header: bytes, at: int, duration: int) -> bytes:
    """Return a header of version 0 in version 1, whose times have 64 bits, with a duration. ``at``: its place."""
    if header[0]:
        raise ValueError("a header of version 1, expected 0")
    times = struct.pack(">QQ", *struct.unpack_from(">II", header, 4))
    return b"\1" + header[1:4] + times + header[12:at] + struct.pack(">Q", duration) + header[at + 4 :]


def _runs(kind: bytes, values: Iterable[int]) -> bytes:
    """Return a table of runs of equal values: how many, and which."""
    entries = array("I", [number for value, run in groupby(values) for number in (sum(1 for _ in run), value)])
    return _list(kind, (len(entries) // 2,), entries)


def _list(kind: bytes, head: Sequence[int], values: array[int]) -> bytes:
    numbers = array("I", values)
    if sys.byteorder == "little":
        numbers.byteswap()
    return box(kind, struct.pack(f">{1 + len(head)}I", 0, *head), numbers.tobytes())
