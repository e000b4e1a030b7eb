"""The estimate of a job's cost."""

from __future__ import annotations

import struct
import sys
from contextlib import suppress
from dataclasses import replace

import msgspec
import pytest

from mememime_proxy.cost import Cost, JobClass
from mememime_proxy.errors import ImageError
from mememime_proxy.formats.effects_plan import Watermark
from mememime_proxy.formats.output_plan import Autoquality
from mememime_proxy.geometry.geometry import calculate
from mememime_proxy.imaging.analysis.inspection import inspect
from mememime_proxy.imaging.analysis.repack import available, repack
from mememime_proxy.imaging.cost.estimate import estimate_render
from mememime_proxy.imaging.gate.header import ImageHeader
from mememime_proxy.imaging.pipeline import Renderer
from mememime_proxy.plan import (
    Crop,
    Extend,
    Gravity,
    GravityType,
    ImageLimits,
    Padding,
    Plan,
    RenderConfig,
    ResizingType,
    Trim,
)
from tests.support.pixels import flat, image_of

JOBS = {
    "render": lambda data, approve: Renderer(RenderConfig()).render(data, Plan(width=10, format="jpeg"), approve),
    "copy": lambda data, approve: Renderer(RenderConfig()).render(data, Plan(skip_processing=("png",)), approve),
    "inspection": lambda data, approve: inspect(data, ImageLimits(), RenderConfig(), approve),
    "repack": lambda data, approve: repack(data, ImageLimits(), RenderConfig(), approve),
}

PNG = image_of(flat(64, 64, (1, 2, 3))).pngsave_buffer()


class RefusalError(Exception):
    pass


@pytest.mark.parametrize("kind", JOBS)
def test_a_job_is_approved_before_it_is_done(kind):
    if kind == "repack" and not available():
        pytest.skip("needs the extra repack")
    costs = []

    def refuse(cost):
        costs.append(cost)
        raise RefusalError

    with pytest.raises(RefusalError):
        JOBS[kind](PNG, refuse)
    (cost,) = costs
    assert cost.job_class is JobClass.SMALL
    assert cost.cpu > 0
    assert cost.memory > 0


def cost_of(data, plan, config=None):
    """The cost that a render is approved for."""
    costs = []
    Renderer(config or RenderConfig()).render(data, plan, costs.append)
    return costs


def test_a_render_is_approved_once():
    assert len(cost_of(PNG, Plan(width=10))) == 1


def test_what_trimming_makes_larger_is_approved_again():
    rows = [[(255, 255, 255)] * 100 for _ in range(100)]
    for row in rows[20:80]:
        row[40:45] = [(0, 0, 0)] * 5
    data = image_of(rows).pngsave_buffer()
    first, second = cost_of(data, Plan(width=200, enlarge=True, trim=Trim(10), format="bmp"))
    assert second.result > 4 * first.result
    assert len(cost_of(data, Plan(trim=Trim(10)))) == 1


def test_an_unknown_alpha_is_found_out_after_approval():
    bitmap = struct.pack("<2sIHHI", b"BM", 54 + 16, 0, 0, 54) + struct.pack("<IiiHHIIiiII", 40, 2, 2, 1, 32, *[0] * 6)
    data = bitmap + bytes([1, 2, 3, 0] * 4)

    def refuse(_cost):
        raise RefusalError

    with pytest.raises(RefusalError):
        Renderer(RenderConfig()).render(data, Plan(), refuse)
    assert Renderer(RenderConfig()).render(data, Plan()).format == "jpeg"


CHEAP = Plan(width=300, height=200, format="jpeg")
GIF = replace(CHEAP, format="gif")
BASE = ImageHeader(format="jpeg", width=2000, height=1500, bands=3, alpha=False, icc=False, subsampling=1.5)


def estimate(header=BASE, plan=CHEAP, config=None, size=500_000, frames=1, watermark=None):
    geometry = calculate(header.width, header.height, header.orientation, plan)
    config = config or RenderConfig()
    return estimate_render(
        header, size, plan, config, plan.format, frames, [geometry], {"": watermark} if watermark else {}
    )


