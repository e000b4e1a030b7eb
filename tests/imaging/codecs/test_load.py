"""Loading of every format: pixels, transparency, depth, profile, orientation, frames, truncated files."""

import gc
import io
import mmap
import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest
import pyvips
from PIL import Image as PillowImage
from PIL import ImageCms

from mememime_proxy.errors import (
    BrokenImageError,
    ImageError,
    LimitError,
    UnknownFormatError,
    UnsupportedFormatError,
)
from mememime_proxy.formats import Format
from mememime_proxy.imaging.codecs.bitmap import write_bmp, write_ico
from mememime_proxy.imaging.codecs.jxl_writer import write_jxl
from mememime_proxy.imaging.codecs.load import open_original
from mememime_proxy.imaging.image_fields import with_metadata
from mememime_proxy.imaging.vips_errors import map_vips_error
from mememime_proxy.plan import ImageLimits, RenderConfig
from tests.support.pixels import all_near, flat, image_of, near, rows_of

CONFIG = RenderConfig()
WIDTH, HEIGHT = 48, 32
COLORS = [(200, 20, 20), (20, 200, 20), (20, 20, 200), (200, 200, 20)]
ROWS = [[COLORS[(x >= WIDTH // 2) + 2 * (y >= HEIGHT // 2)] for x in range(WIDTH)] for y in range(HEIGHT)]
GREY_ROWS = [[(255 * x // WIDTH,) for x in range(WIDTH)] for _ in range(HEIGHT)]
CLEAR_ROWS = [[(*pixel, 255 if x < 24 else 64) for x, pixel in enumerate(row)] for row in ROWS]
ICC = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def opened(data, *, limits=None, config=CONFIG, **more):
    return open_original(data, limits or ImageLimits(), config, **more)


def loaded(data, **how):
    return opened(data).load(**how)


def by_pillow(format_, rows=ROWS, mode="RGB", **options):
    """The same picture as another program writes it."""
    data = bytes(band for row in rows for pixel in row for band in pixel)
    target = io.BytesIO()
    PillowImage.frombytes(mode, (len(rows[0]), len(rows)), data).save(target, format_, **options)
    return target.getvalue()


def written(name, rows=ROWS, space="srgb", **options):
    return image_of(rows, space).write_to_buffer(name, **options)


def jxl(rows=ROWS, kind="uchar", space="srgb", **options):
    imagecodecs = pytest.importorskip("imagecodecs")
    return imagecodecs.jpegxl_encode(image_of(rows, space, kind).numpy(), **(options or {"lossless": True}))


LOSSLESS = {
    "png": written(".png"),
    "interlaced png": written(".png", interlace=True),
    "palette png": written(".png", palette=True),
    "webp": written(".webp", lossless=True),
    "gif": written(".gif"),
    "tiff": written(".tif"),
    "tiff, deflate": written(".tif", compression="deflate", predictor="horizontal"),
    "tiff, tiles": written(".tif", tile=True, tile_width=16, tile_height=16, compression="lzw"),
    "big tiff": written(".tif", bigtiff=True),
    "bmp": by_pillow("BMP"),
    "bmp, own": write_bmp(image_of(ROWS)),
    "ico, png": by_pillow("ICO", sizes=[(WIDTH, HEIGHT)]),
    "ico, own": write_ico(image_of(ROWS)),
    "jxl": jxl(),
}
LOSSY = {
    "jpeg": written(".jpg", Q=95),
    "progressive jpeg": written(".jpg", Q=95, interlace=True),
    "jpeg, subsampled": written(".jpg", Q=95, subsample_mode="on"),
    "webp": written(".webp", Q=95),
    "avif": image_of(ROWS).heifsave_buffer(compression="av1", Q=95, effort=0),
    "avif, pillow": by_pillow("AVIF", quality=95, speed=9, subsampling="4:4:4"),
    "jxl": jxl(level=95),
}


@pytest.mark.parametrize("name", LOSSLESS)
def test_load_lossless_formats_are_read_exactly(name):
    image = loaded(LOSSLESS[name])
    assert image.interpretation == "srgb"
    pixels = [[pixel[:3] for pixel in row] for row in rows_of(image)]
    assert pixels == ROWS
    assert not image.hasalpha() or image[3].min() == 255


@pytest.mark.parametrize("name", LOSSY)
def test_load_lossy_formats_are_read_nearly(name):
    image = loaded(LOSSY[name]).copy_memory()
    assert (image.width, image.height, image.bands) == (WIDTH, HEIGHT, 3)
    assert image.interpretation == "srgb"
    difference = (image.cast("short") - image_of(ROWS).cast("short")).abs()
    assert difference.avg() < 5
    for x, y in ((8, 6), (40, 6), (8, 26), (40, 26)):
        assert near(tuple(image.getpoint(x, y)), ROWS[y][x], 8)


@pytest.mark.parametrize("data", [*LOSSLESS.values(), *LOSSY.values()], ids=[*LOSSLESS, *LOSSY])
def test_load_header_tells_the_size_loaded(data):
    original = opened(data)
    image = original.load()
    assert (original.header.width, original.header.height) == (image.width, image.height)
    assert original.header.alpha in (None, image.hasalpha())
    assert not original.vector


TRANSPARENT = {
    "png": written(".png", CLEAR_ROWS),
    "webp": written(".webp", CLEAR_ROWS, lossless=True, exact=True),
    "tiff": written(".tif", CLEAR_ROWS),
    "bmp": write_bmp(image_of(CLEAR_ROWS)),
    "ico": write_ico(image_of(CLEAR_ROWS)),
    "ico, bitmap": by_pillow("ICO", CLEAR_ROWS, "RGBA", sizes=[(WIDTH, HEIGHT)], bitmap_format="bmp"),
    "jxl": jxl(CLEAR_ROWS),
}


@pytest.mark.parametrize("name", TRANSPARENT)
def test_load_transparency_is_read(name):
    image = loaded(TRANSPARENT[name])
    assert rows_of(image) == CLEAR_ROWS


def test_load_transparency_of_avif():
    data = image_of(CLEAR_ROWS).heifsave_buffer(compression="av1", lossless=True)
    assert all_near(rows_of(loaded(data)), CLEAR_ROWS, 3)
    assert opened(data).header.alpha


def test_load_palette_with_one_transparent_colour_has_alpha():
    target = io.BytesIO()
    picture = PillowImage.new("P", (8, 8), 0)
    picture.putpalette([10, 20, 30, 200, 100, 50])
    picture.putpixel((3, 4), 1)
    picture.save(target, "PNG", transparency=1)
    rows = rows_of(loaded(target.getvalue()))
    assert rows[4][3][3] == 0
    assert rows[0][0] == (10, 20, 30, 255)


@pytest.mark.parametrize(
    "data",
    [
        written(".png", GREY_ROWS, "b-w"),
        written(".tif", GREY_ROWS, "b-w"),
        by_pillow("BMP", GREY_ROWS, "L"),
        jxl(GREY_ROWS, space="b-w"),
    ],
    ids=["png", "tiff", "bmp", "jxl"],
)
def test_load_grey_stays_grey(data):
    image = loaded(data)
    assert image.interpretation == "b-w"
    assert rows_of(image) == GREY_ROWS


@pytest.mark.parametrize("name", ["jpeg", "avif"])
def test_load_grey_of_lossy_formats(name):
    image = image_of(GREY_ROWS, "b-w")
    data = {"jpeg": image.jpegsave_buffer, "avif": lambda **_: by_pillow("AVIF", GREY_ROWS, "L")}[name](Q=95)
    found = loaded(data).colourspace("b-w")
    assert (found.cast("short") - image.cast("short")).abs().max() < 12


DEEP_ROWS = [[(257 * x, 256 * y + 3, 65535 - 99 * x) for x in range(WIDTH)] for y in range(HEIGHT)]


def test_load_sixteen_bits_of_png_tiff_and_jxl():
    for data in (
        image_of(DEEP_ROWS, "rgb16", "ushort").pngsave_buffer(),
        image_of(DEEP_ROWS, "rgb16", "ushort").tiffsave_buffer(),
        jxl(DEEP_ROWS, "ushort", "rgb16"),
    ):
        image = opened(data, preserve_hdr=True).load()
        assert (image.format, image.interpretation) == ("ushort", "rgb16")
        assert rows_of(image) == DEEP_ROWS


def test_load_deep_jxl_of_linear_light_keeps_its_bits():
    assert rows_of(loaded(jxl(DEEP_ROWS, "ushort", "rgb16"))) == DEEP_ROWS  # imagecodecs writes it as linear


def test_load_deep_jxl_is_read_with_eight_bits_where_more_are_not_wanted():
    pytest.importorskip("imagecodecs")
    rows = rows_of(loaded(write_jxl(image_of(DEEP_ROWS, "rgb16", "ushort"), distance=0, effort=1, keep=0)))
    assert all_near(rows, [[tuple(round(band / 257) for band in pixel) for pixel in row] for row in DEEP_ROWS])


def test_load_deep_avif_keeps_its_bits_only_where_they_are_wanted():
    data = image_of(DEEP_ROWS, "rgb16", "ushort").heifsave_buffer(compression="av1", bitdepth=12, Q=100)
    assert opened(data).header.bit_depth == 12
    deep = opened(data, preserve_hdr=True).load()
    assert deep.format == "ushort"
    assert all_near(rows_of(deep), DEEP_ROWS, 1500)
    shallow = opened(data).load()
    assert shallow.format == "uchar"
    assert (shallow.cast("short") - (deep / 256).floor().cast("short")).abs().avg() < 4


def test_load_cmyk_inks_are_not_inverted():
    ink = [[(0, 255, 255, 0)] * 16 for _ in range(16)]  # magenta and yellow: red
    for data in (by_pillow("JPEG", ink, "CMYK", quality=95), by_pillow("TIFF", ink, "CMYK")):
        image = loaded(data)
        assert image.interpretation == "cmyk"
        assert near(tuple(image.getpoint(8, 8)), (0, 255, 255, 0), 6)


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"])
def test_load_colour_profile_is_read(format_):
    data = by_pillow(format_, icc_profile=ICC)
    assert loaded(data).get("icc-profile-data") == ICC
    assert opened(data).header.icc is not False


@pytest.mark.parametrize("shrink", [1, 2, 4, 8])
def test_load_jpeg_is_decoded_smaller(shrink):
    rows = [[COLORS[(x >= 128) + 2 * (y >= 128)] for x in range(256)] for y in range(256)]
    image = loaded(image_of(rows).jpegsave_buffer(Q=95), shrink=shrink)
    assert (image.width, image.height) == (256 // shrink, 256 // shrink)
    assert near(tuple(image.getpoint(image.width - 2, 1)), COLORS[1], 8)


@pytest.mark.parametrize("shrink", [1, 1.5, 3.7])
def test_load_webp_is_decoded_smaller(shrink):
    rows = [[COLORS[(x >= 128) + 2 * (y >= 128)] for x in range(256)] for y in range(256)]
    image = loaded(image_of(rows).webpsave_buffer(lossless=True), shrink=shrink)
    assert abs(image.width - 256 / shrink) < 1
    assert near(tuple(image.getpoint(1, image.height - 2)), COLORS[2], 8)


DRAWING = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20">'
    b'<rect width="20" height="20" fill="#c81414"/></svg>'
)


@pytest.mark.parametrize(("scale", "size"), [(1, (40, 20)), (0.5, (20, 10)), (3, (120, 60)), (0.0625, (3, 1))])
def test_load_drawing_is_loaded_at_any_scale(scale, size):
    original = opened(DRAWING)
    image = original.load(scale=scale)
    assert original.vector
    assert abs(image.width - size[0]) <= 1
    assert abs(image.height - size[1]) <= 1
    image = image.copy_memory()
    if scale >= 0.5:  # below that every pixel is an edge
        assert near(tuple(image.getpoint(0, 0)), (200, 20, 20, 255), 1)
        assert image.getpoint(image.width - 1, 0)[3] == 0


def test_load_lengths_of_a_drawing_are_css_lengths_at_96_dots_per_inch():
    image = loaded(DRAWING.replace(b'width="40" height="20"', b'width="1in" height="0.5in" viewBox="0 0 40 20"', 1))
    assert (image.width, image.height) == (96, 48)


TURNS = {
    1: lambda image: image,
    2: lambda image: image.flip("horizontal"),
    3: lambda image: image.rot180(),
    4: lambda image: image.flip("vertical"),
    5: lambda image: image.rot90().flip("horizontal"),
    6: lambda image: image.rot90(),
    7: lambda image: image.rot270().flip("horizontal"),
    8: lambda image: image.rot270(),
}


@pytest.mark.parametrize("orientation", range(1, 9))
def test_load_turns_of_avif_are_applied_as_libheif_applies_them(orientation):
    block = PillowImage.Exif()
    block[0x0112] = orientation  # Pillow writes it as irot and imir, which are what counts
    data = by_pillow("AVIF", exif=block, quality=95, subsampling="4:4:4")
    original = opened(data)
    image = original.load()
    assert (original.header.width, original.header.height) == (image.width, image.height)
    assert not image.get_typeof("orientation")
    expected = TURNS[orientation](image_of(ROWS))
    assert (image.width, image.height) == (expected.width, expected.height)
    assert (image.cast("short") - expected.cast("short")).abs().avg() < 4
    reference = pyvips.Image.heifload_buffer(data)
    assert (image.cast("short") - reference.cast("short")).abs().avg() < 4


def test_load_orientation_in_the_exif_of_avif_does_not_count():
    image = with_metadata(image_of(ROWS), {"orientation": 6})
    data = image.heifsave_buffer(compression="av1", Q=95, effort=0)
    again = loaded(data)
    assert (again.width, again.height) in ((WIDTH, HEIGHT), (HEIGHT, WIDTH))
    assert (again.width, again.height) == (opened(data).header.width, opened(data).header.height)
    assert not again.get_typeof("orientation")


def frames(suffix, colors=COLORS[:3], **metadata):
    rows = [[color] * 16 for color in colors for _ in range(16)]
    image = with_metadata(image_of(rows), {"page-height": 16} | metadata)
    return image.write_to_buffer(suffix, **({"lossless": True} if suffix == ".webp" else {}))


@pytest.mark.parametrize("suffix", [".gif", ".webp"])
def test_load_frames_delays_and_loops(suffix):
    data = frames(suffix, delay=[50, 120, 300], loop=4)
    original = opened(data, limits=ImageLimits(max_animation_frames=10))
    assert original.header.pages == 3
    assert original.animated
    image = original.load(pages=3)
    assert (image.width, image.height) == (16, 48)
    assert image.get("delay") == [50, 120, 300]
    assert image.get("loop") == 4
    assert [tuple(image.getpoint(5, y)[:3]) for y in (8, 24, 40)] == COLORS[:3]
    assert original.load(pages=2).height == 32
    first = original.load()
    assert first.height == 16
    assert tuple(first.getpoint(5, 5)[:3]) == COLORS[0]


def test_load_animated_png_is_its_first_picture():
    target = io.BytesIO()
    pictures = [PillowImage.new("RGB", (16, 16), color) for color in COLORS[:2]]
    pictures[0].save(target, "PNG", save_all=True, append_images=pictures[1:])
    image = loaded(target.getvalue())
    assert rows_of(image)[3][3] == COLORS[0]


def test_load_sequence_of_avif_is_its_first_picture():
    target = io.BytesIO()
    pictures = [PillowImage.new("RGB", (32, 32), color) for color in COLORS[:3]]
    pictures[0].save(target, "AVIF", save_all=True, append_images=pictures[1:], quality=95)
    for preserve_hdr in (False, True):
        image = opened(target.getvalue(), preserve_hdr=preserve_hdr).load()
        assert (image.width, image.height) == (32, 32)
        assert near(tuple(image.getpoint(16, 16)), COLORS[0], 6)


def test_load_document_of_tiff_is_its_first_page():
    target = io.BytesIO()
    pages = [PillowImage.new("RGB", (16, 16), color) for color in COLORS[:2]]
    pages[0].save(target, "TIFF", save_all=True, append_images=pages[1:])
    image = loaded(target.getvalue())
    assert image.height == 16
    assert rows_of(image)[3][3] == COLORS[0]


def test_load_largest_entry_of_an_icon_is_loaded():
    target = io.BytesIO()
    PillowImage.new("RGBA", (64, 64), (1, 2, 3, 255)).save(target, "ICO", sizes=[(16, 16), (64, 64), (32, 32)])
    original = opened(target.getvalue())
    assert (original.header.width, original.header.height) == (64, 64)
    assert rows_of(original.load())[9][9] == (1, 2, 3, 255)


def test_load_icon_with_a_larger_bitmap_than_its_header_is_refused():
    data = bytearray(by_pillow("ICO", CLEAR_ROWS, "RGBA", sizes=[(WIDTH, HEIGHT)], bitmap_format="bmp"))
    original = opened(bytes(data))
    start = struct.unpack_from("<I", data, 18)[0]
    struct.pack_into("<ii", data, start + 4, 50_000, 100_000)
    original.data = bytes(data)
    with pytest.raises(BrokenImageError):
        original.load()


def test_load_bitmap_without_alpha_is_opaque():
    header = struct.pack("<IiiHHIIiiII", 40, 2, 1, 1, 32, 0, 8, 0, 0, 0, 0)
    data = struct.pack("<2sIHHI", b"BM", 62, 0, 0, 54) + header + bytes([3, 2, 1, 0, 30, 20, 10, 0])
    assert [pixel[:3] for pixel in rows_of(loaded(data))[0]] == [(1, 2, 3), (10, 20, 30)]


def sample(name):
    """A HEIC of four coloured areas, 96 × 64 pixels; see tests/data/README.md."""
    pytest.importorskip("pi_heif")
    return (Path(__file__).parents[2] / "data" / f"{name}.heic").read_bytes()


def corners(image):
    image = image.copy_memory()
    right, bottom = image.width - 9, image.height - 9
    return [tuple(image.getpoint(x, y)) for y in (8, bottom) for x in (8, right)]


@pytest.mark.parametrize("preserve_hdr", [False, True])
def test_load_heic(preserve_hdr):
    original = opened(sample("plain"), preserve_hdr=preserve_hdr)
    image = original.load()
    gc.collect()
    assert (image.width, image.height, image.bands, image.format) == (96, 64, 3, "uchar")
    assert (original.header.width, original.header.height) == (96, 64)
    assert all(near(found, color, 4) for found, color in zip(corners(image), COLORS, strict=True))


def test_load_turns_of_heic_are_applied_and_its_orientation_tag_is_not():
    original = opened(sample("turned"))
    image = original.load()
    assert (image.width, image.height) == (original.header.width, original.header.height) == (64, 96)
    turned = [COLORS[index] for index in (2, 0, 3, 1)]
    assert all(near(found, color, 4) for found, color in zip(corners(image), turned, strict=True))
    assert not image.get_typeof("orientation")
    assert image.get("exif-ifd0-Copyright").startswith("(c) Ann 2026")


def test_load_transparency_of_heic():
    image = loaded(sample("clear")).copy_memory()
    assert image.bands == 4
    assert opened(sample("clear")).header.alpha
    alphas = [image.getpoint(40, y)[3] for y in (4, 24, 44, 60)]
    assert alphas == sorted(alphas)
    assert alphas[-1] - alphas[0] > 180


@pytest.mark.parametrize(("preserve_hdr", "format_"), [(True, "ushort"), (False, "uchar")])
def test_load_deep_heic(preserve_hdr, format_):
    image = opened(sample("deep"), preserve_hdr=preserve_hdr).load()
    assert image.format == format_
    factor = 257 if preserve_hdr else 1
    for found, color in zip(corners(image), COLORS, strict=True):
        assert near(found, tuple(band * factor for band in color), 6 * factor)


def test_load_heic_that_ends_too_soon_is_broken():
    data = sample("plain")
    assert cut_off(data, range(0, len(data), 7)) <= {"UnknownFormatError", "BrokenImageError"}


def box(kind, *parts):
    content = b"".join(parts)
    return struct.pack(">I4s", 8 + len(content), kind) + content


def boxes(data, at, end):
    while at < end:
        length, kind = struct.unpack_from(">I4s", data, at)
        yield kind, at + 8, at + length
        at += length


def coded(image):
    """The properties and the AV1 data of an image as libheif writes it."""
    data = image.heifsave_buffer(compression="av1", Q=90, effort=0, keep=0)
    top = {kind: (start, end) for kind, start, end in boxes(data, 0, len(data))}
    meta = {kind: (start, end) for kind, start, end in boxes(data, top[b"meta"][0] + 4, top[b"meta"][1])}
    container = next((start, end) for kind, start, end in boxes(data, *meta[b"iprp"]) if kind == b"ipco")
    properties = [data[start - 8 : end] for _, start, end in boxes(data, *container)]
    return properties, data[slice(*top[b"mdat"])]


def with_thumbnail(picture, small):
    """An AVIF of two items, the second of them a thumbnail of the first; ISO/IEC 23008-12, 6.4.4."""
    (main, main_data), (thumb, thumb_data) = coded(picture), coded(small)
    numbers = [bytes([0x80 | index for index in range(first, last)]) for first, last in ((1, 4), (4, 7))]
    ftyp = box(b"ftyp", b"avif", bytes(4), b"avifmif1miaf")

    def meta(start):
        places = ((1, start, len(main_data)), (2, start + len(main_data), len(thumb_data)))
        return box(
            b"meta",
            bytes(4),
            box(b"hdlr", bytes(8), b"pict", bytes(13)),
            box(b"pitm", bytes(4), struct.pack(">H", 1)),
            box(
                b"iloc",
                bytes(4),
                struct.pack(">BBH", 0x44, 0, 2),
                *(struct.pack(">HHHII", item, 0, 1, at, length) for item, at, length in places),
            ),
            box(
                b"iinf",
                bytes(4),
                struct.pack(">H", 2),
                *(box(b"infe", b"\2\0\0\0", struct.pack(">HH4s", item, 0, b"av01"), b"\0") for item in (1, 2)),
            ),
            box(b"iref", bytes(4), box(b"thmb", struct.pack(">HHH", 2, 1, 1))),
            box(
                b"iprp",
                box(b"ipco", *main, *thumb),
                box(
                    b"ipma",
                    bytes(4),
                    struct.pack(">I", 2),
                    *(struct.pack(">HB", item, 3) + numbers[item - 1] for item in (1, 2)),
                ),
            ),
        )

    start = len(ftyp) + len(meta(0)) + 8
    return ftyp + meta(start) + box(b"mdat", main_data, thumb_data)


def test_load_thumbnail_of_avif():
    small = image_of(flat(32, 24, (20, 20, 200)))
    data = with_thumbnail(image_of(flat(256, 192, (200, 20, 20))), small)
    original = opened(data)
    assert original.header.thumbnail
    image = original.load(thumbnail=True)
    assert (image.width, image.height) == (32, 24)
    assert near(tuple(image.getpoint(16, 12)), (20, 20, 200), 6)
    whole = original.load()
    assert (whole.width, whole.height) == (256, 192)
    assert near(tuple(whole.getpoint(100, 100)), (200, 20, 20), 6)


@pytest.mark.parametrize("name", ["avif", "jpeg"])
def test_load_without_a_thumbnail_there_is_none_to_load(name):
    with pytest.raises(BrokenImageError):
        loaded(LOSSY[name], thumbnail=True)


@pytest.mark.parametrize("name", ["jxl", "heic"])
def test_load_without_the_extra_a_format_is_not_supported(name, monkeypatch):
    data = jxl() if name == "jxl" else heic()
    monkeypatch.setattr(Format, "readable", property(lambda format_: not format_.module))
    with pytest.raises(UnsupportedFormatError):
        opened(data)


def heic():
    """A HEIC file as far as the gate reads it: one item of 64 × 64 pixels."""
    size = box(b"ispe", bytes(4), struct.pack(">II", 64, 64))
    meta = box(
        b"meta",
        bytes(4),
        box(b"hdlr", bytes(8), b"pict", bytes(13)),
        box(b"pitm", bytes(4), struct.pack(">H", 1)),
        box(
            b"iinf",
            bytes(4),
            struct.pack(">H", 1),
            box(b"infe", b"\2\0\0\0", struct.pack(">HH4s", 1, 0, b"hvc1"), b"\0"),
        ),
        box(b"iprp", box(b"ipco", size), box(b"ipma", bytes(4), struct.pack(">IHBB", 1, 1, 1, 1))),
    )
    return box(b"ftyp", b"heic", bytes(4), b"mif1heic") + meta + box(b"mdat", bytes(64))


def test_load_heic_without_its_picture_is_broken():
    pytest.importorskip("pi_heif")
    with pytest.raises(BrokenImageError):
        loaded(heic())


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, mmap.mmap])
def test_load_any_buffer_is_referenced_by_the_image(kind, tmp_path):
    for data in (written(".png"), written(".jpg"), written(".tif"), LOSSY["avif"], LOSSLESS["ico, png"]):
        if kind is mmap.mmap:
            path = tmp_path / "original"
            path.write_bytes(data)
            with path.open("rb") as file:
                buffer = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        else:
            buffer = kind(bytes(data))
        image = loaded(buffer)
        del buffer
        gc.collect()
        junk = [os.urandom(len(data)) for _ in range(8)]
        assert image.copy_memory().avg() == loaded(data).avg()
        del junk


def test_load_limits_hold_before_anything_is_decoded():
    for data in (*LOSSLESS.values(), *LOSSY.values()):
        with pytest.raises(LimitError):
            opened(data, limits=ImageLimits(max_src_resolution=WIDTH * HEIGHT - 1))


def test_load_unknown_format_is_refused():
    for data in (b"", b"\0" * 100, b"GIF", b"%!PS-Adobe-3.0", b"P6 1 1 255 abc"):
        with pytest.raises(UnknownFormatError):
            opened(data)


def cut_off(data, lengths):
    """The distinct outcomes of loading the beginning of a file: names of errors, or digests of pixels."""
    found = set()
    for length in lengths:
        try:
            found.add(bytes(loaded(data[:length]).write_to_memory()))
        except ImageError as error:
            found.add(type(error).__name__)
        except pyvips.Error as error:
            found.add(type(map_vips_error(error)).__name__)
    return found


WHOLE_OR_NOTHING = {
    **{f"lossless {name}": data for name, data in LOSSLESS.items()},
    **{f"lossy {name}": data for name, data in LOSSY.items()},
}


@pytest.mark.parametrize("name", WHOLE_OR_NOTHING)
def test_load_file_that_ends_too_soon_is_broken(name):
    data = WHOLE_OR_NOTHING[name]
    whole = bytes(loaded(data).write_to_memory())
    lengths = [*range(0, 64), *range(64, len(data), max(1, len(data) // 150)), len(data) - 1]
    # what follows the pixels (checksums, an end mark) may be missing
    assert cut_off(data, lengths) <= {"UnknownFormatError", "BrokenImageError", whole}


UNINITIALISED = """
import hashlib, sys
from mememime_proxy.errors import ImageError
from mememime_proxy.imaging.codecs.jxl_writer import write_jxl
from mememime_proxy.imaging.codecs.load import open_original
from mememime_proxy.plan import ImageLimits, RenderConfig
import pyvips
data = open(sys.argv[1], "rb").read()
for length in range(20, len(data), max(1, len(data) // 120)):
    for pages in (1, 3):
        try:
            original = open_original(data[:length], ImageLimits(max_animation_frames=9), RenderConfig())
            if original.header.pages < pages:
                continue
            pixels = original.load(pages=pages).write_to_memory()
        except (ImageError, pyvips.Error):
            continue
        print(length, pages, hashlib.sha256(pixels).hexdigest())
"""


@pytest.mark.parametrize("suffix", [".gif", ".webp"])
def test_load_frame_that_ends_too_soon_has_no_pixels_from_memory_used_before(suffix, tmp_path):
    noise = pyvips.Image.gaussnoise(40, 90, mean=128, sigma=60, seed=7).cast("uchar").copy(interpretation="b-w")
    image = with_metadata(noise.colourspace("srgb").copy_memory(), {"page-height": 30})
    path = tmp_path / "animation"
    path.write_bytes(image.write_to_buffer(suffix))
    outputs = [
        subprocess.run(
            [sys.executable, "-c", UNINITIALISED, str(path)],
            env=os.environ | {"MALLOC_PERTURB_": fill},
            capture_output=True,
            text=True,
            check=True,
            timeout=300,
        ).stdout
        for fill in ("1", "254")
    ]
    assert outputs[0] == outputs[1]
    assert suffix == ".webp" or outputs[0]
