"""C5, H5: all processes of a proxy together, against the budget that they have."""

import asyncio
import threading
from collections import Counter
from contextlib import contextmanager

import aiohttp
import psutil

from mememime_proxy.urls import UrlBuilder
from mememime_proxy.workers.process_memory import measure
from tests.hostile.files import legal
from tests.support.proxy_process import KEY, SALT, ProxyProcess
from tests.support.raw_server import raw_server

MIB = 1 << 20
BUDGET = 700
ALLOWED = 1.05
SLOW = 8 * MIB


async def trickle(reader, writer):
    """Send a large picture, half of it at once."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {SLOW}\r\n\r\n".encode())
    for _ in range(16):
        writer.write(bytes(SLOW // 32))
        await writer.drain()
    while True:
        writer.write(bytes(1 << 14))
        await writer.drain()
        await asyncio.sleep(0.1)


@contextmanager
def watched(pid):
    """The most memory that the tree of ``pid`` had, as a list that ends with it."""
    peaks, ended = [0], threading.Event()

    def watch():
        while not ended.wait(0.01):
            tree = [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
            peaks.append(max(peaks[-1], measure(tree).total))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peaks
    finally:
        ended.set()
        thread.join()


async def test_c5_processes_have_no_more_than_the_budget_whatever_comes_at_once(tmp_path):
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    (pictures / "a.jpg").write_bytes(legal.jpeg_progressive(4000))
    (pictures / "b.png").write_bytes(legal.png_interlaced(2500))
    (pictures / "c.avif").write_bytes(legal.avif(2500))
    (pictures / "small.jpg").write_bytes(legal.jpeg(200))
    settings = {"memory_budget": str(BUDGET), "local_filesystem_root": str(pictures), "download_timeout": "10"}
    settings |= {"timeout": "60", "workers": "4", "allow_loopback_source_addresses": "1"}
    with ProxyProcess(tmp_path, key=KEY, salt=SALT, **settings) as proxy:
        url = UrlBuilder(proxy.base, key=KEY, salt=SALT)
        async with raw_server(trickle) as (port, _), aiohttp.ClientSession() as client:

            async def status(side, source):
                async with client.get(url.resize("fit", side).build(source, "png")) as answer:
                    await answer.read()
                    return answer.status

            with watched(proxy.process.pid) as peaks:
                local = [f"local:///{name}" for name in ("a.jpg", "b.png", "c.avif")]
                large = [status(1990 + number, source) for number in range(6) for source in local]
                slow = [status(99, f"http://127.0.0.1:{port}/{number}") for number in range(100)]
                statuses = Counter(await asyncio.gather(*large, *slow))
            assert peaks[-1] <= ALLOWED * BUDGET * MIB
            assert set(statuses) <= {200, 422, 429, 503, 504}, statuses
            assert statuses[200] > 0
            assert await status(50, "local:///small.jpg") == 200
