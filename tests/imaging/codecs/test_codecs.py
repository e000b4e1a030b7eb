"""The listed codecs work as listed."""

import json

import pytest

from mememime_proxy.formats import FORMATS, Format
from mememime_proxy.formats.containers import CONTAINERS
from mememime_proxy.formats.output_plan import Saving
from mememime_proxy.imaging.codecs import codecs
from mememime_proxy.imaging.codecs.load import open_original
from mememime_proxy.imaging.codecs.save import save
from mememime_proxy.plan import ImageLimits, Plan, RenderConfig
from tests.support.commands import invoke
from tests.support.pixels import image_of, places


@pytest.fixture
def without_extras(monkeypatch):
    monkeypatch.setattr(Format, "readable", property(lambda format_: not format_.module))


def test_codecs_every_format_is_listed_once_in_order():
    assert [codec.format for codec in codecs.table()] == list(FORMATS)


def test_codecs_writable_format_is_written_and_read_again():
    image = image_of(places(32, 32))
    for name in codecs.writable():
        # a document is read at 96 pixels to the inch
        data = save(image, name, quality=80, plan=Plan(saving=Saving(dpi=96)), config=RenderConfig())
        assert open_original(data, ImageLimits(), RenderConfig()).load().width == 32
        assert name in codecs.readable()


def test_codecs_tables_agree_with_the_formats():
    assert set(codecs.readable()) == {name for name, format_ in FORMATS.items() if format_.readable}
    assert set(codecs.writable()) == {name for name, format_ in FORMATS.items() if format_.writable}


def test_codecs_libraries_are_listed_with_their_versions():
    for codec in codecs.table():
        assert not codec.reader or any(digit.isdigit() for digit in codec.reader), codec


@pytest.mark.usefixtures("without_extras")
def test_codecs_without_extras_their_formats_are_missing():
    missing = [codec for codec in codecs.table() if not codec.reader]
    assert [codec.format for codec in missing] == [codec.extra for codec in missing] == ["jxl", "heic", "pdf"]
    assert [codec.format for codec in missing if codec.writer] == ["pdf"]


def test_codecs_command_prints_a_table():
    found = invoke("formats")
    assert found.exit_code == 0
    lines = found.output.partition("\n\n")[0].splitlines()
    assert [line.split()[0] for line in lines] == ["format", *FORMATS, *CONTAINERS]
    assert "dav1d" in found.output


@pytest.mark.usefixtures("without_extras")
def test_codecs_command_says_what_to_install():
    output = invoke("formats").output
    assert "needs the extra jxl" in output
    assert "needs the extra heic" in output


def test_codecs_command_prints_json():
    found = invoke("formats", "--json")
    table = {row["format"]: row for row in json.loads(found.output)}
    assert list(table) == [*FORMATS, *CONTAINERS]
    assert table["heic"]["writer"] == ""
    assert "libvips" in table["jpeg"]["reader"]
