"""Chains of pipelines, rendered: the same as each pipeline on the file that the one before wrote."""

from dataclasses import replace

import numpy as np
import pytest
import pyvips
from hypothesis import given, settings
from hypothesis import strategies as st

from mememime_proxy.cost import Cost
from mememime_proxy.errors import LimitError
from mememime_proxy.formats.effects_plan import BlurAreas, Effects, Watermark
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
from tests.imaging.test_pipeline import RENDERER, animation, areas, encoded, rendered
from tests.support.pixels import flat, image_of

LOSSLESS = Plan(format="png")
PARTS = [
    Plan(width=60, height=40, resizing_type=ResizingType.FILL),
    Plan(width=50, dpr=1.5),
    Plan(height=30, padding=Padding(3, 4, 5, 6)),
    Plan(padding=Padding(10, 10, 10, 10)),
    Plan(crop=Crop(0.5, 20, Gravity(GravityType.SOUTH_EAST))),
    Plan(trim=Trim(10)),
    Plan(rotate=90, flip_horizontal=True, crop=Crop(30, 0)),
    Plan(background=(9, 99, 199), padding=Padding(2)),
    Plan(width=90, height=90, extend=Extend(True, Gravity(GravityType.NORTH))),
    Plan(blur=1.5),
    Plan(pixelate=7, width=70),
    Plan(width=200, height=10, enlarge=True, resizing_type=ResizingType.FORCE),
    Plan(watermark=Watermark(0.5, "soea", 2, 2, 0.5)),
    Plan(effects=Effects(brightness=30, background_alpha=0.5), background=(0, 90, 0), padding=Padding(4, 4, 4, 4)),
    Plan(rotate=90, effects=Effects(blur_areas=BlurAreas(3.0, ((0.1, 0.2, 0.4, 0.5),)))),
    Plan(),
]
MARK = encoded(flat(8, 8, (250, 0, 250, 120)), ".png")
MARKING = Renderer(RenderConfig(), MARK)


def chained(first, *others):
    return replace(first, format="png", chain=others)


def pixels(data):
    image = pyvips.Image.new_from_buffer(bytes(data), "")
    return image.numpy() if image.hasalpha() else image.addalpha().numpy()


def one_by_one(data, plans):
    for plan in plans:
        data = bytes(MARKING.render(data, replace(plan, format="png")).body)
    return data


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(PARTS), min_size=1, max_size=4), st.sampled_from([".png", ".jpg", "alpha"]))
def test_a_chain_is_each_pipeline_on_the_result_of_the_one_before(plans, kind):
    rows = areas(100, 80)
    if kind == "alpha":
        rows = [[(*pixel, 255 if x > 20 else 90) for x, pixel in enumerate(row)] for row in rows]
    data = encoded(rows, ".png" if kind == "alpha" else kind)
    result = MARKING.render(data, chained(*plans))
    expected = one_by_one(data, plans)
    assert np.array_equal(pixels(result.body), pixels(expected))


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(PARTS), st.sampled_from(["jpeg", "webp", "png", "avif"]))
def test_a_chain_of_one_is_no_chain_byte_for_byte(plan, format_):
    data = encoded(areas(100, 80), ".jpg")
    plan = replace(plan, format=format_)
    assert plan.pipelines == (plan,)
    alone = MARKING.render(data, plan)
    assert bytes(alone.body) == bytes(MARKING.render(data, replace(plan, chain=())).body)


def test_padding_of_a_chain_is_padding_of_the_result():
    data = encoded(areas(300, 200), ".jpg")
    first = Plan(width=90, format="png")
    padded = RENDERER.render(data, chained(first, Plan(padding=Padding(10, 10, 10, 10))))
    result = image_of([[(0, 0, 0)]])
    result = pyvips.Image.new_from_buffer(bytes(RENDERER.render(data, first).body), "").addalpha()
    expected = result.embed(10, 10, result.width + 20, result.height + 20)
    assert np.array_equal(pixels(padded.body), expected.numpy())


def test_a_turned_photograph_is_upright_behind_the_first_pipeline():
    image = image_of(areas(80, 40)).copy()
    image.set_type(pyvips.GValue.gint_type, "orientation", 6)
    data = image.write_to_buffer(".jpg", Q=100)
    _, chain = rendered(data, chained(Plan(), Plan(crop=Crop(40, 20, Gravity(GravityType.NORTH)))))
    _, upright = rendered(data, LOSSLESS)
    assert (chain.width, chain.height) == (40, 20)
    assert np.array_equal(chain.numpy(), upright.crop(0, 0, 40, 20).numpy())


def test_frames_of_an_animation_pass_each_pipeline():
    limits = ImageLimits(max_animation_frames=9)
    plan = Plan(
        width=20,
        format="webp",
        limits=limits,
        quality=100,
        chain=(Plan(padding=Padding(2, 2, 2, 2)), Plan(rotate=90, width=12)),
    )
    variant, _ = rendered(animation(".gif", delay=[70, 80, 90]), plan)
    assert (variant.width, variant.height, variant.pages) == (12, 12, 3)
    image = pyvips.Image.new_from_buffer(bytes(variant.body), "", n=-1)
    assert image.get("delay") == [70, 80, 90]


def test_transparency_is_flattened_once_for_the_format_and_at_each_background():
    data = encoded(flat(20, 20, (200, 0, 0)), ".png")
    padding = Padding(5, 5, 5, 5)
    chain = (Plan(padding=padding), Plan(padding=padding, background=(0, 0, 200)))
    variant, image = rendered(data, replace(chained(Plan(), *chain), format=""))
    assert (variant.format, image.bands) == ("png", 3)
    assert [tuple(image.getpoint(at, 20)) for at in (2, 7, 15)] == [(0, 0, 200), (0, 0, 200), (200, 0, 0)]
    variant, image = rendered(
        data, replace(chained(Plan(background=(0, 0, 200)), Plan(padding=padding)), format="jpeg")
    )
    assert min(image.getpoint(1, 1)) > 230


def test_limits_hold_for_each_pipeline():
    data = encoded(areas(100, 80), ".png")
    limits = ImageLimits(max_result_dimension=50)
    variant, _ = rendered(data, replace(chained(Plan(), Plan(width=500, enlarge=True), Plan()), limits=limits))
    assert (variant.width, variant.height) == (50, 40)
    with pytest.raises(LimitError, match="ten million"):
        RENDERER.render(data, chained(Plan(width=9), Plan(width=20_000_000, enlarge=True)))


def test_the_cost_counts_each_pipeline_before_a_pixel_is_decoded():
    def cost(plan, data):
        costs: list[Cost] = []
        RENDERER.render(data, plan, costs.append)
        return costs

    large = Plan(width=1000, enlarge=True, blur=5)
    data = encoded(areas(100, 80), ".png")
    (alone,), (twice,) = cost(chained(large), data), cost(chained(large, Plan(blur=5)), data)
    assert twice.cpu > alone.cpu + 0.01
    assert twice.memory > alone.memory + 1000 * 800 * 3
    framed = encoded(
        [[(9, 9, 9) if 45 < x < 55 and y > 70 else (200, 0, 0) for x in range(100)] for y in range(80)], ".png"
    )
    first, again = cost(chained(Plan(), Plan(trim=Trim(10), width=900, enlarge=True)), framed)
    assert again.cpu > first.cpu
