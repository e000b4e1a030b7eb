"""Shrinks of decoders by format, plan and configuration."""

import pytest

from mememime_proxy.formats.output_plan import ResizingAlgorithm
from mememime_proxy.geometry.geometry import calculate
from mememime_proxy.geometry.load_shrink import load_shrink, shrinks_of
from mememime_proxy.plan import Plan, RenderConfig, Trim


def shrink(format_, width, config=None, **more):
    plan = Plan(width=width, **more)
    return load_shrink(format_, calculate(2000, 1000, 1, plan), plan, config or RenderConfig())


@pytest.mark.parametrize(("width", "expected"), [(0, 1), (3000, 1), (1001, 1), (1000, 2), (500, 4), (250, 8), (10, 8)])
def test_shrink_of_a_jpeg_is_the_largest_that_leaves_enough_pixels(width, expected):
    assert shrink("jpeg", width) == expected


def test_webp_is_decoded_at_any_size():
    assert shrink("webp", 500) == 4
    assert shrink("webp", 800) == 2.5
    assert shrink("webp", 3000) == 1


@pytest.mark.parametrize("format_", ["png", "avif", "heic", "jxl"])
def test_other_decoders_do_not_shrink(format_):
    assert shrink(format_, 10) == 1


def test_trim_and_the_operator_want_all_pixels():
    assert shrink("jpeg", 100, trim=Trim(threshold=10)) == 1
    config = RenderConfig(disable_shrink_on_load=True)
    assert shrink("jpeg", 100, config) == 1
    assert shrinks_of("jpeg", config) == ()


def test_nearest_neighbours_are_those_of_the_whole_original():
    plan = Plan(width=10, resizing_algorithm=ResizingAlgorithm.NEAREST)
    assert load_shrink("jpeg", calculate(800, 600, 1, plan), plan, RenderConfig()) == 1
