"""The body of a call: the minimum rate."""

from __future__ import annotations

import asyncio

import pytest

from mememime_proxy.errors import UploadStalledError
from mememime_proxy.resources.http import call as module
from mememime_proxy.resources.http.call import MinRate


async def never():
    await asyncio.Event().wait()


async def at_once(content=b""):
    return content


@pytest.mark.promise("G14")
@pytest.mark.parametrize("way", [MinRate.read, MinRate.wait])
async def test_f3_slow_client_is_told_to_come_again_after_a_window(monkeypatch, way):
    monkeypatch.setattr(module, "_WINDOW", 0.05)
    with pytest.raises(UploadStalledError) as raised:
        await way(MinRate(1), never())
    # tus-js-client and others give up after most statuses of 4xx.
    assert (raised.value.status, raised.value.retry_after) == (503, 1)


async def test_min_rate_bytes_extend_the_deadline_and_heads_do_not(monkeypatch):
    monkeypatch.setattr(module, "_WINDOW", 0.2)
    min_rate = MinRate(100)
    for _ in range(3):
        await asyncio.sleep(0.1)
        assert await min_rate.read(at_once(b"x" * 20)) == b"x" * 20
    for _ in range(3):
        assert await min_rate.wait(at_once(b"a head")) == b"a head"
    with pytest.raises(UploadStalledError):
        await min_rate.wait(never())


async def test_min_rate_zero_is_no_limit(monkeypatch):
    monkeypatch.setattr(module, "_WINDOW", 0.01)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await MinRate(0).wait(never())
