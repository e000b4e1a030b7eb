"""The tracks of an AVIF sequence: how many frames they have, where those are, how often they are shown.

ISO/IEC 14496-12, 8.6 and 8.7 (sample tables), 8.6.6 (edit lists); AV1 Image File Format 1.1, section 3.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from mememime_proxy.errors import BrokenImageError, LimitError
from mememime_proxy.imaging.gate.boxes import pictures
from mememime_proxy.imaging.gate.boxes.bmff import Box, boxes
from mememime_proxy.imaging.gate.boxes.coded import survey_av1

_SPARE_LENGTH: Final = 1 << 12
_MAX_CHUNKS: Final = 100_000
_TABLE: Final = (b"mdia", b"minf", b"stbl")


def child(data: memoryview, box: Box, kind: bytes) -> Box | None:
    """Return the first box of a kind within another one."""
    return next((inner for inner in boxes(data, *box[1:]) if inner[0] == kind), None)


def sample_table(data: memoryview, track: Box) -> Box | None:
    """Return a track's table of samples."""
    table: Box | None = track
    for kind in _TABLE:
        table = table and child(data, table, kind)
    return table


def count_frames(data: memoryview, track: Box) -> int:
    """Return the samples that a track's table of sizes lists; 0 where there is none."""
    table = sample_table(data, track)
    sizes = table and child(data, table, b"stsz")
    if sizes is None:
        return 0
    (constant, count) = struct.unpack_from(">II", data, sizes[1] + 4)
    return int(count) if constant else min(count, (sizes[2] - sizes[1] - 12) // 4)


def check_frames(data: memoryview, track: Box, limit: int, width: int, height: int) -> None:
    """Check the first ``limit`` coded frames of a track as the one of a still picture is.

    Raises LimitError where one is larger than ``width`` × ``height``, or where frames share their data.
    """
    left = 2 * len(data) + _SPARE_LENGTH
    for start, end in _samples(data, track, limit):
        sample = data[start:end]
        left -= len(sample)
        if left < 0:
            raise LimitError("AVIF with frames that share their data")
        pictures.check_coded(survey_av1(sample), width, height)


def loops(data: memoryview, track: Box) -> int:
    """Return how often a sequence is shown, 0 = for ever: once, unless its edit list repeats up to its duration."""
    edits, header = child(data, track, b"edts"), child(data, track, b"tkhd")
    edit = edits and child(data, edits, b"elst")
    if edit is None or header is None or not data[edit[1] + 3] & 1:
        return 1
    is_long = data[edit[1]] == 1
    (segment,) = struct.unpack_from(">Q" if is_long else ">I", data, edit[1] + 8)
    is_long = data[header[1]] == 1
    (duration,) = struct.unpack_from(">Q" if is_long else ">I", data, header[1] + (28 if is_long else 20))
    if duration == (1 << (64 if is_long else 32)) - 1 or not segment:
        return 0
    return min(-(-int(duration) // int(segment)), 0xFFFF)


def _samples(data: memoryview, track: Box, limit: int) -> Iterator[tuple[int, int]]:
    """Yield start and end of the first samples of a track."""
    table = sample_table(data, track)
    if table is None:
        return
    sizes, runs = child(data, table, b"stsz"), child(data, table, b"stsc")
    offsets, width = child(data, table, b"stco"), 4
    if offsets is None:
        offsets, width = child(data, table, b"co64"), 8
    if sizes is None or runs is None or offsets is None:
        raise BrokenImageError("AVIF with a track that does not tell where its frames are")
    constant, count = struct.unpack_from(">II", data, sizes[1] + 4)
    chunks = min(struct.unpack_from(">I", data, offsets[1] + 4)[0], (offsets[2] - offsets[1] - 8) // width)
    number = 0
    for chunk, in_chunk in _chunks(data, runs, min(chunks, _MAX_CHUNKS)):
        (at,) = struct.unpack_from(">Q" if width == 8 else ">I", data, offsets[1] + 8 + width * chunk)
        for _ in range(in_chunk):
            if number >= min(count, limit):
                return
            size = constant or struct.unpack_from(">I", data, sizes[1] + 12 + 4 * number)[0]
            yield at, at + size
            at += size
            number += 1


def _chunks(data: memoryview, runs: Box, count: int) -> Iterator[tuple[int, int]]:
    """Yield the number of each chunk, from 0, and the samples in it."""
    listed = min(struct.unpack_from(">I", data, runs[1] + 4)[0], (runs[2] - runs[1] - 8) // 12)
    run, in_chunk = 0, 0
    for chunk in range(count):
        while run < listed:
            first, samples = struct.unpack_from(">II", data, runs[1] + 8 + 12 * run)
            if first > chunk + 1:
                break
            in_chunk = samples
            run += 1
        yield chunk, in_chunk