@pytest.mark.parametrize(
    "change",
    [
        {"header": replace(BASE, width=4000, height=3000)},
        {"header": replace(BASE, progressive=True)},
        {"header": replace(BASE, format="png", bands=4, alpha=True, bit_depth=16, subsampling=0.0)},
        {"header": replace(BASE, format="png", progressive=True, subsampling=0.0)},
        {"header": replace(BASE, format="avif", bit_depth=10)},
        {"header": replace(BASE, format="heic")},
        {"header": replace(BASE, format="jxl")},
        {"header": replace(BASE, format="webp", coding="lossless")},
        {"header": replace(BASE, format="tiff", coding="5", strip_pixels=2_000_000)},
        {"header": replace(BASE, format="gif", pages=9, animated=True), "plan": GIF, "frames": 9},
        {"config": RenderConfig(disable_shrink_on_load=True)},
        {"plan": replace(CHEAP, width=1000, height=700)},
        {"plan": replace(CHEAP, width=9000, height=9000, enlarge=True)},
        {"plan": replace(CHEAP, dpr=8, enlarge=True)},
        {"plan": replace(CHEAP, zoom_x=30, zoom_y=30, enlarge=True)},
        {"plan": replace(CHEAP, padding=Padding(5000, 5000, 5000, 5000))},
        {"plan": replace(CHEAP, width=5000, height=5000, extend=Extend(enabled=True))},
        {"plan": replace(CHEAP, trim=Trim(10))},
        {"plan": replace(CHEAP, gravity=Gravity(GravityType.SMART), resizing_type=ResizingType.FILL)},
        {"plan": replace(CHEAP, crop=Crop(900, 900, Gravity(GravityType.SMART)))},
        {"plan": replace(CHEAP, rotate=90, width=2000, height=1500)},
        {"plan": replace(CHEAP, blur=5)},
        {"plan": replace(CHEAP, sharpen=5)},
        {"plan": replace(CHEAP, pixelate=5)},
        {"plan": replace(CHEAP, watermark=Watermark(1.0)), "watermark": BASE},
        {"plan": replace(CHEAP, watermark=Watermark(1.0, scale=1.0)), "watermark": BASE},
        {"plan": replace(CHEAP, max_bytes=1000)},
        {"plan": replace(CHEAP, autoquality=Autoquality("ssim2"))},
        {"plan": replace(CHEAP, autoquality=Autoquality("size", 9000))},
        {"plan": replace(CHEAP, format="avif")},
        {"plan": replace(CHEAP, format="jxl", quality=100)},
        {"plan": replace(CHEAP, format="gif")},
        {"plan": replace(CHEAP, quality=100)},
    ],
    ids=lambda change: str(next(iter(change.values())))[:60],
)  # fmt: skip
def test_h11_what_makes_a_job_costlier_counts(change):
    plain, costly = estimate(), estimate(**change)
    assert costly.cpu > plain.cpu
    assert costly.memory >= plain.memory or costly.result > plain.result


@pytest.mark.parametrize(
    ("header", "config", "plan"),
    [
        (replace(BASE, progressive=True, scans=100), RenderConfig(), CHEAP),
        (BASE, RenderConfig(jpeg_progressive=True), CHEAP),
        (BASE, RenderConfig(avif_speed=0), replace(CHEAP, format="avif")),
        (BASE, RenderConfig(jxl_effort=9), replace(CHEAP, format="jxl")),
        (BASE, RenderConfig(webp_effort=6), replace(CHEAP, format="webp")),
        (BASE, RenderConfig(png_quantize=True), replace(CHEAP, format="png")),
        (BASE, RenderConfig(use_linear_colorspace=True), CHEAP),
    ],
)
def test_scans_and_settings_of_the_operator_count(header, config, plan):
    usual = estimate(replace(header, scans=1) if header.progressive else BASE, plan)
    costly = estimate(header, plan, config)
    assert costly.cpu > usual.cpu or costly.result > usual.result


