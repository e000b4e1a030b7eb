"""JPEG with many scans, tables and markers, and sizes that its data does not have. Rows C3 and C1."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from functools import cache, partial

from tests.hostile.files.containers import jpeg_segment, jpeg_with, saved
from tests.hostile.records import Hostile

_SOF2, _SOF0, _SOF9, _SOS, _DHT, _DQT, _DRI = 0xC2, 0xC0, 0xC9, 0xDA, 0xC4, 0xDB, 0xDD


@cache
def _tables() -> bytes:
    """The quantisation and Huffman tables that Pillow writes, as segments."""
    data = saved("JPEG")
    found, at = b"", 2
    while data[at + 1] != _SOS:
        length = struct.unpack_from(">H", data, at + 2)[0]
        if data[at + 1] in {_DQT, _DHT}:
            found += data[at : at + 2 + length]
        at += 2 + length
    return found


def _frame(marker: int, width: int, height: int, components: int = 1, sampling: int = 0x11) -> bytes:
    parts = b"".join(struct.pack(">BBB", n + 1, sampling if n == 0 else 0x11, 0) for n in range(components))
    return jpeg_segment(marker, struct.pack(">BHHB", 8, height, width, components) + parts)


def _scan(component: int = 1, first: int = 1, last: int = 63, approximation: int = 0, data: bytes = b"") -> bytes:
    return jpeg_segment(_SOS, struct.pack(">BBBBBB", 1, component, 0, first, last, approximation)) + data


def scans(count: int, width: int = 7071, height: int = 7071, data: bytes = b"") -> bytes:
    """A progressive picture of one component: scans of AC coefficients without data, over and over the same band."""
    first = jpeg_segment(_SOS, struct.pack(">BBBBBB", 1, 1, 0, 0, 0, 0))
    body = _scan(data=data) * count
    return b"\xff\xd8" + _tables() + _frame(_SOF2, width, height) + first + body + b"\xff\xd9"


def scans_with_data(count: int) -> bytes:
    """Each scan ends its bands at once, with runs of 32,767 blocks."""
    return scans(count, 3000, 3000, b"\x7f\xff" * 20)


def scans_of_components(count: int) -> bytes:
    """Baseline, one scan for each component, again and again."""
    body = b"".join(
        jpeg_segment(_SOS, struct.pack(">BBBBBB", 1, n % 3 + 1, 0, 0, 63, 0)) + b"\0" * 4 for n in range(count)
    )
    return b"\xff\xd8" + _tables() + _frame(_SOF0, 4000, 4000, 3) + body + b"\xff\xd9"


def scans_between_tables(count: int) -> bytes:
    """A set of Huffman tables before each scan."""
    table = jpeg_segment(_DHT, b"\x10" + bytes([1, *[0] * 15, 0]))
    body = (table + _scan()) * count
    head = b"\xff\xd8" + _tables() + _frame(_SOF2, 5000, 5000)
    return head + jpeg_segment(_SOS, struct.pack(">BBBBBB", 1, 1, 0, 0, 0, 0)) + body + b"\xff\xd9"


def scans_small(count: int) -> bytes:
    """The same of a picture of 64 pixels: nothing but the number of scans."""
    return scans(count, 64, 64)


def arithmetic(side: int) -> bytes:
    """Arithmetic coding without data: each bit is decoded from zeros."""
    scan = jpeg_segment(_SOS, struct.pack(">BBBBBBBBBB", 3, 1, 0, 2, 0, 3, 0, 0, 63, 0))
    return b"\xff\xd8" + _tables() + _frame(_SOF9, side, side, 3, 0x22) + scan + bytes(100) + b"\xff\xd9"


def tables(count: int) -> bytes:
    return jpeg_with(*[jpeg_segment(_DQT, b"\0" + bytes([1] * 64))] * count)


def huffman_tables(count: int) -> bytes:
    return jpeg_with(*[jpeg_segment(_DHT, b"\x11" + bytes([0, 1, 5, *[0] * 13]) + bytes(6))] * count)


def restarts(count: int) -> bytes:
    """An interval of one, and restart markers in place of data."""
    scan = jpeg_segment(_SOS, struct.pack(">BBBBBB", 1, 1, 0, 0, 63, 0))
    marks = b"".join(bytes([0xFF, 0xD0 + n % 8]) for n in range(count))
    head = b"\xff\xd8" + _tables() + jpeg_segment(_DRI, struct.pack(">H", 1))
    return head + _frame(_SOF0, 7000, 7000) + scan + marks + b"\xff\xd9"


def fill_bytes(count: int) -> bytes:
    data = saved("JPEG")
    return data[:2] + b"\xff" * count + data[2:]


def garbage_between(count: int) -> bytes:
    """Bytes between segments that belong to none, with zeros behind each 0xFF."""
    data = saved("JPEG")
    return data[:2] + b"\xff\x00\x01" * (count // 3) + data[2:]


def empty_huge(side: int) -> bytes:
    """Sizes as the limit permits, and no data at all: the decoder fills up."""
    scan = jpeg_segment(_SOS, struct.pack(">BBBBBBBBBB", 3, 1, 0, 2, 0x11, 3, 0x11, 0, 63, 0))
    return b"\xff\xd8" + _tables() + _frame(_SOF0, side, side, 3, 0x22) + scan + b"\xff\xd9"


def progressive_huge(side: int) -> bytes:
    """Coefficients of the whole picture in memory, from a few bytes."""
    scan = jpeg_segment(_SOS, struct.pack(">BBBBBBBBBB", 3, 1, 0, 2, 0x10, 3, 0x10, 0, 0, 0))
    return b"\xff\xd8" + _tables() + _frame(_SOF2, side, side, 3, 0x11) + scan + b"\xff\xd9"


def multi_picture(count: int) -> bytes:
    """Many pictures one behind another, as in a multi-picture file."""
    return jpeg_with(jpeg_segment(0xE2, b"MPF\0II*\0\x08\0\0\0" + bytes(100))) + saved("JPEG") * count


_FILES: dict[str, tuple[str, Callable[[int], bytes], int]] = {
    "scans-hundred": ("C3", scans, 100),
    "scans-thousand": ("C3", scans, 1000),
    "scans-many": ("C3", scans, 90_000),
    "scans-small": ("C3", scans_small, 90_000),
    "scans-with-data": ("C3", scans_with_data, 95),
    "scans-of-components": ("C3", scans_of_components, 60_000),
    "scans-between-tables": ("C3", scans_between_tables, 28_000),
    "arithmetic": ("C1", arithmetic, 7000),
    "tables": ("C3", tables, 14_000),
    "huffman-tables": ("C3", huffman_tables, 35_000),
    "restarts": ("C3", restarts, 490_000),
    "fill-bytes": ("C3", fill_bytes, 990_000),
    "garbage-between": ("C3", garbage_between, 990_000),
    "empty-huge": ("C1", empty_huge, 7000),
    "progressive-huge": ("C5", progressive_huge, 7000),
    "multi-picture": ("C3", multi_picture, 300),
}


def records() -> Iterator[Hostile]:
    for name, (row, build, size) in _FILES.items():
        yield Hostile(f"jpeg-{name}", row, "jpg", build, size)
    yield Hostile("jpeg-scans-hundred-original-size", "C3", "jpg", partial(scans, width=7000, height=7000), 100,
                  options="rs:fit:2000:2000")  # fmt: skip
