"""Findings about the workers that read films."""

import pytest

from mememime_proxy.doctor.film_checks import check_films
from mememime_proxy.doctor.findings import State
from mememime_proxy.formats import containers
from mememime_proxy.settings.settings import Settings


async def findings(**settings):
    return {each.subject: each async for each in check_films(Settings(**settings))}


async def test_engine_is_examined_and_its_workers_start():
    pytest.importorskip("av")
    found = await findings(av_workers=1)
    assert {each.state for each in found.values()} <= {State.OK, State.NOTE}
    assert "FFmpeg" in found["films"].detail
    assert "GPL" in found["licence of FFmpeg"].detail
    assert found["1 workers for films"].detail == "started"


@pytest.mark.parametrize("settings", [{"enable_video_thumbnails": False}, {}])
async def test_films_that_are_not_read_are_a_note(monkeypatch, settings):
    monkeypatch.setattr(containers, "MODULE", "no_such_module")
    (finding,) = (await findings(**settings)).values()
    assert finding.state is State.NOTE
    assert "MEMEMIME_ENABLE_VIDEO_THUMBNAILS" in finding.detail or "'av'" in finding.detail
