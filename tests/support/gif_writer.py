"""GIF files to the byte: screens, frames and their disposal as a test needs them. GIF89a specification."""

from __future__ import annotations

import struct
from collections.abc import Sequence

Color = tuple[int, int, int]


def color_table(colors: Sequence[Color]) -> tuple[int, bytes]:
    """The table's size field, and its bytes; filled up with black to a power of two."""
    bits = max(1, (len(colors) - 1).bit_length())
    table = b"".join(bytes(color) for color in colors)
    return bits - 1, table.ljust(3 << bits, b"\0")


def screen(width: int, height: int, colors: Sequence[Color] = (), background: int = 0, loop: int | None = 0) -> bytes:
    """Header, screen, global colours and the number of loops."""
    size, table = color_table(colors) if colors else (0, b"")
    head = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80 * bool(colors) | size, background, 0) + table
    return head if loop is None else head + b"!\xff\x0bNETSCAPE2.0\x03\x01" + struct.pack("<H", loop) + b"\0"


def control(disposal: int = 0, transparent: int | None = None, delay: int = 10) -> bytes:
    """A graphic control extension; the delay is in hundredths of a second."""
    flags = disposal << 2 | (transparent is not None)
    return b"!\xf9\x04" + struct.pack("<BHB", flags, delay, transparent or 0) + b"\0"


def frame(
    width: int,
    height: int,
    rows: Sequence[Sequence[int]] | int,
    *,
    left: int = 0,
    top: int = 0,
    colors: Sequence[Color] = (),
    interlaced: bool = False,
    bits: int = 8,
) -> bytes:
    """An image of palette indices, or of one index; ``bits`` is LZW's minimum code size."""
    size, table = color_table(colors) if colors else (0, b"")
    flags = 0x80 * bool(colors) | 0x40 * interlaced | size
    lines = [[rows] * width] * height if isinstance(rows, int) else list(rows)
    if interlaced:
        order = [*range(0, height, 8), *range(4, height, 8), *range(2, height, 4), *range(1, height, 2)]
        lines = [lines[y] for y in order]
    pixels = bytes(int(index) for line in lines for index in line)
    return b"," + struct.pack("<HHHHB", left, top, width, height, flags) + table + _packed(pixels, bits)


def _packed(pixels: bytes, bits: int) -> bytes:
    """Image data: a clear code before the code size would grow, so that every code has the same number of bits."""
    clear, width = 1 << bits, bits + 1
    run = max(1, clear - 2)
    value = count = 0
    for at in range(0, len(pixels), run):
        for code in (clear, *pixels[at : at + run]):
            value |= code << count
            count += width
    value |= clear + 1 << count
    count += width
    data = value.to_bytes((count + 7) // 8, "little")
    blocks = [data[at : at + 255] for at in range(0, len(data), 255)]
    return bytes([bits]) + b"".join(bytes([len(block)]) + block for block in blocks) + b"\0"
