"""Without the engine, and where films are switched off: what an upload of a film is told."""

import os

import pytest

from mememime_proxy.errors import FormatDisabledError, MissingDecoderError
from mememime_proxy.plan import Plan
from mememime_proxy.resources.assets import film_inspection
from mememime_proxy.resources.assets.film_inspection import FilmInspection, container_of


class NoPool:
    async def get(self):
        raise AssertionError("no worker may be started")


def test_container_is_that_of_the_bytes(tmp_path):
    for content, name in ((b"OggS" + bytes(50), "ogg"), (b"\xff\xd8\xff" + bytes(50), None), (b"", None)):
        (tmp_path / "file").write_bytes(content)
        descriptor = os.open(tmp_path / "file", os.O_RDONLY)
        assert container_of(descriptor) == name
        os.close(descriptor)


async def test_upload_without_the_extra_names_it(monkeypatch):
    monkeypatch.setattr(film_inspection, "is_engine_installed", lambda: False)
    inspection = FilmInspection(NoPool(), None, is_enabled=True)
    with pytest.raises(MissingDecoderError, match=r"\[av\]|extra .*av") as caught:
        await inspection.inspect("mp4", -1, Plan(), 1.0)
    assert caught.value.code == "image.decoder_missing"


async def test_upload_where_films_are_switched_off_names_the_setting():
    inspection = FilmInspection(NoPool(), None, is_enabled=False)
    with pytest.raises(FormatDisabledError, match="MEMEMIME_ENABLE_VIDEO_THUMBNAILS"):
        await inspection.inspect("mp4", -1, Plan(), 1.0)
