"""TIFF files of any samples: formats, depths, extra channels, planes. TIFF 6.0, sections 2 and 7–12."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

UNSIGNED, SIGNED, FLOAT = 1, 2, 3
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, CMYK, LAB = 0, 1, 2, 3, 5, 8
UNSPECIFIED, ASSOCIATED, UNASSOCIATED = 0, 1, 2

_LAYOUTS = {
    (UNSIGNED, 8): "B", (UNSIGNED, 16): "H", (UNSIGNED, 32): "I", (UNSIGNED, 64): "Q",
    (SIGNED, 8): "b", (SIGNED, 16): "h", (SIGNED, 32): "i",
    (FLOAT, 16): "e", (FLOAT, 32): "f", (FLOAT, 64): "d",
}  # fmt: skip

Rows = Sequence[Sequence[Sequence[float]]]
"""Pixels, each one a sequence of samples."""


def tiff(
    rows: Rows,
    photometric: int,
    bits: int = 8,
    sample_format: int = UNSIGNED,
    *,
    extra: Sequence[int] = (),
    planar: bool = False,
    order: str = "<",
    deflated: bool = False,
    tags: Sequence[tuple[int, int, Sequence[int]]] = (),
) -> bytes:
    """Return a file of one strip, or of one for each channel where ``planar``; ``tags``: tag, type and values."""
    height, width, samples = len(rows), len(rows[0]), len(rows[0][0])
    if planar:
        strips = [
            _packed([[(pixel[band],) for pixel in row] for row in rows], bits, sample_format, order)
            for band in range(samples)
        ]
    else:
        strips = [_packed(rows, bits, sample_format, order)]
    if deflated:
        strips = [zlib.compress(strip) for strip in strips]
    offsets = [8 + sum(map(len, strips[:index])) for index in range(len(strips))]
    entries = [
        (256, 4, [width]), (257, 4, [height]), (258, 3, [bits] * samples),
        (259, 3, [8 if deflated else 1]), (262, 3, [photometric]),
        (273, 4, offsets), (277, 3, [samples]), (278, 4, [height]), (279, 4, [len(strip) for strip in strips]),
        (284, 3, [2 if planar else 1]), (339, 3, [sample_format] * samples), *tags,
    ]  # fmt: skip
    if extra:
        entries.append((338, 3, list(extra)))
    return _file(b"".join(strips), sorted(entries), order)


def tiled(rows: Rows, side: int) -> bytes:
    """Return a file of RGB in deflated tiles of ``side`` pixels, with its directory in front of them.

    Sides of the picture are multiples of ``side``, and there is more than one tile.
    """
    height, width = len(rows), len(rows[0])
    tiles = [
        zlib.compress(_packed([row[left : left + side] for row in rows[top : top + side]], 8, UNSIGNED, "<"))
        for top in range(0, height, side)
        for left in range(0, width, side)
    ]
    entries = [
        (256, 4, [width]), (257, 4, [height]), (258, 3, [8] * 3), (259, 3, [8]), (262, 3, [RGB]), (277, 3, [3]),
        (322, 4, [side]), (323, 4, [side]), (324, 4, [0] * len(tiles)), (325, 4, [len(tile) for tile in tiles]),
    ]  # fmt: skip
    start = len(_file(b"", entries, "<"))
    entries[-2] = (324, 4, [start + sum(map(len, tiles[:index])) for index in range(len(tiles))])
    return b"".join((_file(b"", entries, "<"), *tiles))


def _file(data: bytes, entries: Sequence[tuple[int, int, Sequence[int]]], order: str) -> bytes:
    data += bytes(len(data) % 2)
    start = 8 + len(data)
    values_at = start + 2 + 12 * len(entries) + 4
    directory, values = struct.pack(f"{order}H", len(entries)), b""
    for tag, kind, numbers in entries:
        body = struct.pack(f"{order}{len(numbers)}{'H' if kind == 3 else 'I'}", *numbers)
        place = body.ljust(4, b"\0") if len(body) <= 4 else struct.pack(f"{order}I", values_at + len(values))
        directory += struct.pack(f"{order}HHI", tag, kind, len(numbers)) + place
        values += body if len(body) > 4 else b""
    head = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, start)
    return head + data + directory + bytes(4) + values


def _packed(rows: Rows, bits: int, sample_format: int, order: str) -> bytes:
    layout = _LAYOUTS.get((sample_format, bits))
    lines = []
    for row in rows:
        samples = [sample for pixel in row for sample in pixel]
        if layout:
            lines.append(struct.pack(f"{order}{len(samples)}{layout}", *samples))
            continue
        value = 0
        for sample in samples:
            value = value << bits | int(sample)
        pad = -len(samples) * bits % 8
        lines.append((value << pad).to_bytes((len(samples) * bits + pad) // 8, "big"))
    return b"".join(lines)
