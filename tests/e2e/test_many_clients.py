"""More clients than MAX_CLIENTS at one cold URL (H11)."""

import asyncio

import aiohttp
from aiohttp import web

from mememime_proxy.proxy.http.clients import WAITING_CLIENTS
from mememime_proxy.urls import UrlBuilder
from tests.support.proxy_process import KEY, SALT, ProxyProcess
from tests.support.waiting import wait_until

LIMIT = 10


async def test_h11_many_clients_of_one_cold_url_do_not_refuse_others(pictures, tmp_path):
    """More clients than may work wait for a source that holds its answer; others are served, the excess is refused."""
    released = asyncio.Event()
    picture = (pictures / "coffee.jpg").read_bytes()

    async def hold(_request):
        await released.wait()
        return web.Response(body=picture, content_type="image/jpeg")

    runner = web.ServerRunner(web.Server(hold))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    origin = f"http://127.0.0.1:{runner.addresses[0][1]}/cold.jpg"
    settings = {"max_clients": str(LIMIT), "local_filesystem_root": str(pictures), "download_timeout": "60",
                "allow_loopback_source_addresses": "1", "timeout": "60"}  # fmt: skip
    most = WAITING_CLIENTS * LIMIT // 2
    with ProxyProcess(tmp_path, key=KEY, salt=SALT, **settings) as proxy:
        url = UrlBuilder(proxy.base, key=KEY, salt=SALT).width(30)
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

            async def get(address):
                async with session.get(address) as response:
                    await response.read()
                    return response.status, response.headers.get("Retry-After")

            cold = [asyncio.create_task(get(url.build(origin))) for _ in range(most + 15)]
            # One works, the others wait with it, as many as may; the rest is refused at once.
            await wait_until(lambda: sum(task.done() for task in cold) == 15)
            assert {task.result() for task in cold if task.done()} == {(503, "1")}
            assert proxy.metric("requests_waiting") == most - 1
            for width in range(40, 60):
                assert (await get(url.width(width).build("local:///coffee.jpg")))[0] == 200
            released.set()
            statuses = [status for status, _ in await asyncio.gather(*cold)]
            assert sorted(statuses) == [200] * most + [503] * 15
        assert proxy.metric("requests_waiting") == 0
    await runner.cleanup()
