"""The options of descriptions."""

from dataclasses import replace
from pathlib import Path

import pytest

from mememime_proxy.errors import OptionError, SecurityOptionError
from mememime_proxy.plan import InfoFields, Plan
from mememime_proxy.urls.config import UrlConfig
from mememime_proxy.urls.options.info import INFO_BY_NAME, INFO_OPTIONS
from mememime_proxy.urls.parser import UrlParser

BASE = Plan(info=InfoFields())
PAGE = Path(__file__).parents[3] / "docs" / "info.md"


def parse(options):
    parser = UrlParser(UrlConfig(allow_unsigned=True), INFO_BY_NAME)
    return parser.parse(f"/_/{options}/plain/local:///film.mp4", initial=BASE)


@pytest.mark.parametrize("name", ["size", "format", "dimensions", "video_meta"])
def test_part_is_switched_off_by_name_and_alias(name):
    option = INFO_BY_NAME[name]
    for spelling in option.names:
        assert parse(f"{spelling}:0").info == replace(InfoFields(), **{name: False})
        assert parse(f"{spelling}:1").info == InfoFields()


def test_options_of_pictures_are_refused():
    for option in ("w:100", "rs:fit:300", "q:5", "raw:1", "pr:default"):
        with pytest.raises(OptionError, match="unknown option"):
            parse(option)


def test_shared_options_mean_the_same():
    assert parse("vts:5").video_moment.value == 5
    with pytest.raises(SecurityOptionError):
        parse("msr:100")


def test_page_names_every_option():
    text = PAGE.read_text("utf-8")
    for option in INFO_OPTIONS:
        assert f"`{option.name}`" in text, option.name
        for alias in option.aliases:
            assert f"`{alias}`" in text, alias
