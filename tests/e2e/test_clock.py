"""A clock that jumps, by an hour each way, under a running service."""

import asyncio

import pytest

from mememime_proxy.urls import UrlBuilder
from tests.support.proxy_process import KEY, SALT, ProxyProcess
from tests.support.waiting import wait_until

_SHIFTED = """
import time
from pathlib import Path

_real, _offset = time.time, Path(__file__).with_name("offset")


def shifted():
    return _real() + float(_offset.read_text())


time.time = shifted
"""


@pytest.mark.parametrize("jump", [3600, -3600])
async def test_f10_clock_that_jumps_ends_no_request_and_expires_no_result(
    client, pictures, origin, tmp_path, monkeypatch, jump
):
    """Deadlines run on the monotonic clock; results stay, and their source is asked once whether it is the same."""
    modules = tmp_path / "modules"
    modules.mkdir()
    (modules / "sitecustomize.py").write_text(_SHIFTED)
    (modules / "offset").write_text("0")
    monkeypatch.setenv("PYTHONPATH", str(modules))
    origin.headers["ETag"] = '"1"'
    settings = {"key": KEY, "salt": SALT, "allow_loopback_source_addresses": "1", "source_freshness": "600",
                "timeout": "60"}  # fmt: skip
    with ProxyProcess(tmp_path, **settings) as service:
        url = UrlBuilder(service.base, key=KEY, salt=SALT)
        addresses = [url.resize("fit", 20 + n).build(f"{origin.base}/dandelion.jpg?{n}") for n in range(20)]

        async def get(address):
            async with client.get(address) as answer:
                return answer.status, await answer.read()

        before = [await get(address) for address in addresses]
        assert {status for status, _ in before} == {200}
        renders, hits = service.renders(), origin.hits
        origin.gate.clear()
        waiting = asyncio.create_task(get(url.resize("fit", 99).build(f"{origin.base}/dandelion.jpg?waiting")))
        await wait_until(lambda: origin.hits == hits + 1)
        (modules / "offset").write_text(str(jump))
        origin.gate.set()
        assert (await waiting)[0] == 200
        after = [await get(address) for address in addresses]
        assert after == before
        assert service.renders() == renders + 1
        assert origin.hits - hits - 1 <= len(addresses)
        assert origin.conditional == origin.hits - hits - 1
        assert not service.find("worker.ended")
