import struct

import pytest
import pyvips

from mememime_proxy.errors import BrokenImageError, LimitError
from mememime_proxy.imaging.codecs.load import open_original
from mememime_proxy.plan import ImageLimits, RenderConfig
from tests.support.malformed_images import animation, header_of, photo, saved

PIXELS = b"\x02\x02\x4c\x01\x00"
"""LZW data of few pixels: enough for decoders that forgive what is missing."""


def screen(width: int, height: int) -> bytes:
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"


def frame(width: int, height: int, left: int = 0, top: int = 0) -> bytes:
    return b"," + struct.pack("<HHHHB", left, top, width, height, 0) + PIXELS


def size(data: bytes) -> tuple[int, int]:
    header = header_of(data, ImageLimits(max_src_resolution=0))
    return header.width, header.height


SCREENS = [(10, 10), (640, 480), (640, 512), (800, 600), (1024, 768), (1280, 1024), (1600, 1200), (2048, 9), (2049, 9)]


@pytest.mark.parametrize("wide", SCREENS)
@pytest.mark.parametrize("first", [(4, 3, 0, 0), (10, 10, 0, 0), (12, 5, 0, 0), (5, 5, 7, 8)])
@pytest.mark.parametrize("second", [None, (30, 30, 0, 0)])
def test_p5_canvas_is_the_screen_or_larger_for_the_first_frame(wide, first, second):
    data = screen(*wide) + frame(*first) + (frame(*second) if second else b"") + b";"
    image = open_original(data, ImageLimits(), RenderConfig()).load()
    expected = (max(wide[0], first[2] + first[0]), max(wide[1], first[3] + first[1]))
    assert size(data) == (image.width, image.height) == expected


@pytest.mark.parametrize("wide", [(0, 0), (0, 7), (7, 0), (0, 5000)])
def test_gif_screen_without_pixels_is_that_of_libvips(wide):
    data = screen(*wide) + frame(9, 8) + b";"
    image = pyvips.Image.gifload_buffer(data)
    assert size(data) == (image.width, image.height) == (9, 8)


def test_p5_screen_beyond_the_limit_is_refused():
    with pytest.raises(LimitError):
        header_of(screen(65535, 65535) + frame(9, 8) + b";")


def test_gif_transparency_is_certain_or_unknown():
    assert header_of(saved("GIF", photo("P"), transparency=photo("P").getpixel((0, 0)))).alpha is True
    assert header_of(saved("GIF", photo("P"))).alpha is None


def test_gif_many_frames_end_the_walk_early():
    data = screen(1000, 1000) + frame(1000, 1000) * 20_000 + b";"
    assert header_of(data, ImageLimits(max_animation_frames=100)).pages == 101
    assert header_of(data).pages == 2


def test_gif_data_that_ends_too_soon_has_the_frames_that_began():
    data = animation("GIF", 3)
    assert header_of(data[: len(data) // 2], ImageLimits(max_animation_frames=9)).pages in (1, 2)


def test_gif_invalid_block_ends_the_frames_as_in_libvips():
    data = screen(10, 10) + frame(10, 10) + b"x" + frame(10, 10) + b";"
    assert not header_of(data, ImageLimits(max_animation_frames=9)).animated
    assert pyvips.Image.gifload_buffer(data).get("n-pages") == 1


@pytest.mark.parametrize("data", [screen(9, 9), screen(9, 9) + b";", screen(9, 9) + frame(0, 5) + b";", b"GIF89a\1\0"])
def test_gif_nothing_to_see(data):
    with pytest.raises(BrokenImageError):
        header_of(data)


def test_gif_frame_on_a_huge_canvas():
    with pytest.raises(LimitError):
        header_of(screen(10, 10) + frame(65535, 65535) + b";")


def test_gif_blocks_without_end_are_refused():
    with pytest.raises(LimitError, match="blocks"):
        header_of(screen(10, 10) + frame(10, 10)[:-1] + b"\x01x" * 1_000_001)
