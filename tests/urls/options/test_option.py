"""The records of options: their shape, their number of arguments, and the steps that obey them."""

from __future__ import annotations

import pytest

from mememime_proxy.imaging.pipeline import STEPS
from mememime_proxy.urls.options.option import Option
from mememime_proxy.urls.options.table import BY_NAME, OPTIONS

STEP_NAMES = [step.__name__ for step in STEPS]


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_option_steps_exist_in_the_pipeline_in_its_order(option: Option):
    assert set(option.steps) <= set(STEP_NAMES)
    assert list(option.steps) == sorted(option.steps, key=STEP_NAMES.index)
    assert bool(option.steps) is not bool(option.obeyed_by)


def test_option_pipeline_steps_without_option_run_for_every_picture():
    named = {step for option in OPTIONS for step in option.steps}
    assert set(STEP_NAMES) - named == {"vector_guard"}


@pytest.mark.parametrize(
    ("name", "shape", "limit"),
    [
        ("width", "width:width", 1),
        ("zoom", "zoom:x[:y]", 2),
        ("gravity", "gravity:gravity[:x[:y]|:class…]", None),
        ("format_quality", "format_quality:format:quality[:format:quality…]", None),
        ("watermark", "watermark:opacity[:position[:x[:y[:scale]]]]", 7),
    ],
)
def test_option_shape_and_limit_follow_from_its_arguments(name: str, shape: str, limit: int | None):
    assert (BY_NAME[name].shape, BY_NAME[name].limit) == (shape, limit)
