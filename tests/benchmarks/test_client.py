import asyncio
import zlib

import pytest
from aiohttp import web

from benchmarks import client


@pytest.fixture
async def base(aiohttp_server):
    async def handler(request):
        size = int(request.match_info["size"])
        return web.Response(body=b"x" * size, content_type="image/png", status=200 if size != 13 else 404)

    app = web.Application()
    app.router.add_get("/{size}", handler)
    server = await aiohttp_server(app)
    return f"http://{server.host}:{server.port}"


async def test_answers_are_told_in_the_order_of_the_addresses(base):
    found = await asyncio.to_thread(client.run, [f"{base}/{size}" for size in (5, 3, 9, 3)], 2)
    assert found.sizes == [5, 3, 9, 3]
    assert found.sums == [zlib.crc32(b"x" * size) for size in found.sizes]
    assert set(found.types) == {"image/png"}
    assert all(0 < seconds <= found.wall for seconds in found.seconds)


@pytest.mark.parametrize("size", [13, 0], ids=["status", "empty"])
async def test_a_wrong_answer_ends_the_load(base, size):
    with pytest.raises(RuntimeError, match=f"{base}/{size}"):
        await asyncio.to_thread(client.run, [f"{base}/{size}"], 1)
