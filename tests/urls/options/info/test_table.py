"""The options of descriptions."""

import json
import re
from dataclasses import fields, replace
from pathlib import Path

import pytest

from mememime_proxy.errors import OptionError, SecurityOptionError
from mememime_proxy.formats.info_fields import InfoFields
from mememime_proxy.formats.output_plan import PageRange
from mememime_proxy.plan import Crop, Gravity, GravityType, Plan
from mememime_proxy.urls.building.builder import UrlBuilder
from mememime_proxy.urls.config import UrlConfig
from mememime_proxy.urls.options.info.table import INFO_BY_NAME, INFO_OPTIONS
from mememime_proxy.urls.parser import UrlParser

BASE = Plan(info=InfoFields())
PAGE = Path(__file__).parents[4] / "docs" / "info.md"


def parse(options):
    parser = UrlParser(UrlConfig(allow_unsigned=True), INFO_BY_NAME)
    return parser.parse(f"/_/{options}/plain/local:///film.mp4", initial=BASE)


@pytest.mark.parametrize("name", ["size", "format", "dimensions", "exif", "iptc", "xmp", "video_meta"])
def test_part_is_switched_off_by_name_and_alias(name):
    option = INFO_BY_NAME[name]
    for spelling in option.names:
        assert parse(f"{spelling}:0").info == replace(InfoFields(), **{name: False})
        assert parse(f"{spelling}:1").info == InfoFields()


def test_options_of_pictures_are_refused():
    for option in ("w:100", "rs:fit:300", "q:5", "raw:1"):
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


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("exif:1:1", {"canonical_names": True}),
        ("a:1:1", {"alpha": True, "check_transparency": True}),
        ("avg:1:0", {"average": True, "ignore_transparent": False}),
        ("dc:1:1", {"dominant_colors": True, "build_missed": True}),
        ("bh:4:3", {"blurhash_x": 4, "blurhash_y": 3}),
        ("bh:5", {"blurhash_x": 5, "blurhash_y": 5}),
        ("bh:4:3/bh:0", {}),
        ("p:256", {"palette": 256}),
        ("p:8/p:0", {}),
        ("chs:sha256:md5", {"hashsums": ("md5", "sha256")}),
        ("chs:md5/chs:", {}),
        ("lqip:32:jpeg", {"lqip": 32, "lqip_format": "jpeg"}),
        ("c:10:20:sm/c:0", {"crop": True}),
        ("c:10:20/c:0:0", {}),
        ("ph:1/phash:0", {}),
    ],
)
def test_arguments_become_fields(options, expected):
    assert parse(options).info == replace(InfoFields(), **expected)


def test_page_is_that_of_pictures():
    assert parse("pg:3").pages == PageRange(3)


def test_area_is_that_of_a_crop():
    plan = parse("c:300:0.5:soea:1:2")
    assert plan.crop == Crop(300, 0.5, Gravity(GravityType.SOUTH_EAST, 1, 2))


@pytest.mark.parametrize("option", ["p:1", "p:257", "bh:10:1", "lqip:7", "lqip:65", "lqip:8:png", "chs:crc", "c:-1:2"])
def test_argument_out_of_range_is_refused(option):
    with pytest.raises(OptionError):
        parse(option)


def test_what_needs_the_whole_file_is_not_on_by_default():
    assert not InfoFields().needs_whole_file
    told = {option.name for option in INFO_OPTIONS} - {"size", "format", "dimensions", "exif", "iptc", "xmp"}
    parts = [each.name for each in fields(InfoFields) if each.name in told and each.default is False]
    assert len(parts) > 8
    for name in parts:
        assert replace(InfoFields(), **{name: True}).needs_whole_file, name


def test_examples_of_the_page_are_valid():
    text = PAGE.read_text("utf-8")
    (options,) = re.findall(r"^/info/\{signature\}/(.*)/plain/local:///garden.jpg$", text, re.MULTILINE)
    assert parse(options).info.needs_pixels
    for document in re.findall(r"^(\{\"size\".*?\})\n```", text, re.MULTILINE | re.DOTALL):
        assert json.loads(document)["size"]
    (call,) = re.findall(r"^builder\.info\((.*)\)$", text, re.MULTILINE)
    url = eval(f"UrlBuilder(unsigned=True).info({call})", {"UrlBuilder": UrlBuilder})
    assert parse(url.removeprefix("/info/unsafe/").partition("/plain/")[0]).info.palette == 8
