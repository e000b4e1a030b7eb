"""Libraries that read pictures are as new as they must be (row I1)."""

import pytest

from mememime_proxy.imaging.codecs.codecs import libraries
from mememime_proxy.workers import libraries as table
from mememime_proxy.workers.libraries import MINIMUM, outdated


def test_i1_installed_libraries_are_known_and_none_is_too_old():
    pytest.importorskip("av")
    from mememime_proxy.av import engine

    versions = libraries() | engine.libraries()
    assert set(MINIMUM) <= set(versions)
    assert all(version[:1].isdigit() for version in versions.values())
    assert list(outdated(versions)) == []


@pytest.mark.parametrize(
    ("version", "is_old"),
    [("8.18.6", True), ("8.9.9", True), ("8.18.7", False), ("8.18.10", False), ("9.0", False), ("8.18.7-rc1", False)],
)
def test_i1_versions_are_compared_by_their_numbers(version, is_old):
    expected = [("libvips", version, MINIMUM["libvips"])] if is_old else []
    assert list(outdated({"libvips": version, "another": "0.1"})) == expected


async def test_i1_library_that_is_too_old_is_an_event_of_the_pool(open_pool, monkeypatch):
    monkeypatch.setitem(table.MINIMUM, "libvips", "999.1")
    observed = await open_pool(size=1)
    assert observed.pool.libraries == libraries()
    (event,) = (event for event in observed.events if event.kind == "library-outdated")
    assert (event.reason, event.detail) == ("libvips", f"version {libraries()['libvips']}, expected 999.1 or newer")
