"""Failures and load: coalescing, kills, deadlines, disconnected clients, stops."""

import asyncio
import contextlib
import io
import os
import random
import signal
import time

import aiohttp
import psutil
import pytest
from PIL import Image

from mememime_proxy.urls import UrlBuilder
from tests.support.proxy_process import KEY, SALT, ProxyProcess
from tests.support.waiting import wait_until


def builder(proxy):
    return UrlBuilder(proxy.base, key=KEY, salt=SALT)


async def test_hundred_requests_for_cold_variant_cost_one_fetch_and_one_render(client, service, url, origin):
    address = url.resize("fit", 123).build(f"{origin.base}/dandelion.jpg", "webp")
    before = service.renders()
    origin.gate.clear()

    async def ask():
        async with client.get(address) as answer:
            return answer.status, await answer.read()

    asking = [asyncio.create_task(ask()) for _ in range(100)]
    await wait_until(lambda: service.metric("requests_in_progress") == 100)
    origin.gate.set()
    answers = await asyncio.gather(*asking)
    assert {status for status, _ in answers} == {200}
    assert len({body for _, body in answers}) == 1
    assert origin.hits == 1
    assert service.renders() - before == 1


async def test_error_is_shared_by_waiting_requests_only(client, url, origin):
    address = url.width(9).build(f"{origin.base}/none.jpg")
    origin.gate.clear()

    async def ask():
        async with client.get(address) as answer:
            return answer.status

    asking = [asyncio.create_task(ask()) for _ in range(10)]
    await wait_until(lambda: origin.hits == 1)
    await asyncio.sleep(0.2)
    origin.gate.set()
    assert set(await asyncio.gather(*asking)) == {404}
    assert origin.hits == 1
    assert await ask() == 404
    assert origin.hits == 2


async def test_workers_killed_under_load_cost_their_requests_only(client, pictures, tmp_path):
    with ProxyProcess(tmp_path, key=KEY, salt=SALT, local_filesystem_root=str(pictures)) as proxy:
        url, stop, kills = builder(proxy), asyncio.Event(), 0
        statuses = []

        async def load(number):
            while not stop.is_set():
                number += 4
                width = 300 + number % 700
                async with client.get(url.resize("fit", width).build("local:///dandelion.jpg")) as answer:
                    body = await answer.read()
                    statuses.append(answer.status)
                    if answer.status == 200:
                        with Image.open(io.BytesIO(body)) as picture:
                            assert picture.size[0] == width
                            picture.load()

        loads = [asyncio.create_task(load(number)) for number in range(4)]
        for _ in range(25):
            await asyncio.sleep(0.2)
            random.choice(proxy.workers()).kill()
            kills += 1
        stop.set()
        await asyncio.gather(*loads)
        failed = [status for status in statuses if status != 200]
        assert len(failed) <= kills
        assert set(failed) <= {503}
        assert len(statuses) > kills
        await wait_until(lambda: proxy.metric("workers_ready") >= 2)
        async with client.get(url.width(10).build("local:///coffee.jpg")) as answer:
            assert answer.status == 200


async def test_zygote_killed_costs_no_request(client, pictures, tmp_path):
    with ProxyProcess(tmp_path, key=KEY, salt=SALT, local_filesystem_root=str(pictures)) as proxy:
        proxy.zygote().kill()
        for width in range(20, 40):
            async with client.get(builder(proxy).width(width).build("local:///coffee.jpg")) as answer:
                assert answer.status == 200


@contextlib.asynccontextmanager
async def stopped_workers(proxy):
    """The worker and the spare begin a job and do not get on; those that are left at the end of the block do again."""
    await wait_until(lambda: proxy.metric("workers_ready") == 2)
    workers = proxy.workers()
    for worker in workers:
        worker.suspend()
    yield
    for worker in workers:
        with contextlib.suppress(psutil.NoSuchProcess):
            worker.resume()


