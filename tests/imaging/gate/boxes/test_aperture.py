"""P15: the clean aperture of AVIF and HEIC, alone and with rotations, valid and not, in pictures and sequences."""

import io
import struct
from functools import cache
from pathlib import Path

import pytest
import pyvips
from PIL import Image

from mememime_proxy.errors import BrokenImageError, LimitError
from mememime_proxy.imaging.codecs.load import open_original
from mememime_proxy.imaging.pipeline import Renderer
from mememime_proxy.plan import ImageLimits, Plan, RenderConfig
from tests.support.heif_editor import aperture, clap, with_entry_properties, with_properties
from tests.support.malformed_images import exif, header_of

WIDTH, HEIGHT = 40, 32
DATA = Path(__file__).parents[3] / "data"


def slopes(width: int = WIDTH, height: int = HEIGHT, add: int = 0) -> Image.Image:
    """A picture whose pixels tell their place: red is six times the column, green six times the row."""
    image = Image.new("RGB", (width, height))
    for x in range(width):
        for y in range(height):
            image.putpixel((x, y), (6 * x, 6 * y, 60 + add))
    return image


@cache
def avif(orientation: int = 1, frames: int = 1) -> bytes:
    out = io.BytesIO()
    more = {"save_all": True, "append_images": [slopes(add=60)] * (frames - 1)} if frames > 1 else {}
    slopes().save(out, "AVIF", quality=100, subsampling="4:4:4", speed=9, exif=exif(orientation), **more)
    return out.getvalue()


def loaded(data: bytes, *, hdr: bool = False) -> pyvips.Image:
    image = open_original(data, ImageLimits(), RenderConfig(), preserve_hdr=hdr).load()
    header = header_of(data)
    assert (image.width, image.height) == (header.width, header.height)
    return image


def places(data: bytes) -> list[tuple[int, int]]:
    """Columns and rows of the stored picture in the upper left and lower right corners."""
    image = loaded(data)
    corners = [image.getpoint(0, 0), image.getpoint(image.width - 1, image.height - 1)]
    return [(round(red / 6), round(green / 6)) for red, green, *_ in corners]


@pytest.mark.parametrize(
    "area", [(10, 8, 0, 0), (10, 8, 2, 4), (11, 7, 3, 5), (1, 1, 39, 31), (40, 31, 0, 1), (39, 32, 1, 0)]
)
def test_p15_aperture_is_cut_out(area):
    width, height, left, top = area
    data = with_properties(avif(), [aperture(*area, WIDTH, HEIGHT)])
    image = loaded(data)
    assert (image.width, image.height) == (width, height)
    assert places(data) == [(left, top), (left + width - 1, top + height - 1)]


ROTATIONS = {
    1: [(2, 4), (11, 11)], 2: [(11, 4), (2, 11)], 3: [(11, 11), (2, 4)], 4: [(2, 11), (11, 4)],
    5: [(2, 4), (11, 11)], 6: [(2, 11), (11, 4)], 7: [(11, 11), (2, 4)], 8: [(11, 4), (2, 11)],
}  # fmt: skip
"""The stored places in the upper left and lower right, by the orientation that ``irot`` and ``imir`` make."""


@pytest.mark.parametrize("orientation", ROTATIONS)
def test_p15_aperture_is_cut_before_the_rotation(orientation):
    data = with_properties(avif(orientation), [aperture(10, 8, 2, 4, WIDTH, HEIGHT)])
    assert places(data) == ROTATIONS[orientation]
    header = header_of(data)
    assert (header.width, header.height) == ((8, 10) if orientation > 4 else (10, 8))


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_p15_aperture_behind_the_rotation_is_of_the_rotated_picture(orientation):
    full = (HEIGHT, WIDTH) if orientation > 4 else (WIDTH, HEIGHT)
    data = with_properties(avif(orientation), [aperture(8, 10, 3, 2, *full)], last=True)
    whole = loaded(avif(orientation))
    assert loaded(data).write_to_memory() == whole.crop(3, 2, 8, 10).write_to_memory()


def test_p15_aperture_of_a_picture_with_alpha():
    picture = slopes()
    picture.putalpha(Image.linear_gradient("L").resize(picture.size))
    out = io.BytesIO()
    picture.save(out, "AVIF", quality=100, subsampling="4:4:4")
    image = loaded(with_properties(out.getvalue(), [aperture(10, 8, 2, 4, WIDTH, HEIGHT)]))
    assert (image.width, image.height, image.bands) == (10, 8, 4)
    assert image.write_to_memory() == loaded(out.getvalue()).crop(2, 4, 10, 8).write_to_memory()


@pytest.mark.parametrize(
    ("numbers", "area"),
    [
        ((20, 2, 16, 2, -26, 2, -16, 2), (2, 4, 10, 8)),
        ((30, 3, 24, 3, -39, 3, -24, 3), (2, 4, 10, 8)),
        ((11, 1, 7, 1, -23, 2, -15, 2), (3, 5, 11, 7)),
        ((10, 1, 8, 1, 0, 7, 0, 9), (15, 12, 10, 8)),
        ((21, 2, 17, 2, 0, 1, 0, 1), (14, 11, 11, 9)),
        ((40, 1, 32, 1, 0, 1, 0, 1), (0, 0, 40, 32)),
    ],
    ids=str,
)
def test_p15_aperture_in_fractions(numbers, area):
    left, top, width, height = area
    data = with_properties(avif(), [clap(*numbers)])
    assert places(data) == [(left, top), (left + width - 1, top + height - 1)]


