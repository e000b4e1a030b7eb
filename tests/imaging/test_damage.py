"""Files that are cut short, altered or made up: each ends in a picture or in an error of the image, nothing else."""

import io
import random
import struct
import tracemalloc
import zlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops

from mememime_proxy.errors import BrokenImageError, ImageError, UnknownFormatError
from mememime_proxy.formats import FORMATS
from mememime_proxy.imaging.damage.model import padded
from mememime_proxy.imaging.gate import inspect as walk
from mememime_proxy.imaging.pipeline import Renderer
from mememime_proxy.plan import ImageLimits, Plan, RenderConfig
from tests.support import damage_trials
from tests.support.damage_samples import FILES, HEIGHT, WIDTH, by_pillow, flipped, noise, zeroed
from tests.support.tiff_writer import tiled

STRICT = Renderer(RenderConfig(fail_on="error"))
RENDERER = Renderer(RenderConfig())
PLAN = Plan(width=20, format="png", limits=ImageLimits(max_src_resolution=1_000_000))
WHOLE = Plan(format="png", limits=PLAN.limits)


@pytest.fixture(scope="module", params=FILES)
def data(request):
    return FILES[request.param]()


def outcome(data, renderer=STRICT):
    """The width of the variant, or the kind of error; anything that is not the image's fault fails the test."""
    try:
        return renderer.render(data, PLAN).width
    except ImageError as error:
        return type(error)


def shown(data, renderer=RENDERER):
    """Damage and pixels of the variant of the picture as a whole."""
    variant = renderer.render(data, WHOLE)
    return variant.damage, Image.open(io.BytesIO(bytes(variant.body))).convert("RGBA")


def test_renderer_intact_files_are_rendered(data):
    assert outcome(data) == 20


