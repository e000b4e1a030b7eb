"""TIFF: the first directory written again, for samples that libvips cannot read or reads wrongly.

The new directory is appended to the file, whose data stays where it is. TIFF 6.0, section 2; BigTIFF.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Final

from mememime_proxy.errors import BrokenImageError
from mememime_proxy.imaging.gate.header import Buffer

WIDTH, BITS, COMPRESSION, PHOTOMETRIC, SAMPLES, PLANAR, PREDICTOR = 256, 258, 259, 262, 277, 284, 317
TILE_WIDTH, EXTRA_SAMPLES, SAMPLE_FORMAT = 322, 338, 339
_LAYOUTS: Final = {1: "B", 3: "H", 4: "I", 16: "Q"}
_MAX_ENTRIES = 1024
_SHORT, _LONG = 3, 4


class Directory:
    """The first directory of a TIFF that passed the gate. Raises BrokenImageError where it ends too soon."""

    def __init__(self, data: Buffer) -> None:
        self._data = data
        self._order = "<" if bytes(data[:2]) == b"II" else ">"
        self._big = data[2] == 43 or data[3] == 43
        self._word = "Q" if self._big else "I"
        self._entries: dict[int, tuple[int, int, bytes]] = {}
        try:
            self._read()
        except struct.error as error:
            raise BrokenImageError("TIFF that ends in its directory") from error

    @property
    def big_endian(self) -> bool:
        """Whether the file's numbers have their high byte first."""
        return self._order == ">"

    def value(self, tag: int, default: int) -> int:
        """Return the first value of a tag whose values are whole numbers, ``default`` where there is none."""
        kind, count, place = self._entries.get(tag, (0, 0, b""))
        layout = _LAYOUTS.get(kind)
        if layout is None or not count:
            return default
        if struct.calcsize(layout) * count > len(place):
            (at,) = struct.unpack(f"{self._order}{self._word}", place)
            place = bytes(self._data[at : at + struct.calcsize(layout)])
        try:
            number: int = struct.unpack_from(f"{self._order}{layout}", place)[0]
        except struct.error as error:
            raise BrokenImageError("TIFF that ends in its directory") from error
        return number

    def rewritten(self, changes: Mapping[int, Sequence[int]], left_out: frozenset[int] = frozenset()) -> bytes:
        """Return the file with other numbers for some tags of its first directory, and without others."""
        start = len(self._data) + len(self._data) % 2
        entries = {tag: entry for tag, entry in self._entries.items() if tag not in left_out}
        order, word = self._order, self._word
        number = f"{order}{'Q' if self._big else 'H'}"
        line = f"{order}HH{word}"
        tags = sorted({*entries, *changes})
        values_at = start + struct.calcsize(number) + len(tags) * self._line_length + struct.calcsize(word)
        directory, values = struct.pack(number, len(tags)), b""
        for tag in tags:
            kind, count, place = entries.get(tag, (0, 0, b""))
            if tag in changes:
                kind, count = (_LONG if max(changes[tag]) > 0xFFFF else _SHORT), len(changes[tag])
                body = struct.pack(f"{order}{count}{_LAYOUTS[kind]}", *changes[tag])
                place = body.ljust(struct.calcsize(word), b"\0")
                if len(place) > struct.calcsize(word):
                    place = struct.pack(f"{order}{word}", values_at + len(values))
                    values += body
            directory += struct.pack(line, tag, kind, count) + place
        directory += bytes(struct.calcsize(word))  # the last directory
        head_length = 16 if self._big else 8
        head = bytes(self._data[: head_length - struct.calcsize(word)]) + struct.pack(f"{order}{word}", start)
        padding = bytes(start - len(self._data))
        return b"".join((head, memoryview(self._data)[head_length:], padding, directory, values))

    @property
    def _line_length(self) -> int:
        return 4 + 2 * struct.calcsize(self._word)

    def _read(self) -> None:
        order, word = self._order, self._word
        number = f"{order}{'Q' if self._big else 'H'}"
        (offset,) = struct.unpack_from(f"{order}{word}", self._data, 8 if self._big else 4)
        (count,) = struct.unpack_from(number, self._data, offset)
        at = offset + struct.calcsize(number)
        for _ in range(min(count, _MAX_ENTRIES)):
            tag, kind, values = struct.unpack_from(f"{order}HH{word}", self._data, at)
            place_at = at + 4 + struct.calcsize(word)
            place = bytes(self._data[place_at : at + self._line_length])
            self._entries.setdefault(tag, (kind, values, place))
            at += self._line_length
