"""Pages of documents and frames of animations as one still picture."""

import io
import struct
from dataclasses import replace

import pytest
import pyvips
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mememime_proxy.cost import Cost
from mememime_proxy.errors import LimitError
from mememime_proxy.formats.output_plan import PageRange
from mememime_proxy.imaging.pages import from_page
from mememime_proxy.imaging.pipeline import Renderer
from mememime_proxy.plan import ImageLimits, Plan, RenderConfig

COLORS = [(200, 10, 10), (10, 200, 10), (10, 10, 200), (200, 200, 10)]
SIZES = [(40, 20), (30, 30), (40, 10), (20, 20)]
RENDERER = Renderer(RenderConfig(avif_animation=True))


def document(*, big=False, modes=("RGB",) * 4):
    pages = [
        Image.new("RGB", size, color).convert(mode) for size, color, mode in zip(SIZES, COLORS, modes, strict=True)
    ]
    buffer = io.BytesIO()
    pages[0].save(buffer, "TIFF", save_all=True, append_images=pages[1:], big_tiff=big)
    return buffer.getvalue()


def animation(kind):
    frames = [Image.new("RGB", (24, 16), color) for color in COLORS]
    buffer = io.BytesIO()
    options = {"WEBP": {"lossless": True}, "AVIF": {"quality": 100, "subsampling": "4:4:4"}}.get(kind, {})
    frames[0].save(buffer, kind, save_all=True, append_images=frames[1:], duration=50, **options)
    return buffer.getvalue()


def rendered(data, first=0, count=1, **fields):
    variant = RENDERER.render(data, Plan(format="png", pages=PageRange(first, count), **fields))
    assert variant.pages == 1
    return pyvips.Image.new_from_buffer(bytes(variant.body), "")


def near(pixel, color):
    return max(abs(a - b) for a, b in zip(pixel, color, strict=False)) <= 6


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("page", [0, 1, 3, 9])
def test_another_page_of_a_document(page, big):
    image = rendered(document(big=big), page)
    page = min(page, 3)
    assert ((image.width, image.height), near(image.getpoint(0, 0), COLORS[page])) == (SIZES[page], True)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "AVIF"])
@pytest.mark.parametrize("page", [0, 2, 3, 50])
def test_another_frame_of_an_animation(kind, page):
    image = rendered(animation(kind), page)
    assert ((image.width, image.height), near(image.getpoint(5, 5), COLORS[min(page, 3)])) == ((24, 16), True)


def test_pages_stand_below_each_other_at_the_left_edge():
    image = rendered(document(), 1, 9)
    assert (image.width, image.height, image.bands) == (40, 60, 3)
    assert [tuple(image.getpoint(x, y)) for x, y in ((5, 5), (35, 5), (39, 35), (5, 45), (25, 45))] == [
        COLORS[1], (255, 255, 255), COLORS[2], COLORS[3], (255, 255, 255),
    ]  # fmt: skip
    image = rendered(document(modes=("L", "RGBA", "RGB", "L")), 1, 2)
    assert (image.bands, tuple(image.getpoint(35, 5)), image.getpoint(35, 35)[3]) == (4, (0, 0, 0, 0), 255)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "AVIF"])
def test_frames_stand_below_each_other(kind):
    image = rendered(animation(kind), 1, 3, width=12)
    assert (image.width, image.height) == (12, 24)
    assert [near(image.getpoint(5, y), color) for y, color in zip((3, 11, 19), COLORS[1:], strict=True)] == [True] * 3


def test_pages_are_for_stills_and_disable_animation_makes_one():
    limits = ImageLimits(max_animation_frames=9)
    plan = Plan(format="webp", pages=PageRange(2, 2), limits=limits)
    assert RENDERER.render(animation("GIF"), plan).pages == 4
    still = RENDERER.render(animation("GIF"), replace(plan, disable_animation=True))
    assert (still.pages, still.height) == (1, 32)
    assert RENDERER.render(animation("GIF"), Plan(format="webp", limits=limits, disable_animation=True)).height == 16


def test_all_pages_together_are_limited_and_their_cost_is_counted_before():
    with pytest.raises(LimitError, match="pages of 40×60"):
        rendered(document(), 1, 3, limits=ImageLimits(max_src_resolution=2399))
    costs: list[Cost] = []
    for first in (0, 3):
        RENDERER.render(animation("GIF"), Plan(format="png", pages=PageRange(first)), costs.append)
    assert costs[1].cpu > costs[0].cpu


def test_a_page_is_not_passed_on_in_place_of_the_original():
    data = document()
    plan = Plan(skip_processing=("tiff",), pages=PageRange(2))
    assert bytes(RENDERER.render(data, plan).body) == data


@given(st.binary(max_size=60), st.integers(0, 9), st.sampled_from([b"II*\0", b"MM\0*", b"II+\0\x08\0\0\0"]))
def test_any_chain_of_directories_ends(rest, page, head):
    data = head + rest
    changed = from_page(data, page)
    assert len(changed) == len(data)


def test_a_circle_of_directories_is_left_to_the_gate():
    data = bytearray(b"II*\0" + struct.pack("<IHIH", 8, 0, 8, 0))
    assert memoryview(from_page(bytes(data), 200))[4:8] == data[4:8]
