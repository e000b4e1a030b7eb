"""Requests to the decoder, recorded by a fake original; real ones are rendered in test_pipeline."""

from dataclasses import dataclass, field

import pytest
import pyvips

from mememime_proxy.geometry.geometry import calculate
from mememime_proxy.imaging.gate.header import ImageHeader
from mememime_proxy.imaging.steps.scale_on_load import scale_on_load
from mememime_proxy.imaging.steps.vector import vector_guard
from mememime_proxy.plan import Crop, ImageLimits, Plan, RenderConfig
from tests.support.pixels import flat, image_of, picture_of


@dataclass
class Recorder:
    """An original that can be loaded at any size."""

    format: str
    width: int
    height: int
    thumbnail: tuple[int, int] | None = None
    orientation: int = 1
    asked: list = field(default_factory=list)

    @property
    def header(self):
        return ImageHeader(
            format=self.format, width=self.width, height=self.height, thumbnail=self.format in ("heic", "avif")
        )

    @property
    def vector(self):
        return self.format == "svg"

    def check_cost(self, scale):
        """Every size is cheap enough."""
        assert scale > 0

    def load(self, *, shrink=1.0, scale=1.0, pages=1, thumbnail=False, gain_map=False):
        self.asked.append("thumbnail" if thumbnail else shrink if scale == 1 else ("scale", scale))
        if thumbnail:
            if self.thumbnail is None:
                raise pyvips.Error("no thumbnail")
            return blank(*self.thumbnail)
        return blank(max(1, round(self.width * scale / shrink)), max(1, round(self.height * scale / shrink)))


def blank(width, height):
    return image_of(flat(1, 1, (0, 0, 0))).embed(0, 0, width, height)


def picture(original, plan, **config):
    geometry = calculate(original.width, original.height, original.orientation, plan, vector=original.vector)
    base = picture_of(blank(original.width, original.height), plan, config=RenderConfig(**config))
    return base.with_changes(decoded=None, geometry=geometry, original=original)


@pytest.mark.parametrize(
    ("width", "shrink"), [(900, 1.0), (801, 1.0), (800, 2), (401, 2), (400, 4), (201, 4), (200, 8), (7, 8)]
)
def test_scale_on_load_jpeg_is_loaded_at_the_largest_step_not_too_small(width, shrink):
    original = Recorder("jpeg", 1600, 1200)
    result = scale_on_load(picture(original, Plan(width=width)))
    assert original.asked == [shrink]
    assert result.decoded.width == 1600 / shrink
    assert result.geometry.width_scale == pytest.approx(width / result.decoded.width)


def test_scale_on_load_webp_is_loaded_at_exactly_the_size():
    original = Recorder("webp", 1600, 1200)
    result = scale_on_load(picture(original, Plan(width=500)))
    assert original.asked == [3.2]
    assert (result.decoded.width, result.decoded.height) == (500, 375)
    assert (result.geometry.width_scale, result.geometry.height_scale) == (1.0, 1.0)


@pytest.mark.parametrize("plan", [Plan(), Plan(width=3200, enlarge=True)])
@pytest.mark.parametrize("format_", ["jpeg", "webp", "png", "avif"])
def test_scale_on_load_nothing_is_loaded_smaller_than_needed(format_, plan):
    original = Recorder(format_, 1600, 1200)
    assert scale_on_load(picture(original, plan)).decoded.width == 1600
    assert original.asked == [1.0]


@pytest.mark.parametrize("format_", ["jpeg", "webp", "avif"])
def test_scale_on_load_can_be_disabled_by_the_operator(format_):
    original = Recorder(format_, 1600, 1200)
    scale_on_load(picture(original, Plan(width=100), disable_shrink_on_load=True))
    assert original.asked == [1.0]


def test_scale_on_load_lesser_reduction_of_the_two_sides_counts():
    original = Recorder("jpeg", 1600, 1600)
    scale_on_load(picture(original, Plan(width=100, height=700, resizing_type="force")))
    assert original.asked == [2]


def test_scale_on_load_scales_the_crop_with_the_picture():
    original = Recorder("jpeg", 1600, 1200)
    result = scale_on_load(picture(original, Plan(crop=Crop(800, 400), width=200)))
    assert original.asked == [4]
    assert (result.geometry.crop_width, result.geometry.crop_height) == (200, 100)


def test_scale_on_load_without_a_loader_returns_the_same_picture():
    base = picture_of(blank(1600, 1200), Plan(width=10))
    assert scale_on_load(base) is base


@pytest.mark.parametrize(
    ("thumbnail", "used"), [((400, 300), True), ((200, 150), True), ((199, 149), False), (None, False)]
)
def test_scale_on_load_large_enough_thumbnail_is_used(thumbnail, used):
    original = Recorder("heic", 1600, 1200, thumbnail)
    result = scale_on_load(picture(original, Plan(width=200)))
    assert result.decoded.width == (thumbnail[0] if used else 1600)
    assert original.asked == ["thumbnail"] if used else ["thumbnail", 1.0]
    assert result.decoded.width * result.geometry.width_scale == pytest.approx(200)


def test_scale_on_load_thumbnail_as_large_as_the_picture_is_not_used():
    original = Recorder("avif", 1600, 1200, (1600, 1200))
    scale_on_load(picture(original, Plan(width=200)))
    assert original.asked == ["thumbnail", 1.0]


@pytest.mark.parametrize("width", [100, 3200])
def test_scale_on_load_drawing_is_rasterised_at_the_size_of_the_result(width):
    original = Recorder("svg", 800, 600)
    result = scale_on_load(picture(original, Plan(width=width)))
    assert original.asked == [("scale", width / 800)]
    assert result.decoded.width == width
    assert result.geometry.width_scale == 1


def test_scale_on_load_drawing_at_its_own_size_is_rasterised_once():
    original = Recorder("svg", 800, 600)
    assert scale_on_load(vector_guard(picture(original, Plan()))).decoded.width == 800
    assert original.asked == [1.0]


def test_scale_on_load_huge_drawing_is_measured_within_the_limit():
    original = Recorder("svg", 20000, 10000)
    plan = Plan(limits=ImageLimits(max_src_resolution=500_000))
    result = vector_guard(picture(original, plan))
    assert (result.decoded.width, result.decoded.height) == (1000, 500)
    assert (result.geometry.source_width, result.geometry.source_height) == (1000, 500)
    assert scale_on_load(result).decoded.width == 1000
    assert len(original.asked) == 2


def test_scale_on_load_huge_drawing_is_rasterised_at_the_size_of_the_result_all_the_same():
    original = Recorder("svg", 20000, 10000)
    plan = Plan(limits=ImageLimits(max_src_resolution=500_000), width=200)
    result = scale_on_load(vector_guard(picture(original, plan)))
    assert original.asked[-1] == ("scale", pytest.approx(0.01))
    assert (result.decoded.width, result.decoded.height) == (200, 100)


def test_scale_on_load_no_guard_for_pixels():
    base = picture(Recorder("png", 20000, 10000), Plan(limits=ImageLimits(max_src_resolution=10)))
    assert vector_guard(base) is base
