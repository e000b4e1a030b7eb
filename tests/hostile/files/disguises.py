"""Files that say one size where a gate may look, and have another where a decoder does. Rows C1 and C5."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from functools import partial

from tests.hostile.files.containers import jpeg_segment, picture, riff_chunk, saved
from tests.hostile.files.heif_writer import Heif, Item, coded, full_box, grid_data, ispe, pixi, solid
from tests.hostile.files.solids import png_rgba
from tests.hostile.files.tiff import _tags, _tiff
from tests.hostile.records import Hostile
from tests.support.numbered_png import PNG_SIGNATURE, chunk

_ALPHA = b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0"


def avif_small_extent(side: int) -> bytes:
    """The property says 64 pixels, the coded picture has many megapixels."""
    data, configuration = solid(side)
    return Heif([Item(b"av01", data, (1, 0x8002, 3))], [ispe(64, 64), configuration, pixi(8, 8, 8)]).build()


def avif_large_alpha(side: int) -> bytes:
    """A small picture, and an alpha plane of many megapixels that says that it is small."""
    data, configuration = coded()
    alpha, alpha_configuration = solid(side, 1)
    boxes = [ispe(64, 64), configuration, pixi(8, 8, 8), alpha_configuration, pixi(8), full_box(b"auxC", _ALPHA)]
    items = [Item(b"av01", data, (1, 0x8002, 3)), Item(b"av01", alpha, (1, 0x8004, 5, 0x8006))]
    return Heif(items, boxes, [(b"auxl", 2, [1])]).build()


def avif_large_alpha_declared(side: int) -> bytes:
    """The same, and it tells its size."""
    data, configuration = coded()
    alpha, alpha_configuration = solid(side, 1)
    boxes = [ispe(64, 64), configuration, pixi(8, 8, 8), alpha_configuration, pixi(8), full_box(b"auxC", _ALPHA),
             ispe(side, side)]  # fmt: skip
    items = [Item(b"av01", data, (1, 0x8002, 3)), Item(b"av01", alpha, (7, 0x8004, 5, 0x8006))]
    return Heif(items, boxes, [(b"auxl", 2, [1])]).build()


def avif_many_alphas(count: int) -> bytes:
    """One alpha plane of 9 megapixels, named many times."""
    data, configuration = coded()
    alpha, alpha_configuration = solid(3000, 1)
    boxes = [ispe(64, 64), configuration, pixi(8, 8, 8), alpha_configuration, pixi(8), full_box(b"auxC", _ALPHA),
             ispe(3000, 3000)]  # fmt: skip
    items = [Item(b"av01", data, (1, 0x8002, 3))]
    items += [
        Item(b"av01", alpha if n == 0 else b"", (7, 0x8004, 5, 0x8006), [(len(data), len(alpha))]) for n in range(count)
    ]
    return Heif(items, boxes, [(b"auxl", n + 2, [1]) for n in range(count)]).build()


def avif_large_thumbnail(side: int) -> bytes:
    data, configuration = coded()
    small, small_configuration = solid(side)
    boxes = [ispe(64, 64), configuration, pixi(8, 8, 8), small_configuration]
    items = [Item(b"av01", data, (1, 0x8002, 3)), Item(b"av01", small, (1, 0x8004, 3))]
    return Heif(items, boxes, [(b"thmb", 2, [1])]).build()


def avif_large_tiles(side: int) -> bytes:
    """A grid of small tiles, which are large."""
    data, configuration = solid(side)
    grid = Item(b"grid", grid_data(3, 3, 192, 192), (4, 3))
    tiles = [Item(b"av01", data if n == 0 else b"", (1, 0x8002, 3), [(len(grid.data), len(data))]) for n in range(9)]
    boxes = [ispe(64, 64), configuration, pixi(8, 8, 8), ispe(192, 192)]
    return Heif([grid, *tiles], boxes, [(b"dimg", 1, list(range(2, 11)))]).build()


def avif_sequence_small_track(side: int) -> bytes:
    """A sequence whose boxes say 64 pixels."""
    from PIL import Image

    frames = [Image.new("RGB", (side, side), (n, n, n)) for n in range(2)]
    data = saved("AVIF", frames[0], save_all=True, append_images=frames[1:], speed=10, quality=1)
    for layout in (">HH", ">II"):
        data = data.replace(struct.pack(layout, side, side), struct.pack(layout, 64, 64))
    return data.replace(struct.pack(">II", side << 16, side << 16), struct.pack(">II", 64 << 16, 64 << 16))


def webp_small_canvas(side: int) -> bytes:
    """A canvas of 64 pixels, and a picture of many megapixels."""
    from tests.hostile.files.solids import webp_lossless

    picture_chunk = webp_lossless(side)[12:]
    head = riff_chunk(b"VP8X", bytes(4) + (63).to_bytes(3, "little") * 2)
    body = b"WEBP" + head + picture_chunk
    return b"RIFF" + struct.pack("<I", len(body)) + body


def webp_two_pictures(side: int) -> bytes:
    """A small picture, and a large one behind it."""
    from tests.hostile.files.solids import webp_lossless

    small, large = saved("WEBP", picture("RGB", 64), lossless=True)[12:], webp_lossless(side)[12:]
    body = b"WEBP" + small + large
    return b"RIFF" + struct.pack("<I", len(body)) + body


def png_two_headers(side: int) -> bytes:
    large = png_rgba(side)
    small = chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 6, 0, 0, 0))
    return PNG_SIGNATURE + small + large[8:]


def jpeg_two_frames(side: int) -> bytes:
    """Two frame headers, the small one first."""
    small = jpeg_segment(0xC0, struct.pack(">BHHB", 8, 8, 8, 3) + b"\x01\x11\x00\x02\x11\x00\x03\x11\x00")
    from tests.hostile.files.solids import jpeg

    data = jpeg(side)
    at = data.index(b"\xff\xc0")
    return data[:at] + small + data[at:]


def jpeg_lines_later(side: int) -> bytes:
    """No number of lines in the frame header, but in a segment behind the first scan (DNL); ITU T.81, B.2.5."""
    from tests.hostile.files.solids import jpeg

    data = bytearray(jpeg(side))
    at = data.index(b"\xff\xc0")
    struct.pack_into(">H", data, at + 5, 0)
    return bytes(data[:-2]) + b"\xff\xdc\x00\x04" + struct.pack(">H", side) + b"\xff\xd9"


def tiff_repeated_size(side: int) -> bytes:
    """Width and height twice: small, then large."""
    data = b"\0" * 64
    tags = [(256, 4, [8]), (257, 4, [8]), *_tags(side, side, **{"273": [8], "278": [side], "279": [64]})]
    return _tiff(tags, data)


def tiff_large_jpeg(side: int) -> bytes:
    """A strip of eight pixels whose JPEG has many megapixels."""
    from tests.hostile.files.solids import jpeg

    data = jpeg(side)
    tags = [(256, 4, [8]), (257, 4, [8]), (258, 3, [8, 8, 8]), (259, 3, [7]), (262, 3, [6]), (273, 4, [8]),
            (277, 3, [3]), (278, 4, [8]), (279, 4, [len(data)])]  # fmt: skip
    return _tiff(tags, data)


def gif_clear_codes(count: int) -> bytes:
    """Image data of nothing but clear codes."""
    data = b"\x24\x49\x92" * (count // 3)
    blocks = b"".join(bytes([len(data[at : at + 255])]) + data[at : at + 255] for at in range(0, len(data), 255))
    return b"GIF89a" + struct.pack("<HHBBB", 7000, 7000, 0x80, 0, 0) + bytes(6) + b"," + struct.pack(
        "<HHHHB", 0, 0, 7000, 7000, 0) + b"\x02" + blocks + b"\0;"  # fmt: skip


class _Bits:
    def __init__(self) -> None:
        self._value = self._count = 0
        self._out = bytearray()

    def put(self, value: int, count: int) -> None:
        self._value |= value << self._count
        self._count += count
        while self._count >= 8:
            self._out.append(self._value & 255)
            self._value >>= 8
            self._count -= 8

    def finish(self) -> bytes:
        return bytes(self._out) + bytes([self._value & 255])


def webp_code_groups(side: int) -> bytes:
    """As many groups of prefix codes as blocks of four pixels a side; RFC 9649, 3.7.2.

    Each group takes a decoder some 12 kB, and a file 20 bits.
    """
    bits = _Bits()
    bits.put(0x2F, 8)
    bits.put(side - 1, 14)
    bits.put(side - 1, 14)
    bits.put(0, 4)  # no alpha, version
    bits.put(0, 2)  # no transform, no colour cache
    bits.put(1, 1)  # several groups
    bits.put(0, 3)  # blocks of four pixels
    blocks = (side // 4) ** 2
    # The entropy picture: no colour cache; green and red have a code of 256 symbols, of eight bits each.
    bits.put(0, 1)
    for _ in range(2):
        _flat_code(bits)
    for _ in range(3):
        _simple_code(bits)
    for block in range(blocks):
        number = block % 65_536
        bits.put(_reversed(number & 255), 8)
        bits.put(_reversed(number >> 8), 8)
    for _ in range(min(blocks, 65_536)):
        for _ in range(5):
            _simple_code(bits)
    data = bits.finish()
    body = b"WEBP" + riff_chunk(b"VP8L", data)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _simple_code(bits: _Bits) -> None:
    """One symbol, 0, without a bit."""
    bits.put(1, 1)
    bits.put(0, 1)
    bits.put(0, 1)
    bits.put(0, 1)


def _flat_code(bits: _Bits) -> None:
    """The first 256 symbols have eight bits each, others none: code lengths 8 and 0, in a code of one bit each."""
    bits.put(0, 1)
    lengths = {0: 1, 8: 1}
    order = [17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]
    bits.put(12 - 4, 4)
    for symbol in order[:12]:
        bits.put(lengths.get(symbol, 0), 3)
    bits.put(1, 1)  # not all symbols are written
    bits.put(3, 3)  # their number has eight bits
    bits.put(256 - 2, 8)
    for _ in range(256):
        bits.put(1, 1)


def _reversed(value: int) -> int:
    return int(f"{value:08b}"[::-1], 2)


_FILES: dict[str, tuple[str, Callable[[int], bytes], int]] = {
    "avif-small-extent": ("avif", avif_small_extent, 7000),
    "avif-small-extent-8192": ("avif", avif_small_extent, 8192),
    "avif-large-alpha": ("avif", avif_large_alpha, 7000),
    "avif-large-alpha-declared": ("avif", avif_large_alpha_declared, 7000),
    "avif-many-alphas": ("avif", avif_many_alphas, 200),
    "avif-large-thumbnail": ("avif", avif_large_thumbnail, 7000),
    "avif-large-tiles": ("avif", avif_large_tiles, 4000),
    "avif-sequence-small-track": ("avif", avif_sequence_small_track, 4000),
    "webp-small-canvas": ("webp", webp_small_canvas, 16_000),
    "webp-two-pictures": ("webp", webp_two_pictures, 16_000),
    "webp-code-groups": ("webp", webp_code_groups, 1024),
    "png-two-headers": ("png", png_two_headers, 7000),
    "jpeg-two-frames": ("jpg", jpeg_two_frames, 7000),
    "jpeg-lines-later": ("jpg", jpeg_lines_later, 7000),
    "tiff-repeated-size": ("tif", tiff_repeated_size, 7000),
    "tiff-large-jpeg": ("tif", tiff_large_jpeg, 7000),
    "gif-clear-codes": ("gif", gif_clear_codes, 900_000),
}


def records() -> Iterator[Hostile]:
    for name, (extension, build, size) in _FILES.items():
        yield Hostile(f"disguise-{name}", "C1", extension, build, size)
    yield Hostile("disguise-avif-large-thumbnail-used", "C1", "avif", partial(avif_large_thumbnail), 7000,
                  options="rs:fit:160:160/eth:1")  # fmt: skip
