"""BMP in run lengths and ICO of many or of nested images. Row H11."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

from tests.hostile.files.containers import ico_of, png_with
from tests.hostile.files.frames import apng
from tests.hostile.files.solids import png_rgba
from tests.hostile.records import Hostile


def _bmp(width: int, height: int, bits: int, compression: int, data: bytes, colors: int = 256) -> bytes:
    head = 14 + 40 + 4 * colors
    return (
        b"BM" + struct.pack("<IHHI", head + len(data), 0, 0, head)
        + struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, compression, len(data), 0, 0, colors, 0)
        + bytes(4 * colors) + data
    )  # fmt: skip


def rle8(side: int) -> bytes:
    row = b"\xff\x01" * (side // 255) + bytes([side % 255 or 1, 1]) + b"\0\0"
    return _bmp(side, side, 8, 1, row * side + b"\0\1")


def rle8_short(side: int) -> bytes:
    """Runs of one pixel, as many as a megabyte has; the rest is missing."""
    return _bmp(side, side, 8, 1, b"\x01\x01" * 500_000 + b"\0\1")


def rle8_ends(side: int) -> bytes:
    """Nothing but ends of lines."""
    return _bmp(side, side, 8, 1, b"\0\0" * side + b"\0\1")


def rle8_deltas(side: int) -> bytes:
    return _bmp(side, side, 8, 1, b"\0\2\1\0" * 250_000 + b"\0\1")


def rle4(side: int) -> bytes:
    row = b"\xff\x11" * (side // 255) + bytes([side % 255 or 1, 0x11]) + b"\0\0"
    return _bmp(side, side, 4, 2, row * side + b"\0\1", 16)


def rle8_end_at_once(side: int) -> bytes:
    return _bmp(side, side, 8, 1, b"\0\1")


def ico_entries(count: int) -> bytes:
    """Entries that all name the same image."""
    image = png_with(side=16)
    at = 6 + 16 * count
    entry = struct.pack("<BBBBHHII", 16, 16, 0, 0, 1, 32, len(image), at)
    return struct.pack("<HHH", 0, 1, count) + entry * count + image


def ico_large_png(side: int) -> bytes:
    """A PNG of many megapixels, said to be of 16 pixels."""
    return ico_of(png_rgba(side), sides=(16,))


def ico_large_dib(side: int) -> bytes:
    head = struct.pack("<IiiHHIIiiII", 40, side, 2 * side, 1, 32, 0, 0, 0, 0, 0, 0)
    return ico_of(head + bytes(1000))


def ico_animation(count: int) -> bytes:
    return ico_of(apng(count))


def ico_nested(depth: int) -> bytes:
    """An ICO in an ICO in an ICO."""
    body = png_with()
    for _ in range(depth):
        body = ico_of(body)
    return body


def ico_different(count: int) -> bytes:
    """All images are PNG of their own."""
    return ico_of(*[png_with(side=n % 100 + 1) for n in range(count)], sides=tuple(n % 255 + 1 for n in range(count)))


_FILES: dict[str, tuple[str, Callable[[int], bytes], int]] = {
    "bmp-rle8-49": ("bmp", rle8, 7000),
    "bmp-rle8-short-49": ("bmp", rle8_short, 7000),
    "bmp-rle8-ends-49": ("bmp", rle8_ends, 7000),
    "bmp-rle8-deltas-49": ("bmp", rle8_deltas, 7000),
    "bmp-rle4-49": ("bmp", rle4, 7000),
    "bmp-rle8-end-at-once-49": ("bmp", rle8_end_at_once, 7000),
    "ico-entries": ("ico", ico_entries, 60_000),
    "ico-large-png": ("ico", ico_large_png, 7000),
    "ico-large-dib": ("ico", ico_large_dib, 20_000),
    "ico-animation": ("ico", ico_animation, 15_000),
    "ico-nested": ("ico", ico_nested, 1000),
    "ico-different": ("ico", ico_different, 5000),
}


def records() -> Iterator[Hostile]:
    for name, (extension, build, size) in _FILES.items():
        legal = name.endswith("-49") or name == "ico-large-png"
        yield Hostile(f"bitmap-{name}", "H11", extension, build, size, legal=legal)
