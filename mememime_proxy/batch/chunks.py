"""Chunks of a batch: some seconds of work each, cut from the stream of items in bounded memory."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from typing import Final

import msgspec

from mememime_proxy.batch.model import BatchItem
from mememime_proxy.batch.spec import Shard

_MIN_UNITS: Final = 50
_MAX_UNITS: Final = 500
"""Units of a chunk: with fewer, the engine takes a share of the time; with more, a loss costs too much."""
_MAX_SEEN: Final = 1 << 16


async def cut(
    items: AsyncIterator[BatchItem], units_of: Callable[[BatchItem], int], units: int, shard: Shard
) -> AsyncGenerator[list[BatchItem], None]:
    """Yield the chunks of a shard, each of about ``units`` units and sorted by source.

    Equal items that come soon after one another are one.
    """
    chunk: list[BatchItem] = []
    seen: set[BatchItem] = set()
    size = 0
    async for item in items:
        if item in seen or not shard.contains(item.source):
            continue
        if len(seen) >= _MAX_SEEN:
            seen.clear()
        seen.add(item)
        more = units_of(item)
        if chunk and size + more > units:
            yield _sorted(chunk)
            chunk, size = [], 0
        chunk.append(item)
        size += more
    if chunk:
        yield _sorted(chunk)


def units_in(seconds: float, seconds_each: float) -> int:
    """Return how many units take about ``seconds``, between 50 and 500."""
    return min(_MAX_UNITS, max(_MIN_UNITS, round(seconds / seconds_each)))


def chunk_name(items: Sequence[BatchItem]) -> str:
    """Return a name that only a chunk of these items has."""
    return hashlib.blake2b(msgspec.json.encode(items), digest_size=12).hexdigest()


def _sorted(chunk: list[BatchItem]) -> list[BatchItem]:
    return sorted(chunk, key=lambda item: item.source)
