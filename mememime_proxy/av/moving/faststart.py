"""An MP4 whose index is in front of its samples, so that players begin before they have all of it.

FFmpeg's own option reads the file again by its name, and here is none. ISO/IEC 14496-12, 4.2 and 8.7.5.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from mememime_proxy.errors import LimitError

_PARENTS: Final = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl"})
_LARGEST: Final = (1 << 32) - 1


def faststart(mp4: bytes) -> bytes:
    """Return the file with ``moov`` in front of ``mdat``. Raises LimitError past 4 GiB."""
    top = list(_boxes(mp4, 0, len(mp4)))
    index = next((box for box in top if box[0] == b"moov"), None)
    samples = next((box for box in top if box[0] == b"mdat"), None)
    if index is None or samples is None or index[1] < samples[1]:
        return mp4
    moov = bytearray(mp4[index[1] : index[2]])
    _move(moov, 0, len(moov), len(moov))
    others = [mp4[start:end] for _, start, end in top if samples[1] <= start and start != index[1]]
    return b"".join((mp4[: samples[1]], moov, *others))


def _boxes(data: bytes | bytearray, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    while at + 8 <= end:
        length, kind = struct.unpack_from(">I4s", data, at)
        if length == 1:
            (length,) = struct.unpack_from(">Q", data, at + 8)
        stop = end if length == 0 else at + length
        if stop <= at:
            return
        yield kind, at, stop
        at = stop


def _move(moov: bytearray, at: int, end: int, distance: int) -> None:
    """Add to all offsets of chunks."""
    for kind, start, stop in _boxes(moov, at, end):
        if kind in _PARENTS:
            _move(moov, start + 8, stop, distance)
        elif kind in (b"stco", b"co64"):
            (count,) = struct.unpack_from(">I", moov, start + 12)
            form = f">{count}{'I' if kind == b'stco' else 'Q'}"
            offsets = [offset + distance for offset in struct.unpack_from(form, moov, start + 16)]
            if kind == b"stco" and max(offsets, default=0) > _LARGEST:
                raise LimitError("the result is larger than 4 GiB")
            struct.pack_into(form, moov, start + 16, *offsets)
