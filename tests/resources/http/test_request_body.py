"""Bodies as they come: who is too slow, and how many at once."""

from __future__ import annotations

import asyncio

import pytest

from mememime_proxy.errors import ClientDisconnectedError
from mememime_proxy.resources.http import request_body as module
from mememime_proxy.resources.http.request_body import Pace


async def never():
    await asyncio.Event().wait()


async def at_once(content=b""):
    return content


@pytest.mark.promise("G14")
@pytest.mark.parametrize("way", [Pace.read, Pace.wait])
async def test_nobody_waits_longer_than_a_window(monkeypatch, way):
    monkeypatch.setattr(module, "_WINDOW", 0.05)
    with pytest.raises(ClientDisconnectedError):
        await way(Pace(1), never())


async def test_bytes_pay_for_more_time_and_heads_do_not(monkeypatch):
    monkeypatch.setattr(module, "_WINDOW", 0.2)
    pace = Pace(100)
    for _ in range(3):
        await asyncio.sleep(0.1)
        assert await pace.read(at_once(b"x" * 20)) == b"x" * 20
    for _ in range(3):
        assert await pace.wait(at_once(b"a head")) == b"a head"
    with pytest.raises(ClientDisconnectedError):
        await pace.wait(never())


async def test_no_rate_is_no_limit(monkeypatch):
    monkeypatch.setattr(module, "_WINDOW", 0.01)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await Pace(0).wait(never())
