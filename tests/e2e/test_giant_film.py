"""A film of 5 GB, in a folder and on the web: its poster, a segment and a range of its bytes in constant memory."""

import re
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from yarl import URL

from mememime_proxy.formats.film_assembly import Track, film_head
from mememime_proxy.urls import UrlBuilder
from tests.support.films import film_bytes, number_in
from tests.support.proxy_process import KEY, SALT, ProxyProcess
from tests.support.stream_film import numbers_in
from tests.support.streams import member_of, segment_count

SIZE = 5 << 30
FRAMES = 100
ALLOWANCE = 48 << 20
"""Bytes by which the largest resident memory of a process may grow, beyond what a small film takes."""


def write_giant_film(path):
    """A film whose last two seconds are 5 GB behind its first ones, in a file with a hole."""
    film = film_bytes("mp4", frames=FRAMES, sound=True)
    names, segments, places = ("64", "a"), [], [0, SIZE - (1 << 20)]
    tracks = [Track(member_of(film, f"{name}/init.mp4", ("64",), segment_duration=2)) for name in names]
    assert segment_count(film, "64", ("64",), segment_duration=2) == 2
    for number, first in enumerate(places):
        place = first
        for name, track in zip(names, tracks, strict=True):
            samples = b"".join(track.add(member_of(film, f"{name}/{number}.m4s", ("64",), segment_duration=2), place))
            segments.append((place, samples))
            place += len(samples)
    head = film_head(tracks, SIZE)
    with path.open("wb") as file:
        file.truncate(len(head) + SIZE)
        file.write(head)
        for place, samples in segments:
            file.seek(len(head) + place)
            file.write(samples)


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    folder = tmp_path_factory.mktemp("originals")
    (folder / "small.mp4").write_bytes(film_bytes("mp4", frames=FRAMES, sound=True))
    write_giant_film(folder / "giant.mp4")
    return folder


def largest(service):
    """The largest resident memory up to now, by process."""
    found = {}
    for pid in (service.process.pid, *(worker.pid for worker in service.workers())):
        status = Path(f"/proc/{pid}/status").read_text()
        found[pid] = 1024 * int(re.search(r"VmHWM:\s+(\d+)", status)[1])
    return found


async def get(client, address, **headers):
    async with client.get(URL(address, encoded=True), headers=headers) as answer:
        return answer.status, await answer.read()


async def ask_for_everything(client, url, source, end):
    """The number on its last frame, those of its last segment, and the end of its bytes."""
    status, poster = await get(client, url.video_thumbnail_second(-0.02).build(source, extension="png"))
    assert status == 200, poster
    tree = url.sign(f"/ld:64/sd:2/plain/{source}@m3u8") + "/~/64/"
    (_, header), (status, segment) = [await get(client, tree + name) for name in ("init.mp4", "1.m4s")]
    assert status == 200, segment
    status, tail = await get(client, url.raw().build(source), Range=f"bytes={end - 1000}-{end - 1}")
    assert status == 206
    return number_in(poster), numbers_in(header + segment), tail


@pytest.mark.parametrize("scheme", ["local", "http"])
async def test_film_of_5_gb_is_shown_and_passed_on_in_constant_memory(client, originals, tmp_path, scheme):
    application = web.Application()
    application.router.add_static("/", originals)
    settings = {"allow_loopback_source_addresses": "1", "timeout": "60", "av_timeout": "60", "av_ahead": "0",
                "workers": "1", "av_workers": "1"}  # fmt: skip
    with ProxyProcess(tmp_path, key=KEY, salt=SALT, local_filesystem_root=str(originals), **settings) as service:
        async with TestServer(application) as origin:
            place = "local:///" if scheme == "local" else str(origin.make_url("/"))
            url = UrlBuilder(service.base, key=KEY, salt=SALT)
            small = (originals / "small.mp4").stat().st_size
            await ask_for_everything(client, url, f"{place}small.mp4", small)
            before = largest(service)
            end = (originals / "giant.mp4").stat().st_size
            number, numbers, tail = await ask_for_everything(client, url, f"{place}giant.mp4", end)
            after = largest(service)
    assert (number, numbers) == (FRAMES - 1, list(range(FRAMES // 2, FRAMES)))
    with (originals / "giant.mp4").open("rb") as file:
        file.seek(end - 1000)
        assert tail == file.read()
    assert set(before) & set(after), "the service and its workers are the same"
    assert max(after[pid] - before[pid] for pid in before if pid in after) < ALLOWANCE
