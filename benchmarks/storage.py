"""CPU of reading one object from S3: this project's client beside bare aiobotocore and obstore, on one event loop."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import obstore
import uvloop
from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession
from obstore.store import S3Store

from benchmarks.statistics import median, spread
from mememime_proxy.storage.s3.accounts import S3Account
from mememime_proxy.storage.s3.bucket import S3Bucket
from mememime_proxy.storage.s3.client import S3Client
from tests.support.s3_server import S3Server

SIZES = {"20 kB": 20_000, "2 MB": 2_000_000}
CLIENTS = 8
_Get = Callable[[], Awaitable[int]]


def storage(rounds: int, requests: int = 800) -> dict[str, dict[str, Any]]:
    """Rows by size and client: CPU of one GET, its ratio to bare aiobotocore's, requests a second, 8 at a time.

    The server is a SeaweedFS of its own. The sides take turns in each round.
    """
    with tempfile.TemporaryDirectory() as folder, S3Server(Path(folder)) as s3_server:
        return uvloop.run(_measured(s3_server, rounds, requests))


async def _measured(s3_server: S3Server, rounds: int, requests: int) -> dict[str, dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}
    async with AsyncExitStack() as stack:
        for label, size in SIZES.items():
            bucket = s3_server.create_bucket(k=os.urandom(size))
            sides = {
                "aiobotocore": await _aiobotocore(stack, s3_server, bucket),
                "mememime": await _ours(stack, s3_server, bucket),
                "obstore": _obstore(s3_server, bucket),
            }
            count = max(CLIENTS, requests if size < 1 << 20 else requests // 8)
            costs: dict[str, list[tuple[float, float]]] = {name: [] for name in sides}
            for number in range(rounds + 1):
                for name, get in sides.items():
                    cost = await _round(get, count, size)
                    if number:  # the first one opens connections and warms up
                        costs[name].append(cost)
            bare = median([cpu for cpu, _ in costs["aiobotocore"]])
            for name, found in costs.items():
                cpu = [each for each, _ in found]
                rows[f"{label}, {name}"] = {
                    "cpu_ms": round(median(cpu) * 1000, 2),
                    "spread": round(spread(cpu), 2),
                    "ratio": round(median(cpu) / bare, 2),
                    "per_second": round(median([1 / wall for _, wall in found])),
                }
    return rows


async def _round(get: _Get, count: int, size: int) -> tuple[float, float]:
    """Seconds of CPU, and of the clock, for each of ``count`` requests."""
    left = iter(range(count))

    async def client() -> None:
        for _ in left:
            assert await get() == size

    wall, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return (time.process_time() - cpu) / count, (time.perf_counter() - wall) / count


async def _ours(stack: AsyncExitStack, s3_server: S3Server, name: str) -> _Get:
    client = S3Client(
        S3Account(
            endpoint=s3_server.endpoint,
            region=s3_server.region,
            access_key_id=s3_server.access_key,
            secret_access_key=s3_server.secret_key,
        )
    )
    await client.start()
    stack.push_async_callback(client.close)
    bucket = S3Bucket(client, name)

    async def get() -> int:
        async with await bucket.open("k") as body:
            return sum([len(chunk) async for chunk in body])

    return get


async def _aiobotocore(stack: AsyncExitStack, s3_server: S3Server, name: str) -> _Get:
    client = await stack.enter_async_context(
        AioSession().create_client(
            "s3",
            region_name=s3_server.region,
            endpoint_url=s3_server.endpoint,
            aws_access_key_id=s3_server.access_key,
            aws_secret_access_key=s3_server.secret_key,
            config=AioConfig(s3={"addressing_style": "path"}, max_pool_connections=128),
        )
    )

    async def get() -> int:
        found = await client.get_object(Bucket=name, Key="k")
        async with found["Body"] as body:
            return len(await body.read())

    return get


def _obstore(s3_server: S3Server, name: str) -> _Get:
    store = S3Store(
        name,
        endpoint=s3_server.endpoint,
        region=s3_server.region,
        access_key_id=s3_server.access_key,
        secret_access_key=s3_server.secret_key,
        virtual_hosted_style_request=False,
        client_options={"allow_http": True},
    )

    async def get() -> int:
        found = await obstore.get_async(store, "k")
        return len(await found.bytes_async())

    return get
