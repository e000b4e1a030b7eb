"""Workers for films: a kill costs one segment, and neither films nor pictures wait for the others' workers."""

import asyncio
import contextlib

import psutil
import pytest
from yarl import URL

from mememime_proxy.urls import UrlBuilder
from tests.support.proxy_process import KEY, SALT, ProxyProcess
from tests.support.stream_film import stream_film
from tests.support.waiting import wait_until

SETTINGS = {"timeout": "60", "download_timeout": "50", "av_timeout": "60", "av_ahead": "0", "av_workers": "2"}
LONG_SEGMENT = "/ld:240:av1/es:0/plain/local:///film.mp4@m3u8/~/240-av1/{}.m4s"
"""At the slowest speed of AV1, which takes seconds."""
SHORT_SEGMENT = "/ld:120/es:9/plain/local:///film.mp4@m3u8/~/120/{}.m4s"
SOME_WORK = 0.3
"""Seconds of CPU time of a worker after which it is in the middle of a long segment."""


@pytest.fixture
def originals(tmp_path, pictures):
    folder = tmp_path / "originals"
    folder.mkdir()
    (folder / "film.mp4").write_bytes(stream_film())
    (folder / "coffee.jpg").write_bytes((pictures / "coffee.jpg").read_bytes())
    return folder


def member(service, template, number):
    path, mark, name = template.format(number).partition("/~/")
    return URL(UrlBuilder(service.base, key=KEY, salt=SALT).sign(path) + mark + name, encoded=True)


async def get(client, url):
    async with client.get(url) as response:
        return response.status, response.headers, await response.read()


async def start_film_workers(client, service):
    """What returns the workers for films: those besides the pictures', which are there before the first film."""
    await wait_until(lambda: len(service.workers()) == int(service.settings["MEMEMIME_WORKERS"]) + 1)
    pictures = set(service.workers())
    assert (await get(client, member(service, SHORT_SEGMENT, 5)))[0] == 200

    def film_workers():
        return [worker for worker in service.workers() if worker not in pictures]

    await wait_until(lambda: len(film_workers()) == int(service.settings["MEMEMIME_AV_WORKERS"]) + 1)
    return film_workers


def cpu(worker):
    with contextlib.suppress(psutil.NoSuchProcess):
        times = worker.cpu_times()
        return times.user + times.system
    return 0.0


async def test_kill_of_a_worker_in_the_middle_of_a_segment_costs_that_request_only(client, originals, tmp_path):
    with ProxyProcess(
        tmp_path / "service", key=KEY, salt=SALT, local_filesystem_root=str(originals), **SETTINGS
    ) as service:
        film_workers = await start_film_workers(client, service)
        before = {worker.pid: cpu(worker) for worker in film_workers()}
        lost = asyncio.create_task(get(client, member(service, LONG_SEGMENT, 0)))

        def busy():
            return [each for each in film_workers() if cpu(each) - before.get(each.pid, 0) > SOME_WORK]

        await wait_until(busy)
        (victim,) = busy()
        victim.suspend()  # it stays in the middle, however slow the machine is
        other = asyncio.create_task(get(client, member(service, LONG_SEGMENT, 5)))
        await wait_until(lambda: len(busy()) == 2)
        victim.kill()
        status, headers, _ = await lost
        assert (status, "Retry-After" in headers) == (503, True)
        status, _, body = await get(client, member(service, SHORT_SEGMENT, 1))
        assert (status, body[4:8]) == (200, b"moof")
        status, _, body = await other
        assert (status, body[4:8]) == (200, b"moof")
        assert service.metric('worker_restarts_total{reason="killed"}') <= 1
        # The same segment again: the workers' loss is no fault of the film.
        status, _, body = await get(client, member(service, LONG_SEGMENT, 0))
        assert (status, body[4:8]) == (200, b"moof")


@contextlib.contextmanager
def suspended(workers):
    for worker in workers:
        worker.suspend()
    try:
        yield
    finally:
        for worker in workers:
            worker.resume()


async def test_pictures_are_made_while_every_worker_for_films_is_held_and_films_likewise(client, originals, tmp_path):
    with ProxyProcess(
        tmp_path / "service",
        key=KEY,
        salt=SALT,
        local_filesystem_root=str(originals),
        workers="1",
        **SETTINGS | {"av_workers": "1"},
    ) as service:
        film_workers = (await start_film_workers(client, service))()
        picture_workers = [worker for worker in service.workers() if worker not in film_workers]
        url = UrlBuilder(service.base, key=KEY, salt=SALT)

        def segment(number):
            return get(client, member(service, SHORT_SEGMENT, number))

        def picture(width):
            return get(client, url.width(width).build("local:///coffee.jpg"))

        with suspended(film_workers):
            held = [asyncio.create_task(segment(number)) for number in range(4)]
            await wait_until(lambda: service.metric("film_queue_length") == 3)
            assert (await picture(40))[0] == 200
        assert [status for status, *_ in await asyncio.gather(*held)] == [200] * 4
        with suspended(picture_workers):
            held = [asyncio.create_task(picture(width)) for width in (50, 60)]
            await wait_until(lambda: service.metric("images_in_progress") >= 1)
            assert (await segment(4))[0] == 200
        assert [status for status, *_ in await asyncio.gather(*held)] == [200] * 2
