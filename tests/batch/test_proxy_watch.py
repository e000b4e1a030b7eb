"""A batch gives way to a proxy whose renders wait."""

import asyncio

import pytest
from aiohttp import web

from mememime_proxy.batch import proxy_watch
from mememime_proxy.batch.proxy_watch import ProxyWatch


@pytest.fixture
async def metrics(monkeypatch):
    """An address with metrics; ``queue`` is the number of renders that wait, ``busy`` of those that run."""
    monkeypatch.setattr(proxy_watch, "_INTERVAL", 0.005)

    class Metrics:
        queue, busy, workers, looks = 0, 0, 4, 0

        async def answer(self, _request):
            self.looks += 1
            gauges = {"other": 7, "render_queue_length": self.queue, "images_in_progress": self.busy,
                      "workers": self.workers, "workers_ready": 9, "more": 1}  # fmt: skip
            return web.Response(text="# HELP x\n" + "".join(f"ns_{name} {float(gauges[name])}\n" for name in gauges))

    served = Metrics()
    runner = web.ServerRunner(web.Server(served.answer))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    served.url = "http://127.0.0.1:{}/".format(*runner.addresses[0][1:2])
    served.runner = runner
    yield served
    await runner.cleanup()


async def until(condition):
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - the other task's requests change it
            await asyncio.sleep(0.001)


async def test_batch_waits_while_renders_wait(metrics):
    metrics.queue = 2
    async with ProxyWatch(metrics.url) as watch:
        await until(lambda: metrics.looks >= 2)
        waiting = asyncio.create_task(watch.wait())
        await until(lambda: metrics.looks >= 6)
        metrics.queue, metrics.busy = 0, 2
        await until(lambda: metrics.looks >= 9)
        assert not waiting.done()
        metrics.busy = 0
        async with asyncio.timeout(10):
            await waiting


async def test_batch_begins_few_renders_while_some_run(metrics):
    metrics.busy = 1
    async with ProxyWatch(metrics.url) as watch:
        await until(lambda: metrics.looks >= 2)
        begun = []

        async def begin():
            while True:
                await watch.wait()
                begun.append(metrics.looks)

        task = asyncio.create_task(begin())
        await until(lambda: metrics.looks >= 8)
        # Of four workers two stay free, and one is busy.
        assert begun
        assert max(map(begun.count, begun)) <= 2
        metrics.busy = 2
        first = metrics.looks + 2
        await until(lambda: metrics.looks >= first + 4)
        assert not [look for look in begun if look > first]
        task.cancel()
        metrics.busy = 0
        async with asyncio.timeout(10):
            for _ in range(100):
                await watch.wait()


async def test_proxy_that_does_not_answer_has_no_queue(metrics):
    metrics.queue = 1
    async with ProxyWatch(metrics.url) as watch:
        await until(lambda: metrics.looks >= 2)
        await metrics.runner.cleanup()
        async with asyncio.timeout(10):
            await watch.wait()


async def test_without_an_address_nothing_waits():
    async with ProxyWatch("") as watch:
        await watch.wait()
