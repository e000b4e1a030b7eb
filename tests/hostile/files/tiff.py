"""TIFF with many pages, strips, tiles, channels and tags, and compressions that blow up. Rows C18 and C1."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator, Sequence

from tests.hostile.files.containers import zeros
from tests.hostile.records import Hostile

_SHORT, _LONG = 3, 4
_NONE, _LZW, _DEFLATE, _PACKBITS, _G4 = 1, 5, 8, 32773, 4


def _tiff(
    tags: Sequence[tuple[int, int, Sequence[int]]], data: bytes = b"", pages: int = 1, following: int | None = None
) -> bytes:
    """A file of ``data`` at 8, and ``pages`` directories that share it and their values.

    ``following``: where the last directory says that another one is.
    """
    data += bytes(len(data) % 2)
    values = b""
    values_at = 8 + len(data)
    packed = []
    for tag, kind, numbers in sorted(tags):
        body = struct.pack(f"<{len(numbers)}{'H' if kind == _SHORT else 'I'}", *numbers)
        if len(body) > 4:
            place = struct.pack("<I", values_at + len(values))
            values += body + bytes(len(body) % 2)
        else:
            place = body.ljust(4, b"\0")
        packed.append(struct.pack("<HHI", tag, kind, len(numbers)) + place)
    directory = struct.pack("<H", len(packed)) + b"".join(packed)
    start, length = values_at + len(values), len(directory) + 4
    chain = b"".join(
        directory
        + struct.pack("<I", start + (n + 1) * length if n + 1 < pages else (following if following is not None else 0))
        for n in range(pages)
    )
    return struct.pack("<2sHI", b"II", 42, start) + data + values + chain


def _tags(width: int, height: int, *, compression: int = _NONE, bits: int = 8, samples: int = 1,
          **more: Sequence[int]) -> list[tuple[int, int, Sequence[int]]]:  # fmt: skip
    photometric = 2 if samples >= 3 else 1
    return [
        (256, _LONG, [width]), (257, _LONG, [height]), (258, _SHORT, [bits] * samples), (259, _SHORT, [compression]),
        (262, _SHORT, [photometric]), (277, _SHORT, [samples]),
        *((int(tag), _LONG, list(values)) for tag, values in more.items()),
    ]  # fmt: skip


def pages(count: int) -> bytes:
    return _tiff(_tags(1, 1, **{"273": [8], "278": [1], "279": [1]}), b"\0\0", count)


def page_loop(count: int) -> bytes:
    return _tiff(_tags(1, 1, **{"273": [8], "278": [1], "279": [1]}), b"\0\0", count, 10)


def strips(count: int) -> bytes:
    """A row a strip, all in one place."""
    row = zlib.compress(bytes(500))
    return _tiff(_tags(500, count, compression=_DEFLATE, **{"273": [8] * count, "278": [1],
                 "279": [len(row)] * count}), row)  # fmt: skip


def tiles(count: int) -> bytes:
    """Tiles of 16 pixels a side, all in one place; ``count`` of them along a side."""
    tile = zlib.compress(bytes(256))
    number = count * count
    return _tiff(_tags(16 * count, 16 * count, compression=_DEFLATE, **{"322": [16], "323": [16],
                 "324": [8] * number, "325": [len(tile)] * number}), tile)  # fmt: skip


def large_tiles(side: int) -> bytes:
    """A picture of one pixel in one tile of ``side`` squared."""
    tile = zeros(side * side * 3)
    return _tiff(_tags(1, 1, compression=_DEFLATE, samples=3, **{"322": [side], "323": [side], "324": [8],
                 "325": [len(tile)]}), tile)  # fmt: skip


def channels(count: int) -> bytes:
    data = zeros(100 * 100 * count)
    return _tiff([*_tags(100, 100, compression=_DEFLATE, samples=count, **{"273": [8], "278": [100],
                 "279": [len(data)]}), (338, _SHORT, [0] * (count - 3))], data)  # fmt: skip


def planes(count: int) -> bytes:
    """Each channel in strips of its own."""
    row = zlib.compress(bytes(1000))
    height = 200
    number = count * height
    return _tiff([*_tags(1000, height, compression=_DEFLATE, samples=count, **{"273": [8] * number, "278": [1],
                 "279": [len(row)] * number}), (284, _SHORT, [2]), (338, _SHORT, [0] * (count - 3))], row)  # fmt: skip


def deflate(side: int) -> bytes:
    data = zeros(side * side * 3)
    return _tiff(_tags(side, side, compression=_DEFLATE, samples=3, **{"273": [8], "278": [side],
                 "279": [len(data)]}), data)  # fmt: skip


def deflate_sixteen(side: int) -> bytes:
    data = zeros(side * side * 8)
    return _tiff([*_tags(side, side, compression=_DEFLATE, samples=4, bits=16, **{"273": [8], "278": [side],
                 "279": [len(data)]}), (338, _SHORT, [2])], data)  # fmt: skip


def doubles(side: int) -> bytes:
    """64-bit floats."""
    data = zeros(side * side * 24)
    return _tiff([*_tags(side, side, compression=_DEFLATE, samples=3, bits=64, **{"273": [8], "278": [side],
                 "279": [len(data)]}), (339, _SHORT, [3] * 3)], data)  # fmt: skip


def packbits(side: int) -> bytes:
    """Strips of 16 rows that share one run of bytes."""
    rows = 16
    data = b"\x81\x00" * (side * rows // 128 + 1)
    number = side // rows
    return _tiff(_tags(side, number * rows, compression=_PACKBITS, **{"273": [8] * number, "278": [rows],
                 "279": [len(data)] * number}), data)  # fmt: skip


def fax(side: int) -> bytes:
    """Group 4: a bit a white row."""
    data = b"\xff" * (side // 8 + 1)
    return _tiff(_tags(side, side, compression=_G4, bits=1, **{"273": [8], "278": [side],
                 "279": [len(data)]}), data)  # fmt: skip


def fax_strips(count: int) -> bytes:
    """The same a row a strip."""
    return _tiff(_tags(7000, count, compression=_G4, bits=1, **{"273": [8] * count, "278": [1],
                 "279": [1] * count}), b"\xff\xff")  # fmt: skip


def many_tags(count: int) -> bytes:
    tags = _tags(1, 1, **{"273": [8], "278": [1], "279": [1]})
    return _tiff([*tags, *((40_000 + n, _SHORT, [1]) for n in range(min(count, 25_000)))], b"\0\0")


def repeated_tags(count: int) -> bytes:
    tags = _tags(1, 1, **{"273": [8], "278": [1], "279": [1]})
    return _tiff([*tags, *[(700, _LONG, [1])] * count], b"\0\0")


def sub_directories(count: int) -> bytes:
    """All of them are the first directory."""
    data = b"\0\0"
    tags = [*_tags(1, 1, **{"273": [8], "278": [1], "279": [1]}), (330, _LONG, [0x7FFFFFF0] * count)]
    body = _tiff(tags, data)
    start = struct.unpack_from("<I", body, 4)[0]
    return body.replace(struct.pack("<I", 0x7FFFFFF0), struct.pack("<I", start))


def large_values(count: int) -> bytes:
    """Tags whose values are the whole file."""
    body = bytes(400_000)
    tags = _tags(1, 1, **{"273": [8], "278": [1], "279": [1]})
    file = bytearray(_tiff([*tags, *((50_000 + n, _LONG, [0]) for n in range(count))], body))
    start = struct.unpack_from("<I", file, 4)[0]
    for at in range(start + 2, len(file) - 4, 12):
        if struct.unpack_from("<H", file, at)[0] >= 50_000:
            struct.pack_into("<HII", file, at + 2, 7, 400_000, 8)
    return bytes(file)


_FILES: dict[str, tuple[Callable[[int], bytes], int]] = {
    "pages": (pages, 7000),
    "page-loop": (page_loop, 100),
    "strips": (strips, 65_000),
    "strips-many": (strips, 100_000),
    "tiles": (tiles, 300),
    "tiles-large": (large_tiles, 16_000),
    "channels": (channels, 1000),
    "planes": (planes, 500),
    "deflate-49": (deflate, 7000),
    "deflate-16-bit-49": (deflate_sixteen, 7000),
    "doubles-49": (doubles, 7000),
    "packbits-49": (packbits, 7000),
    "fax-49": (fax, 7000),
    "fax-strips-49": (fax_strips, 7000),
    "many-tags": (many_tags, 25_000),
    "repeated-tags": (repeated_tags, 60_000),
    "sub-directories": (sub_directories, 60_000),
    "large-values": (large_values, 5000),
}


def records() -> Iterator[Hostile]:
    for name, (build, size) in _FILES.items():
        yield Hostile(f"tiff-{name}", "C18", "tif", build, size, legal=name.endswith("-49"))