async def test_render_over_its_deadline_is_killed(client, pictures, tmp_path):
    """A worker that hangs; what a call into an encoder at its slowest speed costs is tried in the pool."""
    with ProxyProcess(
        tmp_path, key=KEY, salt=SALT, local_filesystem_root=str(pictures), timeout="1", workers="1"
    ) as proxy:
        async with stopped_workers(proxy):
            begun = time.monotonic()
            async with client.get(builder(proxy).width(20).build("local:///coffee.jpg")) as answer:
                assert (answer.status, await answer.text()) == (503, "Timeout")
                assert answer.headers["Retry-After"]
            assert time.monotonic() - begun < 5
        await wait_until(lambda: proxy.metric('worker_restarts_total{reason="deadline"}') == 1)
        async with client.get(builder(proxy).width(10).build("local:///coffee.jpg")) as answer:
            assert answer.status == 200


async def test_client_that_disconnects_frees_its_worker(client, pictures, tmp_path):
    with ProxyProcess(
        tmp_path, key=KEY, salt=SALT, local_filesystem_root=str(pictures), timeout="60", workers="1"
    ) as proxy:
        async with stopped_workers(proxy):
            asking = asyncio.create_task(client.get(builder(proxy).width(20).build("local:///coffee.jpg")))
            await wait_until(lambda: proxy.metric("images_in_progress") == 1)
            asking.cancel()
            await wait_until(lambda: proxy.metric("images_in_progress") == 0)
        async with client.get(builder(proxy).width(10).build("local:///coffee.jpg")) as answer:
            assert answer.status == 200
        assert proxy.metric('worker_restarts_total{reason="cancelled"}') == 1


async def test_full_queue_is_refused_at_once(client, pictures, tmp_path):
    # with a cache of pixels, widths of one picture wait for each other before they get into the queue
    settings = {"timeout": "60", "workers": "1", "requests_queue_size": "2", "pixels_cache_size": "0"}
    with ProxyProcess(tmp_path, key=KEY, salt=SALT, local_filesystem_root=str(pictures), **settings) as proxy:
        async with stopped_workers(proxy):
            url = builder(proxy)
            slow = [asyncio.create_task(client.get(url.width(20 + n).build("local:///coffee.jpg"))) for n in range(3)]
            await wait_until(lambda: proxy.metric("render_queue_length") == 2)
            async with client.get(url.width(5).build("local:///coffee.jpg")) as answer:
                assert (answer.status, await answer.text()) == (429, "Too many requests")
                assert answer.headers["Retry-After"] == "1"
            async with client.get(f"{proxy.base}/health") as answer:
                assert answer.status == 200
            for task in slow:
                task.cancel()
            await asyncio.gather(*slow, return_exceptions=True)


async def test_stop_lets_requests_finish(client, pictures, tmp_path):
    with ProxyProcess(tmp_path, key=KEY, salt=SALT, local_filesystem_root=str(pictures), workers="1") as proxy:
        url = builder(proxy)

        async def ask(width):
            async with client.get(url.resize("fit", width).build("local:///dandelion.jpg", "avif")) as answer:
                await answer.read()
                return answer.status

        asking = [asyncio.create_task(ask(width)) for width in range(600, 606)]
        await wait_until(lambda: proxy.metric("requests_in_progress") == 6)
        proxy.process.send_signal(signal.SIGTERM)
        assert set(await asyncio.gather(*asking)) == {200}
        assert await asyncio.to_thread(proxy.process.wait, 20) == 0
        with pytest.raises(aiohttp.ClientConnectorError):
            await ask(10)


async def test_service_killed_leaves_no_process(pictures, tmp_path):
    with ProxyProcess(tmp_path, key=KEY, salt=SALT, local_filesystem_root=str(pictures)) as proxy:
        children = proxy.children()
        assert len(children) >= 3
        os.kill(proxy.process.pid, signal.SIGKILL)
        proxy.process.wait()
        _, remaining = await asyncio.to_thread(psutil.wait_procs, children, 10)
        assert not remaining


async def test_workers_have_no_keys(service):
    for process in service.children():
        environ = process.environ()
        assert not any(name.startswith(("MEMEMIME_", "IMGPROXY_")) for name in environ)
        assert KEY not in " ".join([*process.cmdline(), *environ.values()])


async def test_silent_connection_is_closed(pictures, tmp_path):
    settings = {"local_filesystem_root": str(pictures), "read_request_timeout": "1"}
    with ProxyProcess(tmp_path, key=KEY, salt=SALT, **settings) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(b"GET / HTT")
        assert await asyncio.wait_for(reader.read(), 10) == b""
        writer.close()
