"""Depths of palettes: P4 (colours that steps add), I6 (the original's depth), I7 (effort)."""

import io
import itertools
import struct

import pytest
import pyvips
from PIL import Image

from mememime_proxy.formats.effects_plan import Watermark
from mememime_proxy.imaging.codecs.palette import original_depth, png_depth, with_depth
from mememime_proxy.imaging.codecs.save import save
from mememime_proxy.imaging.image_fields import with_metadata
from mememime_proxy.imaging.pipeline import Renderer
from mememime_proxy.plan import Extend, ImageLimits, Padding, Plan, RenderConfig
from tests.support.gif_writer import frame, screen
from tests.support.malformed_images import saved
from tests.support.pixels import flat, image_of, near

BLACK, WHITE, RED, BLUE = (0, 0, 0), (255, 255, 255), (255, 0, 0), (0, 0, 255)
EVERY_COLOR = [(red, green, blue) for red, green, blue in itertools.product(range(3, 256, 36), repeat=3)]


def stripes(colors: int, side: int = 64) -> Image.Image:
    """Vertical stripes of that many colours, the first one black, the last one white."""
    palette = [BLACK, *EVERY_COLOR[1 : colors - 1], WHITE]
    image = Image.new("RGB", (side * max(1, colors // 16), side))
    for x in range(image.width):
        image.paste(palette[x * colors // image.width], (x, 0, x + 1, side))
    return image


def png(colors: int) -> bytes:
    """A PNG with a palette of that many colours."""
    rows = stripes(colors)
    image = pyvips.Image.new_from_memory(rows.tobytes(), *rows.size, 3, "uchar").copy(interpretation="srgb")
    return image.pngsave_buffer(palette=True, bitdepth=png_depth(colors))


def gif(colors: int) -> bytes:
    """A GIF with a palette of that many colours, rounded up to a power of two."""
    if colors > 2:
        return saved("GIF", stripes(colors).quantize(256))
    return screen(64, 64, [BLACK, WHITE]) + frame(64, 64, [[x >= 32 for x in range(64)]] * 64) + b";"


def rendered(data: bytes, format_: str, mark: bytes | None = None, **options):
    limits = ImageLimits(max_animation_frames=20)
    plan = Plan(format=format_, limits=limits, **options)
    return bytes(Renderer(RenderConfig(), mark).render(data, plan).body)


def depth_of(body: bytes) -> int:
    """Bits of an index: of IHDR, or of a GIF's deepest palette."""
    if body[:4] == b"\x89PNG":
        depth, kind = struct.unpack_from(">BB", body, 24)
        assert kind == 3
        return depth
    return original_depth(pyvips.Image.gifload_buffer(body))


def pixel(body: bytes, x: int, y: int) -> tuple[int, ...]:
    return Image.open(io.BytesIO(body)).convert("RGBA").getpixel((x, y))


@pytest.mark.parametrize("format_", ["png", "gif"])
@pytest.mark.parametrize("write", [png, gif])
@pytest.mark.parametrize("colors", [2, 4, 8, 16])
@pytest.mark.parametrize(
    "options",
    [
        {"padding": Padding(8, 8, 8, 8), "background": (32, 160, 240)},
        {"extend": Extend(enabled=True), "width": 300, "height": 90, "background": (32, 160, 240)},
        {"padding": Padding(8, 8, 8, 8)},
    ],
    ids=["padding", "extend", "transparent"],
)
def test_p4_colours_of_background_and_original_are_exact(write, colors, format_, options):
    body = rendered(write(colors), format_, **options)
    image = Image.open(io.BytesIO(body)).convert("RGBA")
    found = {pixel[:3] for _, pixel in image.getcolors(1 << 20) if pixel[3]}
    expected = {color for _, color in stripes(colors).getcolors()}
    assert found == expected | ({options["background"]} if "background" in options else set())
    corner = image.getpixel((1, 1))
    assert corner == (*options["background"], 255) if "background" in options else corner[3] == 0


@pytest.mark.parametrize("format_", ["png", "gif"])
@pytest.mark.parametrize("write", [png, gif])
def test_p4_scaled_logo_keeps_black_and_white_and_gets_shades(write, format_):
    body = rendered(write(2), format_, width=23)
    image = Image.open(io.BytesIO(body)).convert("RGB")
    assert (image.getpixel((1, 5)), image.getpixel((21, 5))) == (BLACK, WHITE)
    image = Image.open(io.BytesIO(rendered(saved("PNG", ring().quantize(2)), format_, width=40))).convert("RGB")
    assert len(image.getcolors()) > 8
    assert near(image.getpixel((20, 20)), BLACK, 2)
    assert near(image.getpixel((1, 1)), WHITE, 2)


def ring() -> Image.Image:
    image = Image.new("RGB", (100, 100), WHITE)
    for x, y in itertools.product(range(100), repeat=2):
        if (x - 50) ** 2 + (y - 50) ** 2 < 1600:
            image.putpixel((x, y), BLACK)
    return image


def test_p4_transparent_logo_on_a_background():
    image = Image.new("P", (60, 30), 0)
    image.putpalette([*BLACK, *BLACK])
    image.paste(1, (20, 10, 40, 20))
    data = saved("PNG", image, transparency=0, bits=1)
    assert pyvips.Image.pngload_buffer(data).get("bits-per-sample") == 1
    body = rendered(data, "png", background=RED, padding=Padding(5, 5, 5, 5))
    assert pixel(body, 2, 2) == (*RED, 255)
    assert pixel(body, 35, 20) == (*BLACK, 255)


@pytest.mark.parametrize("format_", ["png", "gif"])
def test_p4_watermark_of_many_colours_on_two(format_):
    mark = saved("PNG", stripes(64, 16))
    body = rendered(png(2), format_, mark, watermark=Watermark(opacity=1, position="nowe"))
    assert depth_of(body) >= 6
    assert pixel(body, 63, 60)[:3] == WHITE


def test_p4_colours_are_counted_in_each_frame_by_itself():
    frames = [Image.new("P", (20, 20), 1) for _ in range(6)]
    for index, picture in enumerate(frames):
        picture.putpalette([*BLACK, *EVERY_COLOR[40 + 30 * index]])
        picture.paste(0, (0, 0, 10, 10))
    data = saved("GIF", frames[0], save_all=True, append_images=frames[1:], duration=100, disposal=1)
    body = rendered(data, "gif")
    image = Image.open(io.BytesIO(body))
    assert image.n_frames == 6
    for index in range(6):
        image.seek(index)
        assert image.convert("RGB").getpixel((15, 15)) == EVERY_COLOR[40 + 30 * index]
    assert depth_of(body) <= 2


@pytest.mark.parametrize("bits", range(1, 9))
def test_i6_gif_keeps_the_depth_of_a_gif(bits):
    data = gif(1 << bits) if bits < 8 else gif(250)
    assert depth_of(data) == bits
    assert depth_of(rendered(data, "gif")) == bits


@pytest.mark.parametrize("bits", [5, 6, 7])
def test_i6_scaled_gif_of_many_colours_keeps_its_depth(bits):
    data = gif(1 << bits)
    assert depth_of(rendered(data, "gif", width=50)) <= bits
    assert depth_of(rendered(data, "gif", padding=Padding(9, 9, 9, 9), background=RED)) >= bits


@pytest.mark.parametrize(("colors", "depth"), [(2, 1), (4, 2), (8, 4), (16, 4), (32, 8), (250, 8)])
@pytest.mark.parametrize("write", [png, gif])
def test_i6_png_rounds_the_depth_up(write, colors, depth):
    assert depth_of(rendered(write(colors), "png")) == depth


def test_i6_depth_without_a_palette_or_with_an_odd_one():
    image = image_of(flat(4, 4, RED))
    assert original_depth(image) == 0
    assert with_depth(image, Plan()) == (image, 0)
    assert original_depth(with_metadata(image, {"palette": 1})) == 8
    assert original_depth(with_metadata(image, {"palette": 1, "bits-per-sample": 0})) == 1
    assert original_depth(with_metadata(image, {"palette": 1, "bits-per-sample": 16})) == 8
    assert original_depth(with_metadata(image, {"palette": 0, "bits-per-sample": 4})) == 0


@pytest.mark.parametrize("format_", ["png", "gif"])
def test_i7_large_palettes_have_the_usual_effort_unless_configured(format_):
    noise = pyvips.Image.gaussnoise(700, 500, mean=128, sigma=60, seed=3).cast("uchar")
    photograph = noise.bandjoin([noise.rot180(), noise.flip("vertical")]).copy(interpretation="srgb").gaussblur(3)
    image = with_metadata(photograph.copy_memory(), {"palette": 1, "bits-per-sample": 4})

    def written(**config: int) -> bytes:
        return save(image, format_, quality=80, plan=Plan(background=RED), config=RenderConfig(**config))

    usual = image.gifsave_buffer(bitdepth=8, effort=7, keep=0)
    assert written() == written(palette_effort=7) != written(palette_effort=3)
    assert format_ == "png" or written() == usual
