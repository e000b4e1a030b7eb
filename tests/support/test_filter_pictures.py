"""The sheets of ``docs/filters.md`` show what the page says of them."""

import re

import pytest

from mememime_proxy.urls.options.effects.options import EFFECT_OPTIONS
from mememime_proxy.urls.options.effects.shape import SHAPE_OPTIONS
from tests.support.filter_pictures import FOLDER, SHEETS, sheet

PAGE = (FOLDER.parent / "filters.md").read_text("utf-8")


@pytest.mark.parametrize("name", SHEETS)
def test_page_has_the_sheet_and_its_options(name):
    page = PAGE if name != "detection" else (FOLDER.parent / "detection.md").read_text("utf-8")
    table = page.split(f"(filters/{name}.jpg)")[1].split("\n\n")[1]
    cells = [cell.strip(" `") for row in table.splitlines()[2:] for cell in row.strip("|").split("|")]
    _, options = SHEETS[name]
    assert len(cells) == len(options)
    for cell, option in zip(cells, options, strict=True):
        assert cell == "as it is" if not option else "…" in cell or cell == option
    assert (FOLDER / f"{name}.jpg").stat().st_size < 100_000


def test_sheet_is_made_of_the_photograph():
    assert sheet("tones").startswith(b"\xff\xd8")


def test_sheets_show_the_options_of_colours_and_shapes():
    shown = {
        option.partition(":")[0] for _, options in SHEETS.values() for each in options for option in each.split("/")
    }
    others = {"adjust", "background_alpha", "mask"}
    for option in (*EFFECT_OPTIONS, *SHAPE_OPTIONS):
        assert option.name in others or shown & {option.name, *option.aliases}, option.name
    assert not re.search(r"\{\w+\}", PAGE)
