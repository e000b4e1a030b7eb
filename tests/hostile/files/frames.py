"""Many frames in small files: GIF, WebP, APNG, AVIF, JPEG XL, TIFF pages. Rows C6 and H8."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from functools import cache

import imagecodecs
import numpy as np

from tests.hostile.files.containers import picture, riff_chunk, saved
from tests.hostile.records import Hostile
from tests.support.gif_writer import control, frame, screen
from tests.support.numbered_png import PNG_SIGNATURE, chunk

_COLORS = ((0, 0, 0), (255, 255, 255))


@cache
def _lossless_pixel() -> bytes:
    """The ``VP8L`` chunk of a picture of one pixel."""
    return saved("WEBP", picture("RGB", 1), lossless=True)[12:]


def _webp(canvas: int, frames: bytes) -> bytes:
    head = riff_chunk(b"VP8X", struct.pack("<I", 2) + (canvas - 1).to_bytes(3, "little") * 2)
    body = b"WEBP" + head + riff_chunk(b"ANIM", bytes(6)) + frames
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _webp_frame(side: int, data: bytes, duration: int = 100) -> bytes:
    head = bytes(6) + (side - 1).to_bytes(3, "little") * 2 + duration.to_bytes(3, "little") + b"\0"
    return riff_chunk(b"ANMF", head + data)


def webp(count: int) -> bytes:
    return _webp(16, _webp_frame(1, _lossless_pixel()) * count)


def webp_large_canvas(count: int) -> bytes:
    """Each frame a pixel of a canvas of 49 megapixels."""
    return _webp(7000, _webp_frame(1, _lossless_pixel(), 0) * count)


def webp_solid_frames(count: int) -> bytes:
    """Each frame a whole canvas of 4 megapixels, in some hundred bytes."""
    solid = saved("WEBP", picture("L", 8).resize((2000, 2000), 0).point(lambda _: 9).convert("RGB"), lossless=True)
    return _webp(2000, _webp_frame(2000, solid[12:]) * count)


def webp_unknown_between(count: int) -> bytes:
    return _webp(16, (_webp_frame(1, _lossless_pixel()) + riff_chunk(b"abcd", b"")) * count)


def webp_not_declared(count: int) -> bytes:
    """Frames in a file whose flags say that there is no animation."""
    data = bytearray(webp(count))
    data[20] = 0
    return bytes(data)


def gif(count: int) -> bytes:
    return screen(1000, 1000, _COLORS) + (control() + frame(1, 1, 1, bits=2)) * count + b";"


def gif_of_49_megapixels(count: int) -> bytes:
    return screen(7000, 7000, _COLORS) + (control(2) + frame(1, 1, 1, bits=2)) * count + b";"


def gif_without_control(count: int) -> bytes:
    """20 bytes a frame."""
    return screen(100, 100, _COLORS) + frame(1, 1, 1, bits=2) * count + b";"


def gif_local_colors(count: int) -> bytes:
    colors = [(n, n, n) for n in range(256)]
    return screen(64, 64) + frame(1, 1, 1, colors=colors) * count + b";"


def _lzw_run(pixels: int) -> bytes:
    """Image data of one colour with codes that grow: a few hundred bytes for a megapixel."""
    codes, width, following, value, count = [], 3, 6, 0, 0
    bits = 2
    clear, left, size = 1 << bits, pixels, 1

    def put(code: int) -> None:
        nonlocal value, count
        value |= code << count
        count += width

    put(clear)
    put(0)
    left -= 1
    following, size = clear + 2, 2
    first = True
    while left > 0:
        if following >= 4095:
            put(clear)
            width, following, size = bits + 1, clear + 2, 2
            put(0)
            left -= 1
            first = True
            continue
        put(following)
        codes.append(following)
        left -= size
        size += 1
        following += 1
        if following == 1 << width and width < 12:
            width += 1
        del first
        first = False
    put(clear + 1)
    data = value.to_bytes((count + 7) // 8, "little")
    blocks = [data[at : at + 255] for at in range(0, len(data), 255)]
    return bytes([bits]) + b"".join(bytes([len(block)]) + block for block in blocks) + b"\0"


def gif_solid(side: int) -> bytes:
    """One colour over the whole picture: 1,000 pixels a byte."""
    head = b"," + struct.pack("<HHHHB", 0, 0, side, side, 0)
    return screen(side, side, _COLORS) + head + _lzw_run(side * side) + b";"


def gif_solid_frames(count: int) -> bytes:
    head = b"," + struct.pack("<HHHHB", 0, 0, 1500, 1500, 0)
    return screen(1500, 1500, _COLORS) + (control() + head + _lzw_run(1500 * 1500)) * count + b";"


def gif_frame_beyond_screen(side: int) -> bytes:
    """A screen of one pixel, and a frame of many."""
    head = b"," + struct.pack("<HHHHB", 0, 0, side, side, 0)
    return screen(1, 1, _COLORS) + head + _lzw_run(side * side) + b";"


def apng(count: int) -> bytes:
    data = zlib.compress(b"\0\0")
    head = [
        chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)),
        chunk(b"acTL", struct.pack(">II", count, 0)),
        chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, 1, 1, 0, 0, 0, 0, 0, 0)),
        chunk(b"IDAT", data),
    ]
    frames = [
        chunk(b"fcTL", struct.pack(">IIIIIHHBB", 2 * n + 1, 1, 1, 0, 0, 65535, 0, 0, 0))
        + chunk(b"fdAT", struct.pack(">I", 2 * n + 2) + data)
        for n in range(count - 1)
    ]
    return PNG_SIGNATURE + b"".join([*head, *frames, chunk(b"IEND")])


def apng_many_data_chunks(count: int) -> bytes:
    """One picture in that many chunks, most of them empty."""
    data = zlib.compress(bytes(65 * 64))
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 64, 64, 8, 0, 0, 0, 0))
    return PNG_SIGNATURE + head + chunk(b"IDAT") * count + chunk(b"IDAT", data) + chunk(b"IEND")


def avif(count: int) -> bytes:
    base = picture("RGB", 16)
    others = [base.rotate(90 * (n % 4)) for n in range(count - 1)]
    return saved("AVIF", base, save_all=True, append_images=others, duration=50, speed=10)


def jxl(count: int) -> bytes:
    """Frames of 64 pixels."""
    frames = np.stack([np.asarray(picture("RGB", 64).rotate(90 * (n % 4))) for n in range(count)])
    return bytes(imagecodecs.jpegxl_encode(frames, effort=1, distance=8.0))


_FILES: dict[str, tuple[str, Callable[[int], bytes], int]] = {
    "webp": ("webp", webp, 18_000),
    "webp-more": ("webp", webp, 100_000),
    "webp-large-canvas": ("webp", webp_large_canvas, 18_000),
    "webp-solid-frames": ("webp", webp_solid_frames, 2000),
    "webp-unknown-between": ("webp", webp_unknown_between, 15_000),
    "webp-not-declared": ("webp", webp_not_declared, 18_000),
    "gif": ("gif", gif, 30_000),
    "gif-49-megapixels": ("gif", gif_of_49_megapixels, 30_000),
    "gif-without-control": ("gif", gif_without_control, 60_000),
    "gif-local-colors": ("gif", gif_local_colors, 1200),
    "gif-solid": ("gif", gif_solid, 7000),
    "gif-solid-frames": ("gif", gif_solid_frames, 200),
    "gif-frame-beyond-screen": ("gif", gif_frame_beyond_screen, 7000),
    "apng": ("png", apng, 15_000),
    "apng-data-chunks": ("png", apng_many_data_chunks, 80_000),
    "avif": ("avif", avif, 300),
    "jxl": ("jxl", jxl, 200),
}


def records() -> Iterator[Hostile]:
    for name, (extension, build, size) in _FILES.items():
        row = "H8" if extension == "webp" else "C6"
        yield Hostile(f"frames-{name}", row, extension, build, size)
        if name in {"webp", "gif", "gif-solid-frames", "webp-solid-frames", "avif", "jxl", "webp-large-canvas"}:
            # Several frames are used where the operator allows it, and the URL: the default is one.
            yield Hostile(f"frames-{name}-animated", row, extension, build, size, format="webp")
