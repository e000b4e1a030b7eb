"""A batch gives way to a proxy whose renders wait."""

import asyncio

import pytest
from aiohttp import web

from mememime_proxy.batch import proxy_watch
from mememime_proxy.batch.proxy_watch import ProxyWatch


@pytest.fixture
async def metrics(monkeypatch):
    """An address with metrics; ``queue`` is the number of renders that wait."""
    monkeypatch.setattr(proxy_watch, "_INTERVAL", 0.005)

    class Metrics:
        queue, looks = 0, 0

        async def answer(self, _request):
            self.looks += 1
            return web.Response(text=f"# HELP x\nother 7.0\nns_render_queue_length {float(self.queue)}\nmore 1.0\n")

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
        assert not waiting.done()
        metrics.queue = 0
        before = metrics.looks
        async with asyncio.timeout(10):
            await waiting
        assert metrics.looks >= before + proxy_watch._CALM_LOOKS - 1


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
