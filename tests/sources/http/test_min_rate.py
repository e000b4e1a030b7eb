import asyncio

import pytest
from aiohttp import StreamReader
from aiohttp.base_protocol import BaseProtocol

from mememime_proxy.errors import SourceTimeoutError
from mememime_proxy.sources.http.min_rate import require_min_rate
from tests.support.clock import Clock


class Source(StreamReader):
    """Pieces of a body, each with the seconds that it takes."""

    def __init__(self, clock, pieces):
        super().__init__(BaseProtocol(asyncio.get_running_loop()), 1 << 16, loop=asyncio.get_running_loop())
        self._clock, self._pieces = clock, list(pieces)

    async def readany(self):
        if not self._pieces:
            return b""
        seconds, chunk = self._pieces.pop(0)
        self._clock.now += seconds
        return chunk


@pytest.fixture
async def clock(monkeypatch):
    loop = asyncio.get_running_loop()
    clock = Clock(float(int(loop.time())))  # whole seconds add up exactly, so that a source may be just fast enough
    monkeypatch.setattr(loop, "time", clock)
    return clock


async def read(source, rate=100, grace=10, pause=0.0, clock=None):
    size = 0
    async for chunk in require_min_rate(source, rate, grace):
        size += len(chunk)
        if clock is not None:
            clock.now += pause
    return size


async def test_slow_source_times_out(clock):
    with pytest.raises(SourceTimeoutError, match="bytes in 11"):
        await read(Source(clock, [(1, b"x")] * 100))


async def test_steady_source_does_not_time_out(clock):
    assert await read(Source(clock, [(1, b"x" * 100)] * 60)) == 6000


async def test_source_that_starts_late_does_not_time_out(clock):
    assert await read(Source(clock, [(9, b"x"), (0.5, b"x" * 10)])) == 11


async def test_slow_consumer_causes_no_timeout(clock):
    assert await read(Source(clock, [(0.01, b"x")] * 100), pause=60, clock=clock) == 100
