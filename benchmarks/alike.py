"""Look-alikes among many assets: time by distance, and whether answers equal those of a comparison with all."""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import uvloop
from sqlalchemy import text

from benchmarks.statistics import median, percentile
from mememime_proxy.resources.assets.repository import Assets
from mememime_proxy.resources.assets.similarity import Similarity
from mememime_proxy.resources.auth.principal import Principal, Role
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.migrate import bring_up
from mememime_proxy.resources.database.outbox import Outbox
from mememime_proxy.resources.database.perceptual_hash import MAX_DISTANCE, mirrored
from mememime_proxy.resources.maintenance.twins import TwinPair, Twins, TwinTotals
from tests.support.hashed_assets import add_hashed_assets, name, planted_hashes
from tests.support.postgres_server import PostgresServer

DIALECTS: Final = ("sqlite", "postgresql")
_OWNER: Final = Principal(tenant="owner", role=Role.WRITE, credential="key:benchmark")
_ALL: Final = (1 << 64) - 1
_LIMIT: Final = 1000
_CHECKED: Final = 3
"""Questions whose answers are compared with all assets."""


def alike(count: int, questions: int, dialects: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """Rows by database and distance, of ``count`` random hashes with planted neighbours."""
    hashes = planted_hashes(count, questions, seed=1)
    expected = {number: _compared(hashes, number) for number in range(min(_CHECKED, questions))}
    rows: dict[str, dict[str, Any]] = {}
    for dialect in dialects:
        with database_url(dialect) as url:
            rows |= uvloop.run(_measured(dialect, url, hashes, questions, expected))
    return rows


@contextmanager
def database_url(dialect: str) -> Iterator[str]:
    if dialect == "postgresql":
        with PostgresServer() as server:
            yield server.create()
        return
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite:///{folder}/alike.sqlite"


async def _filled(dialect: str, url: str, hashes: list[int]) -> float:
    """Fill a database, and return the seconds that it took."""
    await bring_up(url)
    unbounded = Database(url, bounded=False)
    await unbounded.start()
    started = time.perf_counter()
    await add_hashed_assets(unbounded, hashes, [_OWNER.tenant])
    filled = time.perf_counter() - started
    if dialect == "postgresql":  # as its autovacuum does a minute later
        async with unbounded.write() as tx:
            await tx.execute(text("ANALYZE"))
    await unbounded.close()
    return filled


async def _measured(
    dialect: str, url: str, hashes: list[int], questions: int, expected: dict[int, list[tuple[int, int]]]
) -> dict[str, dict[str, Any]]:
    filled = await _filled(dialect, url, hashes)
    database = Database(url)
    await database.start()
    try:
        rows = {
            f"{dialect}, distance {distance}": await _asked(database, distance, questions, expected)
            for distance in range(MAX_DISTANCE + 1)
        }
    finally:
        await database.close()
    return {each: {"assets": len(hashes), "filled_s": round(filled, 1), **row} for each, row in rows.items()}


async def _asked(
    database: Database, distance: int, questions: int, expected: dict[int, list[tuple[int, int]]]
) -> dict[str, Any]:
    assets, similarity = Assets(database, lambda: 0, Outbox()), Similarity(database)
    seconds, equal, found = [], True, 0
    for number in [0, *range(questions)]:  # the first one warms up
        asset = await assets.get(name(number), _OWNER)
        started = time.perf_counter()
        neighbours, more = await similarity.neighbours(asset, _OWNER, distance=distance, limit=_LIMIT)
        seconds.append(time.perf_counter() - started)
        found += len(neighbours)
        if number in expected:
            pairs = [(each.distance, int(each.asset.sha256, 16)) for each in neighbours]
            equal &= not more and sorted(pairs) == [pair for pair in expected[number] if pair[0] <= distance]
    return {
        "p50_ms": round(1000 * median(seconds[1:]), 1),
        "p95_ms": round(1000 * percentile(seconds[1:], 0.95), 1),
        "found": round(found / len(seconds), 1),
        "equal": equal,
    }


def twins(count: int, distances: tuple[int, ...], dialects: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """Rows by database and distance: all pairs and groups among ``count`` random hashes with planted neighbours."""
    planted = min(1000, count // 40)
    hashes = planted_hashes(count, planted, seed=1)
    expected = {number: _compared(hashes, number, [hashes[number]]) for number in range(_CHECKED)}
    rows: dict[str, dict[str, Any]] = {}
    for dialect in dialects:
        with database_url(dialect) as url:
            rows |= uvloop.run(_joined(dialect, url, hashes, distances, expected))
    return rows


async def _joined(
    dialect: str, url: str, hashes: list[int], distances: tuple[int, ...], expected: dict[int, list[tuple[int, int]]]
) -> dict[str, dict[str, Any]]:
    await _filled(dialect, url, hashes)
    database = Database(url, bounded=False)
    await database.start()
    rows = {}
    try:
        for distance in distances:
            totals, found = TwinTotals(), {number: set() for number in expected}
            started, cpu = time.perf_counter(), time.process_time()
            async for each in Twins(database, distance).find(_OWNER.tenant, totals):
                if isinstance(each, TwinPair):
                    ends = int(each.first, 16), int(each.second, 16)
                    for number in found.keys() & set(ends):
                        found[number].add((each.distance, sum(ends) - number))
            rows[f"{dialect}, distance {distance}"] = {
                "assets": totals.assets,
                "seconds": round(time.perf_counter() - started, 1),
                "cpu_s": round(time.process_time() - cpu, 1),
                "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10,
                "pairs": totals.pairs,
                "groups": totals.groups,
                "grouped": totals.grouped,
                "common": totals.common,
                # Pairs are of different hashes, each represented by the first of its assets.
                "equal": all(
                    {pair[0] for pair in found[number]} == {near for near, _ in pairs if 0 < near <= distance}
                    for number, pairs in expected.items()
                ),
            }
    finally:
        await database.close()
    return rows


def _compared(hashes: list[int], number: int, values: Sequence[int] = ()) -> list[tuple[int, int]]:
    """Return distances and places of the neighbours of a hash and its mirrored one, or of ``values``."""
    values = values or (hashes[number], mirrored(hashes[number]))
    distances = (
        (min(((value ^ other) & _ALL).bit_count() for value in values), place)
        for place, other in enumerate(hashes)
        if place != number
    )
    return sorted(pair for pair in distances if pair[0] <= MAX_DISTANCE)
