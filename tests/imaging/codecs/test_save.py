"""Saving of every format, read back by Pillow or another independent decoder."""

import io
import struct

import pytest
import pyvips
from PIL import Image as PillowImage
from PIL import ImageCms

from mememime_proxy.errors import LimitError, UnsupportedFormatError
from mememime_proxy.formats import FORMATS, Format
from mememime_proxy.imaging.codecs.load import open_original
from mememime_proxy.imaging.codecs.save import jxl_distance, save
from mememime_proxy.imaging.color.working_space import profile
from mememime_proxy.imaging.image_fields import with_metadata
from mememime_proxy.plan import ImageLimits, Plan, RenderConfig
from tests.support.pixels import flat, image_of, near, rows_of

WIDTH, HEIGHT = 48, 32
COLORS = [(200, 20, 20), (20, 200, 20), (20, 20, 200), (200, 200, 20)]
ROWS = [[COLORS[(x >= WIDTH // 2) + 2 * (y >= HEIGHT // 2)] for x in range(WIDTH)] for y in range(HEIGHT)]
CLEAR_ROWS = [[(*pixel, 255 if x < 24 else 64) for x, pixel in enumerate(row)] for row in ROWS]
GREY_ROWS = [[(255 * x // WIDTH,) for x in range(WIDTH)] for _ in range(HEIGHT)]
NOISE = pyvips.Image.gaussnoise(96, 64, mean=128, sigma=50, seed=7).cast("uchar").copy(interpretation="b-w")
PHOTOGRAPH = NOISE.bandjoin([NOISE.rot180(), NOISE.flip("vertical")]).copy(interpretation="srgb").gaussblur(1.2)
PHOTOGRAPH = PHOTOGRAPH.copy_memory()


def saved(image, format_, *, quality=80, plan=None, **config):
    return save(image, format_, quality=quality, plan=plan or Plan(), config=RenderConfig(**config))


def opened(data):
    return PillowImage.open(io.BytesIO(data))


def pixels(data, mode="RGB"):
    picture = opened(data).convert(mode)
    values = picture.tobytes()
    bands = len(mode)
    line = picture.width * bands
    return [
        [tuple(values[at : at + bands]) for at in range(y * line, (y + 1) * line, bands)] for y in range(picture.height)
    ]


def chunks(png):
    """The types of a PNG's chunks and the contents of its IHDR."""
    at, kinds = 8, []
    while at < len(png):
        length, kind = struct.unpack_from(">I4s", png, at)
        kinds.append(kind)
        at += 12 + length
    return kinds, struct.unpack_from(">IIBBBBB", png, 16)


@pytest.mark.parametrize("format_", ["png", "tiff", "bmp", "ico", "gif"])
def test_save_lossless_formats_are_exact(format_):
    data = saved(image_of(ROWS), format_)
    assert pixels(data) == ROWS
    assert opened(data).format == format_.upper()


@pytest.mark.parametrize("format_", ["jpeg", "webp", "avif"])
def test_save_lossy_formats_are_near_and_heed_the_quality(format_):
    data = saved(image_of(ROWS), format_, quality=92)
    assert opened(data).format == format_.upper()
    found = pixels(data)
    assert all(near(found[y][x], ROWS[y][x], 12) for x, y in ((8, 6), (40, 6), (8, 26), (40, 26)))
    sizes = [len(saved(PHOTOGRAPH, format_, quality=quality)) for quality in (20, 50, 90)]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[2] * 0.7


@pytest.mark.parametrize("kind", ["uchar", "ushort"])
def test_save_jxl(kind):
    imagecodecs = pytest.importorskip("imagecodecs")
    factor = 1 if kind == "uchar" else 257
    rows = [[tuple(band * factor for band in pixel) for pixel in row] for row in ROWS]
    image = image_of(rows, "srgb" if kind == "uchar" else "rgb16", kind)
    array = imagecodecs.jpegxl_decode(saved(image, "jxl", quality=95))
    assert array.dtype.itemsize == (1 if kind == "uchar" else 2)
    assert array.shape == (HEIGHT, WIDTH, 3)
    assert near(tuple(int(band) // factor for band in array[6, 8]), COLORS[0], 8)
    assert len(saved(PHOTOGRAPH, "jxl", quality=30)) < len(saved(PHOTOGRAPH, "jxl", quality=90))


def test_save_jxl_of_grey_and_of_transparency():
    imagecodecs = pytest.importorskip("imagecodecs")
    grey = imagecodecs.jpegxl_decode(saved(image_of(GREY_ROWS, "b-w"), "jxl", quality=95))
    assert grey.reshape(HEIGHT, WIDTH).shape == (HEIGHT, WIDTH)
    assert abs(int(grey.reshape(HEIGHT, WIDTH)[16, 24]) - GREY_ROWS[16][24][0]) < 6
    clear = imagecodecs.jpegxl_decode(saved(image_of(CLEAR_ROWS), "jxl", quality=95))
    assert clear.shape == (HEIGHT, WIDTH, 4)
    assert abs(int(clear[6, 40, 3]) - 64) < 4


@pytest.mark.parametrize("keep", [True, False])
def test_save_jxl_has_the_profile_of_its_samples_where_that_is_kept(keep):
    pytest.importorskip("imagecodecs")
    image = image_of(flat(32, 32, (255, 0, 0))).icc_transform("p3", input_profile="srgb", embedded=False)
    written = saved(image, "jxl", quality=95, plan=Plan(strip_color_profile=not keep))
    read = open_original(written, ImageLimits(), RenderConfig()).load()
    assert near(rows_of(read)[16][16], rows_of(image)[16][16], 6)
    assert (profile(read) is not None) is keep


def test_save_distances_of_jxl_are_libjxls():
    assert [jxl_distance(quality) for quality in (100, 90, 75, 30)] == pytest.approx([0, 1.0, 2.35, 6.4])
    assert jxl_distance(29) == pytest.approx(6.5, abs=0.15)
    assert jxl_distance(1) == pytest.approx(23.87, abs=0.01)


@pytest.mark.parametrize("format_", ["png", "tiff", "bmp", "ico"])
def test_save_transparency_is_written(format_):
    assert pixels(saved(image_of(CLEAR_ROWS), format_), "RGBA") == CLEAR_ROWS


@pytest.mark.parametrize("format_", ["webp", "avif"])
def test_save_transparency_of_lossy_formats(format_):
    found = pixels(saved(image_of(CLEAR_ROWS), format_, quality=95), "RGBA")
    assert abs(found[10][5][3] - 255) <= 2
    assert abs(found[10][40][3] - 64) <= 2


def test_save_transparency_of_gif_is_all_or_nothing():
    rows = [[(200, 20, 20, 0 if x < 24 else 255) for x in range(WIDTH)] for _ in range(HEIGHT)]
    found = pixels(saved(image_of(rows), "gif"), "RGBA")
    assert found[3][3][3] == 0
    assert found[3][40] == (200, 20, 20, 255)


@pytest.mark.parametrize("format_", ["jpeg", "png", "webp", "gif", "avif", "tiff", "bmp", "ico"])
def test_save_grey_is_written(format_):
    found = pixels(saved(image_of(GREY_ROWS, "b-w"), format_, quality=95), "L")
    assert all(abs(found[16][x][0] - GREY_ROWS[16][x][0]) < 10 for x in range(4, WIDTH, 8))


DEEP_ROWS = [[(257 * x, 256 * y + 3, 65535 - 99 * x) for x in range(WIDTH)] for y in range(HEIGHT)]


@pytest.mark.parametrize("format_", ["png", "tiff"])
def test_save_sixteen_bits_are_written(format_):
    data = saved(image_of(DEEP_ROWS, "rgb16", "ushort"), format_, plan=Plan(preserve_hdr=True))
    again = open_original(data, ImageLimits(), RenderConfig(), preserve_hdr=True).load()
    assert rows_of(again) == DEEP_ROWS


def test_save_more_than_eight_bits_of_avif():
    data = saved(image_of(DEEP_ROWS, "rgb16", "ushort"), "avif", quality=95, plan=Plan(preserve_hdr=True))
    original = open_original(data, ImageLimits(), RenderConfig(), preserve_hdr=True)
    assert original.header.bit_depth > 8
    assert (original.load().cast("float") - image_of(DEEP_ROWS, "rgb16", "ushort").cast("float")).abs().avg() < 1200


class TestJpeg:
    @pytest.mark.parametrize("progressive", [True, False])
    def test_progressive_only_if_configured(self, progressive):
        data = saved(PHOTOGRAPH, "jpeg", jpeg_progressive=progressive)
        assert bool(opened(data).info.get("progressive")) is progressive

    def test_save_jpeg_has_optimised_huffman_tables(self):
        assert len(saved(PHOTOGRAPH, "jpeg")) < len(PHOTOGRAPH.jpegsave_buffer(Q=80, optimize_coding=False, keep=0))

    @pytest.mark.parametrize(("quality", "sampling"), [(80, (2, 2)), (95, (1, 1))])
    def test_colour_is_sampled_less_below_90(self, quality, sampling):
        assert opened(saved(PHOTOGRAPH, "jpeg", quality=quality)).layer[0][1:3] == sampling

    def test_cmyk_stays_cmyk(self):
        image = image_of(flat(16, 16, (0, 255, 255, 0)), "cmyk")
        picture = opened(saved(image, "jpeg", quality=95))
        assert picture.mode == "CMYK"
        assert near(picture.getpixel((8, 8)), (0, 255, 255, 0), 6)


class TestPng:
    def test_true_colour_is_filtered_and_not_interlaced(self):
        kinds, header = chunks(saved(PHOTOGRAPH, "png"))
        assert header[2:] == (8, 2, 0, 0, 0)
        assert b"PLTE" not in kinds
        assert len(saved(PHOTOGRAPH, "png")) < len(PHOTOGRAPH.pngsave_buffer(filter="none", keep=0))

    def test_interlaced_if_configured(self):
        assert chunks(saved(PHOTOGRAPH, "png", png_interlaced=True))[1][6] == 1
        assert chunks(saved(PHOTOGRAPH, "png", png_interlaced=True, png_quantize=True))[1][6] == 1

    @pytest.mark.parametrize(("colors", "depth"), [(2, 1), (3, 2), (4, 2), (5, 4), (16, 4), (17, 8), (256, 8)])
    def test_quantised_to_a_palette(self, colors, depth):
        kinds, header = chunks(saved(PHOTOGRAPH, "png", png_quantize=True, png_quantization_colors=colors))
        assert header[2:4] == (depth, 3)
        assert b"PLTE" in kinds

    @pytest.mark.parametrize(("bits", "depth"), [(1, 2), (2, 2), (3, 4), (4, 4), (5, 8), (8, 8)])
    def test_save_palette_keeps_the_depth_of_the_original(self, bits, depth):
        image = with_metadata(image_of(ROWS), {"palette": 1, "bits-per-sample": bits})
        assert chunks(saved(image, "png"))[1][2:4] == (depth, 3)

    def test_through_loading(self):
        small = image_of(ROWS).pngsave_buffer(palette=True, bitdepth=2)
        image = open_original(small, ImageLimits(), RenderConfig()).load()
        data = saved(image, "png")
        assert chunks(data)[1][2:4] == (2, 3)
        assert pixels(data) == ROWS


class TestGif:
    @pytest.mark.parametrize(("bits", "colors"), [(None, 256), (1, 32), (4, 32), (5, 32), (6, 64), (8, 256)])
    def test_the_palette_is_as_deep_as_the_originals(self, bits, colors):
        image = PHOTOGRAPH if bits is None else with_metadata(PHOTOGRAPH, {"palette": 1, "bits-per-sample": bits})
        found = opened(saved(image, "gif")).convert("RGB").getcolors(100_000)
        assert colors // 4 < len(found) <= colors


@pytest.mark.parametrize("format_", ["gif", "webp"])
def test_save_animations_keep_frames_delays_and_loops(format_):
    rows = [[color] * 24 for color in COLORS[:3] for _ in range(24)]
    image = with_metadata(image_of(rows), {"page-height": 24, "delay": [50, 120, 300], "loop": 3, "n-pages": 3})
    for plan in (Plan(), Plan(keep_copyright=False), Plan(strip_metadata=False)):
        data = saved(image, format_, quality=95, plan=plan)
        assert data[:4] in (b"GIF8", b"RIFF")
        original = open_original(data, ImageLimits(max_animation_frames=10), RenderConfig())
        again = original.load(pages=3)
        assert original.header.pages == 3
        assert again.get("delay") == [50, 120, 300]
        assert again.get("loop") == 3
        picture = opened(data)
        assert picture.n_frames == 3
        for index, color in enumerate(COLORS[:3]):
            picture.seek(index)
            assert near(picture.convert("RGB").getpixel((12, 12)), color, 10)


class TestWebp:
    def test_effort_and_preset_are_configured(self):
        assert len(saved(PHOTOGRAPH, "webp", webp_effort=6)) != len(saved(PHOTOGRAPH, "webp", webp_effort=0))
        assert saved(PHOTOGRAPH, "webp", webp_preset="text") != saved(PHOTOGRAPH, "webp", webp_preset="photo")


class TestAvif:
    def test_speed_is_configured(self):
        assert saved(PHOTOGRAPH, "avif", avif_speed=9) != saved(PHOTOGRAPH, "avif", avif_speed=5)


class TestTiff:
    def test_baseline(self):
        tags = opened(saved(image_of(ROWS), "tiff")).tag_v2
        assert (tags[256], tags[257], tags[259], tags[277]) == (WIDTH, HEIGHT, 1, 3)


class TestIco:
    def test_save_ico_has_one_png_and_its_size(self):
        data = saved(image_of(CLEAR_ROWS), "ico")
        assert struct.unpack_from("<HHHBBBBHHII", data) == (0, 1, 1, WIDTH, HEIGHT, 0, 0, 1, 32, len(data) - 22, 22)
        assert data[22:30] == b"\x89PNG\r\n\x1a\n"

    def test_256_is_written_as_0(self):
        data = saved(image_of(flat(256, 256, (1, 2, 3))), "ico")
        assert data[6:8] == b"\0\0"
        assert opened(data).size == (256, 256)

    def test_no_larger_than_256(self):
        with pytest.raises(LimitError):
            saved(image_of(flat(257, 10, (1, 2, 3))), "ico")


class TestBmp:
    @pytest.mark.parametrize("width", range(1, 9))
    @pytest.mark.parametrize("bands", [3, 4])
    def test_lines_of_every_length_modulo_four(self, width, bands):
        rows = [[(10 * x, 20 * y, 7, 100)[:bands] for x in range(width)] for y in range(5)]
        data = saved(image_of(rows), "bmp")
        assert struct.unpack_from("<I", data, 2)[0] == len(data)
        assert pixels(data, "RGBA" if bands == 4 else "RGB") == rows
        assert rows_of(open_original(data, ImageLimits(), RenderConfig()).load()) == rows


@pytest.mark.parametrize("format_", ["svg", "heic"])
def test_save_format_without_encoder_is_not_supported(format_):
    with pytest.raises(UnsupportedFormatError):
        saved(image_of(ROWS), format_)


def test_save_without_the_extra_a_format_is_not_supported(monkeypatch):
    monkeypatch.setattr(Format, "writable", property(lambda format_: not format_.module))
    with pytest.raises(UnsupportedFormatError):
        saved(image_of(ROWS), "jxl")


@pytest.mark.parametrize("format_", [name for name, format_ in FORMATS.items() if format_.writable and format_.icc])
def test_save_result_does_not_depend_on_earlier_ones(format_):
    first = saved(PHOTOGRAPH, format_)
    saved(image_of(CLEAR_ROWS), format_, quality=10)
    assert saved(PHOTOGRAPH, format_) == first


@pytest.mark.parametrize("format_", ["jpeg", "png", "webp", "avif", "tiff"])
def test_save_kept_profile_is_written_and_no_other(format_):
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image = with_metadata(PHOTOGRAPH, {"icc-profile-data": icc})
    assert opened(saved(image, format_, plan=Plan(strip_color_profile=False))).info["icc_profile"] == icc
    assert "icc_profile" not in opened(saved(PHOTOGRAPH, format_, plan=Plan(strip_color_profile=False))).info