def test_metadata_that_stays_counts_as_part_of_the_result():
    assert estimate(plan=replace(CHEAP, strip_color_profile=False)).result > estimate().result + 500_000


def test_strength_beyond_what_a_filter_does_costs_no_more():
    assert estimate(plan=replace(CHEAP, blur=1e6)) == estimate(plan=replace(CHEAP, blur=100))
    assert estimate(plan=replace(CHEAP, sharpen=1e6)) == estimate(plan=replace(CHEAP, sharpen=10))


@pytest.mark.parametrize(
    ("header", "plan", "job_class"),
    [
        (BASE, CHEAP, JobClass.SMALL),
        (BASE, replace(CHEAP, width=2000, height=1500, quality=95, sharpen=9), JobClass.LARGE),
        (replace(BASE, format="avif", width=3000, height=2000), CHEAP, JobClass.MODERN),
        (
            replace(BASE, format="svg", width=4000, height=4000),
            replace(CHEAP, width=4000, height=4000),
            JobClass.VECTOR,
        ),
        (replace(BASE, width=100, height=80), replace(CHEAP, format="avif", width=50, height=40), JobClass.SMALL),
    ],
)
def test_class_goes_by_cost_first(header, plan, job_class):
    assert estimate(header, plan).job_class is job_class


def test_animations_are_a_class():
    header = replace(BASE, format="gif", pages=50, animated=True)
    assert estimate(header, replace(CHEAP, format="gif"), frames=50).job_class is JobClass.ANIMATION


def test_an_estimate_takes_microseconds():
    """Counted in calls of functions, since times depend on what else runs."""
    calls = 0

    def count(_frame, event, _argument):
        nonlocal calls
        calls += event in ("call", "c_call")

    geometry = calculate(BASE.width, BASE.height, 1, CHEAP)
    sys.setprofile(count)
    try:
        estimate_render(BASE, 500_000, CHEAP, RenderConfig(), "jpeg", 1, [geometry])
    finally:
        sys.setprofile(None)
    assert calls < 120


def test_a_drawing_costs_what_it_is_drawn_at():
    drawing = b'<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d"><rect width="9" height="9"/></svg>'
    (small,) = cost_of(drawing % (20, 20), Plan(format="bmp"))
    (enlarged,) = cost_of(drawing % (20, 20), Plan(width=900, format="bmp"))
    assert enlarged.result > 100 * (small.result - (128 << 10))
    limits = ImageLimits(max_src_resolution=1_000_000)
    (huge,) = cost_of(drawing % (900_000, 900_000), Plan(format="bmp", limits=limits))
    assert huge.result < 5_000_000


def test_colours_of_a_palette_cost_less_than_those_that_scaling_makes():
    header = replace(BASE, format="gif", bands=1, palette=True, subsampling=0.0)
    same = estimate(header, Plan(format="gif"), size=3_000_000)
    assert estimate(header, Plan(width=1900, format="gif"), size=3_000_000).cpu > 3 * same.cpu


@pytest.mark.parametrize("data", [PNG, b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><g/></svg>'])
@pytest.mark.parametrize(
    "options", [{"min_width": 2**31 - 1}, {"zoom_x": 2.0**31, "width": 9}, {"dpr": 2.0**31, "height": 9}]
)
def test_cost_of_the_largest_sizes_fits_a_message(data, options):
    """Two sides of two thousand million pixels make more bytes than an integer of 64 bits counts."""
    costs = []
    with suppress(ImageError):
        Renderer(RenderConfig()).render(data, Plan(format="jpeg", enlarge=True, **options), costs.append)
    assert all(msgspec.msgpack.decode(msgspec.msgpack.encode(cost), type=Cost) == cost for cost in costs)
    assert costs == [] or costs[0].memory + costs[0].result > 1 << 40
