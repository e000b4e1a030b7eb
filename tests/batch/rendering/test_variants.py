"""Which variants an item has."""

import pytest

from mememime_proxy.batch.model import BatchItem
from mememime_proxy.batch.rendering.variants import RenderParameters, VariantPlanner
from mememime_proxy.errors import BatchUsageError
from mememime_proxy.settings.settings import load

ITEM = BatchItem("local:///a.jpg")


def planner(parameters=None, **settings):
    variables = {f"MEMEMIME_{name.upper()}": value for name, value in settings.items()}
    return VariantPlanner(load(variables, keys_needed=False), RenderParameters(**parameters or {}))


def variants(parameters=None, item=ITEM, **settings):
    return [
        (variant.label, variant.options, variant.extension, variant.accept)
        for variant in planner(parameters, **settings).of(item)
    ]


def test_presets_and_options_in_each_format():
    assert variants({"presets": ("card",), "options": ("rs:fit:80/q:50",), "formats": ("avif", "jpg")}) == [
        ("card@avif", "preset:card", ".avif", "*/*"),
        ("card@jpg", "preset:card", ".jpg", "*/*"),
        ("rs-fit-80_q-50@avif", "rs:fit:80/q:50", ".avif", "*/*"),
        ("rs-fit-80_q-50@jpg", "rs:fit:80/q:50", ".jpg", "*/*"),
    ]


def test_without_a_format_there_is_one_for_each_cell():
    assert variants({"presets": ("card",)}, auto_webp="1", auto_avif="1") == [
        ("card", "preset:card", "", "*/*"),
        ("card (webp)", "preset:card", "", "image/webp,*/*"),
        ("card (webp+avif)", "preset:card", "", "image/webp,image/avif,*/*"),
    ]


def test_without_negotiation_there_is_one_cell():
    assert variants({"presets": ("card",)}, auto_webp="0", auto_avif="0", auto_jxl="0") == [
        ("card", "preset:card", "", "*/*")
    ]


def test_options_of_an_item_replace_those_of_the_command():
    item = BatchItem("local:///a.jpg", "pr:thumb")
    assert variants({"presets": ("card",), "formats": ("png",)}, item) == [("thumb@png", "pr:thumb", ".png", "*/*")]


def test_nothing_is_the_original_by_the_preset_of_its_alias():
    assert variants({"formats": ("webp",)}) == [("default@webp", "", ".webp", "*/*")]


@pytest.mark.parametrize("name", ["gib", "heic", "svg"])
def test_format_that_is_not_written_is_refused(name):
    with pytest.raises(BatchUsageError, match="--format"):
        planner({"formats": (name,)})


def test_options_are_refused_where_only_presets_are_served():
    with pytest.raises(BatchUsageError, match="--options"):
        planner({"options": ("w:1",)}, only_presets="1")


def test_chunks_are_cut_by_what_formats_cost():
    assert planner({"presets": ("a",), "formats": ("jpeg", "avif")}).seconds_each == pytest.approx(0.05)
