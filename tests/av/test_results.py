"""The dispatch of results of films and sound."""

import os

import pytest

from mememime_proxy.av import results
from mememime_proxy.av.byte_source import ByteSource
from mememime_proxy.errors import UnsupportedFormatError
from mememime_proxy.formats.film_config import FilmConfig
from mememime_proxy.formats.outputs import OutputKind
from mememime_proxy.memfd import memfd
from mememime_proxy.plan import Plan
from mememime_proxy.variant import Variant
from tests.support.films import container_film

CONFIG = FilmConfig()


@pytest.fixture
def source():
    content = container_film("mp4")
    descriptor = memfd("film", content)
    yield ByteSource(descriptor, len(content))
    os.close(descriptor)


def test_result_is_made_by_the_function_of_its_kind(source, monkeypatch):
    calls = []

    def make_sound(*arguments):
        calls.append(arguments)
        return Variant("mp3")

    monkeypatch.setitem(results.MAKERS, OutputKind.SOUND, make_sound)
    plan = Plan(format="mp3")
    assert results.make(source, plan, CONFIG).format == "mp3"
    assert calls == [(source, plan, CONFIG)]


@pytest.mark.parametrize("format_", ["", "webp"])
def test_picture_is_no_result_of_it(source, format_):
    with pytest.raises(UnsupportedFormatError, match="picture"):
        results.make(source, Plan(format=format_), CONFIG)