WRONG = {
    "no denominator": (10, 0, 8, 1, 0, 1, 0, 1),
    "no denominator of an offset": (10, 1, 8, 1, 0, 1, 0, 0),
    "no width": (0, 1, 8, 1, 0, 1, 0, 1),
    "wider": (41, 1, 8, 1, 0, 1, 0, 1),
    "higher": (10, 1, 1000, 1, 0, 1, 0, 1),
    "beyond the right": (10, 1, 8, 1, 16, 1, 0, 1),
    "beyond the top": (10, 1, 8, 1, 0, 1, -13, 1),
    "far away": (10, 1, 8, 1, 2000, 1, 0, 1),
    "huge": (0xFFFFFFFF, 1, 0xFFFFFFFF, 1, 0, 1, 0, 1),
}


@pytest.mark.parametrize("name", WRONG)
def test_p15_wrong_aperture_is_ignored(name):
    assert places(with_properties(avif(), [clap(*WRONG[name])])) == [(0, 0), (39, 31)]


def test_p15_aperture_cut_short_is_a_broken_file():
    short = struct.pack(">I4s", 28, b"clap") + bytes(20)
    with pytest.raises(BrokenImageError):
        loaded(with_properties(avif(), [short]))


@pytest.mark.parametrize("name", ["plain", "turned", "clear", "deep"])
@pytest.mark.parametrize("hdr", [False, True])
def test_p15_aperture_of_heic(name, hdr):
    data = (DATA / f"{name}.heic").read_bytes()
    whole = loaded(data, hdr=hdr)
    stored = (whole.height, whole.width) if name == "turned" else (whole.width, whole.height)
    cut = loaded(with_properties(data, [aperture(20, 12, 4, 6, *stored)]), hdr=hdr)
    assert sorted((cut.width, cut.height)) == [12, 20]
    places_of = [
        (left, top)
        for left in range(whole.width - cut.width + 1)
        for top in range(whole.height - cut.height + 1)
        if whole.crop(left, top, cut.width, cut.height).write_to_memory() == cut.write_to_memory()
    ]
    expected = (4, 6) if name != "turned" else (whole.width - 6 - 12, 4)
    assert expected in places_of or (6, whole.height - 4 - 20) in places_of
    for numbers in WRONG.values():
        if numbers[0] > 1000 or numbers[1] == 0 or numbers[0] == 0:
            again = loaded(with_properties(data, [clap(*numbers)]), hdr=hdr)
            assert again.write_to_memory() == whole.write_to_memory()


def test_p15_deep_avif_is_cut_by_the_same_rule():
    image = pyvips.Image.new_from_memory(slopes().tobytes(), WIDTH, HEIGHT, 3, "uchar").copy(interpretation="srgb")
    data = (
        (image.cast("ushort") * 257)
        .cast("ushort")
        .copy(interpretation="rgb16")
        .heifsave_buffer(compression="av1", bitdepth=10, Q=100, subsample_mode="off")
    )
    cut = loaded(with_properties(data, [aperture(10, 8, 2, 4, WIDTH, HEIGHT)]), hdr=True)
    assert (cut.width, cut.height, cut.format) == (10, 8, "ushort")
    assert [round(v / 257 / 6) for v in cut.getpoint(0, 0)[:2]] == [2, 4]
    wrong = loaded(with_properties(data, [clap(*WRONG["far away"])]), hdr=True)
    assert (wrong.width, wrong.height) == (WIDTH, HEIGHT)


def test_p15_sequence_has_the_aperture_of_its_track():
    data = with_entry_properties(avif(frames=3), [aperture(10, 8, 2, 4, WIDTH, HEIGHT)])
    assert header_of(data).sequence
    assert places(data) == [(2, 4), (11, 11)]
    item_only = with_properties(avif(frames=3), [aperture(10, 8, 2, 4, WIDTH, HEIGHT)])
    assert places(item_only) == [(0, 0), (39, 31)]
    assert places(with_entry_properties(avif(frames=3), [clap(*WRONG["wider"])])) == [(0, 0), (39, 31)]


@pytest.mark.parametrize("options", [{}, {"width": 5}, {"rotate": 90}, {"enforce_thumbnail": True}])
def test_p15_results_and_facts_have_the_size_of_the_aperture(options):
    data = with_properties(avif(6), [aperture(10, 8, 2, 4, WIDTH, HEIGHT)])
    variant = Renderer(RenderConfig()).render(data, Plan(format="png", **options))
    assert (variant.source_width, variant.source_height) == (8, 10)
    expected = {(): (8, 10), ("width",): (5, 6), ("rotate",): (10, 8), ("enforce_thumbnail",): (8, 10)}[tuple(options)]
    assert Image.open(io.BytesIO(bytes(variant.body))).size == expected


def test_p15_limit_counts_the_whole_picture():
    data = with_properties(avif(), [aperture(2, 2, 0, 0, WIDTH, HEIGHT)])
    with pytest.raises(LimitError):
        header_of(data, ImageLimits(max_src_resolution=1000))


def test_p15_limit_counts_the_whole_picture_of_a_track():
    data = bytearray(with_entry_properties(avif(frames=2), [aperture(2, 2, 0, 0, 4000, 3000)]))
    entry = data.find(b"av01", data.find(b"stsd")) + 4
    struct.pack_into(">HH", data, entry + 24, 4000, 3000)
    assert header_of(bytes(data)).width == 2
    with pytest.raises(LimitError):
        header_of(bytes(data), ImageLimits(max_src_resolution=1_000_000))


def test_p15_bytes_without_an_aperture_are_not_copied():
    data = avif()
    assert open_original(data, ImageLimits(), RenderConfig()).data is data