@pytest.mark.parametrize("name", sorted(FILES.keys() - {"gif-animation"}))  # its first frame is whole
def test_renderer_file_cut_short_is_refused_where_the_operator_wants_that(name):
    data = FILES[name]()
    rng = random.Random(2)
    lengths = {0, 1, 2, 8, 30, len(data) // 2, len(data) * 9 // 10}
    lengths |= {rng.randrange(len(data) - 2) for _ in range(12)}
    found = {length: outcome(data[:length]) for length in lengths}
    # the last tenth may be metadata, padding or the mark at the end, which tell nothing about pixels
    assert [length for length, result in found.items() if result == 20 and length < len(data) * 0.9] == []


def test_renderer_altered_bytes_give_a_picture_or_an_error_of_the_image(data):
    rng = random.Random(3)
    for _ in range(40):
        altered = bytearray(data)
        for _ in range(rng.choice([1, 2, 8])):
            altered[rng.randrange(len(data) if rng.random() < 0.5 else min(len(data), 200))] = rng.randrange(256)
        outcome(bytes(altered))
        outcome(bytes(altered), RENDERER)


STARTS = (
    b"\xff\xd8\xff",
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
    b"GIF89a",
    b"RIFF\xff\xff\x00\x00WEBPVP8X\x0a\x00\x00\x00",
    b"\x00\x00\x00\x18ftypavif\x00\x00\x00\x00mif1avif",
    b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic",
    b"II*\x00\x08\x00\x00\x00",
    b"MM\x00+\x00\x08\x00\x00",
    b"\x00\x00\x01\x00\x01\x00",
    b"BM\x00\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00\x28\x00\x00\x00",
    b"\xff\x0a",
    b"8BPS\x00\x01" + bytes(6),
    b'<svg xmlns="http://www.w3.org/2000/svg" ',
    b"",
)


@given(st.sampled_from(STARTS), st.binary(max_size=200))
def test_renderer_signature_with_random_bytes_has_a_known_outcome(start, rest):
    outcome(start + rest)
    outcome(start + rest, RENDERER)


def test_renderer_tiff_with_missing_strips_is_refused():
    data = by_pillow("TIFF")
    with pytest.raises(BrokenImageError):
        STRICT.render(data[: len(data) * 2 // 3], PLAN)


@pytest.mark.parametrize(
    "data",
    [
        b"\xb6\xa6\xf2\x08" + bytes(60),
        b"P6\n1 1\n255\n\x00\x00\x00",
        b"1,2\n3,4\n",
        b"MATLAB 5.0 MAT-file" + bytes(120),
        b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 1 +X 1\n" + bytes(4),
        b"%!PS-Adobe-3.0 EPSF-3.0\n",
        b"push graphic-context\nimage over 0,0 0,0 'https://127.0.0.1/'\n",
        b"\x00\x00\x00\x0cjP  \r\n\x87\n" + bytes(40),
    ],
    ids=["vips", "ppm", "csv", "mat", "hdr", "eps", "mvg", "jp2"],
)
def test_renderer_unsupported_format_is_unknown(data):
    assert outcome(data) is UnknownFormatError


def test_renderer_every_raster_format_has_a_damaged_file_here():
    kinds = {RENDERER.render(make(), PLAN).source_format for make in FILES.values()}
    assert kinds == {name for name, format_ in FORMATS.items() if format_.readable and not format_.vector}


@pytest.mark.parametrize("share", [0.6, 0.9])
def test_i1_tiff_in_tiles_cut_short_is_marked_and_shows_the_tiles_that_are_there(share):
    picture = noise().crop((0, 0, 64, 32))
    lines = list(picture.get_flattened_data())
    data = tiled([lines[at : at + 64] for at in range(0, 64 * 32, 64)], 16)
    assert shown(data)[0] == ""
    damage, pixels = shown(data[: int(len(data) * share)])
    rows = (0, 0, 64, 16)
    difference = ImageChops.difference(pixels.convert("RGB").crop(rows), picture.crop(rows))
    assert (damage, difference.getbbox()) == ("truncated", None)
    with pytest.raises(BrokenImageError):
        STRICT.render(data[: int(len(data) * share)], PLAN)


def test_i1_avif_cut_anywhere_in_its_last_two_thirds_is_shown():
    data = by_pillow("AVIF", noise())
    lengths = range(len(data) // 3, len(data), len(data) // 30)
    assert {shown(data[:length])[0] for length in lengths} == {"truncated"}


def test_i1_avif_sequence_cut_in_a_later_frame_shows_the_first():
    data = by_pillow("AVIF", noise(), save_all=True, append_images=[noise().rotate(180)])
    damage, pixels = shown(data[:-3])
    assert damage == "truncated"
    assert ImageChops.difference(pixels, shown(data)[1]).getbbox() is None


CUT = ("jpeg", "optimized", "restarts", "progressive", "gray", "cmyk", "png", "alpha", "sixteen", "palette",
       "lossless", "tiff", "gif")  # fmt: skip
"""Samples whose rows or blocks come from top to bottom, or from coarse to fine."""


@pytest.mark.parametrize("name", CUT)
@pytest.mark.parametrize("share", [0.7, 0.9])
def test_i1_file_cut_short_shows_the_part_that_is_there(name, share):
    data = FILES[name]()
    damage, pixels = shown(data[: int(len(data) * share)])
    _, whole = shown(data)
    assert (damage, pixels.size) == ("truncated", whole.size)
    # 700 bytes of a JPEG are tables, and its blocks are 16 pixels high
    rows = (0, 0, whole.width, max(4, int(whole.height * share) - 25))
    difference = ImageChops.difference(pixels.convert("RGB").crop(rows), whole.convert("RGB").crop(rows))
    assert name == "progressive" or difference.getbbox() is None


@pytest.mark.parametrize(
    "name",
    [
        "interlaced",
        "webp",
        "translucent",
        "webp-animation",
        "gif-animation",
        "avif",
        "bmp",
        "bmp-palette",
        "interlaced-gif",
    ],
)
def test_i1_file_cut_short_is_shown_as_far_as_its_decoder_can(name):
    data = FILES[name]()
    damage, pixels = shown(data[: len(data) * 9 // 10])
    assert (damage, pixels.size) == ("" if name == "gif-animation" else "truncated", (WIDTH, HEIGHT))


@pytest.mark.parametrize("name", ["gif-animation", "webp-animation"])
def test_i1_animation_cut_short_keeps_its_whole_frames(name):
    data = FILES[name]()
    plan = replace(WHOLE, format="gif", limits=replace(WHOLE.limits, max_animation_frames=10))
    whole, cut = (RENDERER.render(part, plan) for part in (data, data[: len(data) * 6 // 10]))
    assert (whole.damage, whole.pages) == ("", 4)
    assert (cut.damage, cut.pages) in {("truncated", 2), ("truncated", 3)}
    with pytest.raises(BrokenImageError):
        Renderer(RenderConfig(fail_on="truncated")).render(data[: len(data) * 6 // 10], plan)


@pytest.mark.parametrize("name", ["jpeg", "progressive", "optimized", "restarts"])
def test_i1_jpeg_cut_at_any_byte_after_its_header_is_shown(name):
    data = FILES[name]()
    for length in range(data.index(b"\xff\xda") + 20, len(data), 3):
        variant = RENDERER.render(data[:length], PLAN)
        assert (variant.width, variant.damage) == (20, "truncated")


def test_i1_jpeg_with_a_later_table_that_is_invalid_shows_the_scans_before_it():
    data = FILES["progressive"]()
    at = data.rindex(b"\xff\xc4") + 5
    assert shown(data[:at] + b"\xff" + data[at + 1 :])[0] == "corrupt"


def test_i1_png_with_a_wrong_checksum_is_shown_whole():
    data = FILES["png"]()
    at = data.index(b"IDAT")
    (length,) = struct.unpack_from(">I", data, at - 4)
    wrong = data[: at + 4 + length] + bytes(4) + data[at + 8 + length :]
    damage, pixels = shown(wrong)
    assert (damage, pixels) == ("corrupt", shown(data)[1])


def test_i1_gif_without_its_last_two_bytes_is_shown_whole():
    data = FILES["gif"]()
    damage, pixels = shown(data[:-2])
    assert (damage, pixels) == ("truncated", shown(data)[1])


@pytest.mark.parametrize(
    "name", ["jpeg", "png", "interlaced", "palette", "gif", "webp", "tiff", "deflate", "avif", "ico"]
)
def test_i1_flipped_byte_in_the_pixels_costs_no_more_than_the_pixels_after_it(name):
    data = FILES[name]()
    assert shown(flipped(data, 0.7))[1].size in {(WIDTH, HEIGHT), (32, 32)}


@pytest.mark.parametrize("level", ["none", "truncated", "error", "warning"])
def test_i1_fail_on_sets_the_least_damage_that_is_refused(level):
    jpeg = FILES["progressive"]()
    png = FILES["png"]()
    files = {"truncated": png[: len(png) // 2], "error": flipped(png, 0.5), "warning": zeroed(jpeg, 0.6, 0.7)}
    renderer = Renderer(RenderConfig(fail_on=level))
    order = ["truncated", "error", "warning"]
    refused = {name for name, data in files.items() if outcome(data, renderer) is BrokenImageError}
    assert refused == (set() if level == "none" else set(order[: order.index(level) + 1]))


def test_i1_warnings_of_a_decoder_mark_the_variant():
    assert RENDERER.render(zeroed(FILES["progressive"](), 0.6, 0.7), PLAN).damage == "corrupt"
    assert RENDERER.render(FILES["progressive"](), PLAN).damage == ""


def test_i1_padding_before_the_end_marker_is_no_damage():
    data = FILES["jpeg"]()
    variant = RENDERER.render(data[:-2] + bytes(3) + data[-2:], PLAN)
    assert (variant.width, variant.damage) == (20, "")


def test_i1_header_that_claims_more_than_the_file_can_hold_stays_refused():
    ihdr = struct.pack(">IIBBBBB", 7000, 7000, 8, 6, 0, 0, 0)
    chunks = ((b"IHDR", ihdr), (b"IDAT", bytes(100)), (b"IEND", b""))
    data = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )
    with pytest.raises(BrokenImageError, match="too little data"):
        RENDERER.render(data, Plan())


def bmp_of(side, body):
    head = struct.pack("<IHHI", 0, 0, 0, 54) + struct.pack("<IiiHHIIiiII", 40, side, side, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + head + body


def png_of(side, share):
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    packed = zlib.compress(bytes(int(share * side * (3 * side + 1))), 0)[:-6]
    parts = ((b"IHDR", head), (b"IDAT", packed), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in parts
    )


@pytest.mark.parametrize("make", [lambda share: bmp_of(990, bytes(int(share * 3 * 990**2))), lambda s: png_of(990, s)])
def test_i1_less_than_a_sixty_fourth_of_a_picture_is_refused(make):
    """A few bytes would be completed to as many as the largest picture has."""
    assert shown(make(1 / 40))[0] in {"truncated", "corrupt"}
    with pytest.raises(BrokenImageError):
        RENDERER.render(make(1 / 100), WHOLE)


def test_i1_zeros_take_no_memory_before_they_are_read():
    header = walk(bmp_of(2000, bytes(9)), ImageLimits(), RenderConfig())[0]
    data = memoryview(bytes(200_000))
    tracemalloc.start()
    assert len(padded(data, 11_000_000, header).data) == 11_000_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12_000_000
    assert padded(data, 13_000_000, header).data is data


@pytest.mark.parametrize("name", ["jpeg", "progressive", "gray", "cmyk", "restarts"])
def test_p17_jpeg_without_its_end_marker_is_shown_whole(name):
    data = FILES[name]()
    damage, pixels = shown(data.removesuffix(b"\xff\xd9"))
    assert (damage, pixels) == ("truncated", shown(data)[1])


def test_p21_messages_of_another_job_do_not_decide_about_an_error():
    broken = FILES["png"]()[:60]
    RENDERER.render(zeroed(FILES["progressive"](), 0.6, 0.7), PLAN)  # leaves libjpeg's warnings in libvips' buffer
    with pytest.raises(BrokenImageError) as caught:
        STRICT.render(broken, PLAN)
    assert "VipsJpeg" not in caught.value.detail
    RENDERER.render(zeroed(FILES["progressive"](), 0.6, 0.7), PLAN)
    assert RENDERER.render(FILES["jpeg"](), PLAN).damage == ""


def test_c10_truncated_originals_show_no_uninitialised_memory():
    """A sample of ``make trials``; see there for every truncation."""
    shown_count, different = damage_trials.compare(step=97)
    assert different == []
    assert shown_count > 200
