"""Lists of many assets: time of a page at any place, by order and filter, on both databases."""

from __future__ import annotations

import random
import time
from typing import Any, Final

import uvloop
from sqlalchemy import text

from benchmarks.alike import database_url
from benchmarks.statistics import median, percentile
from mememime_proxy.resources.assets.catalogue import AssetList, AssetOrder, Catalogue
from mememime_proxy.resources.assets.filters import AssetFilter
from mememime_proxy.resources.assets.positions import Positions
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.migrate import bring_up
from tests.support.hashed_assets import add_hashed_assets, planted_hashes

_OWNER: Final = "owner"
_PAGE: Final = 200
_SPREAD: Final = (
    "UPDATE assets SET size = 1 + (phash & 1048575), created = (phash & 1073741823), width = 8, height = 8,"
    " media_type = CASE WHEN phash & 7 = 0 THEN 'image/png' ELSE 'image/jpeg' END",
    "UPDATE holdings SET size = (SELECT assets.size FROM assets WHERE assets.sha256 = holdings.sha256),"
    " created = (SELECT assets.created FROM assets WHERE assets.sha256 = holdings.sha256)",
)
LISTS: Final = {
    "newest": AssetList(tenant=_OWNER, order=AssetOrder.CREATED, descending=True),
    "newest, ready": AssetList(
        tenant=_OWNER, filter=AssetFilter(state="ready"), order=AssetOrder.CREATED, descending=True
    ),
    "largest, ready": AssetList(
        tenant=_OWNER, filter=AssetFilter(state="ready"), order=AssetOrder.SIZE, descending=True
    ),
    "newest, one in eight": AssetList(
        tenant=_OWNER, filter=AssetFilter(media_type="image/png"), order=AssetOrder.CREATED, descending=True
    ),
    "newest, all tenants": AssetList(
        tenant=None, filter=AssetFilter(state="ready"), order=AssetOrder.CREATED, descending=True
    ),
}
"""The lists that are measured, by name."""


def catalogue(count: int, pages: int, dialects: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """Rows by database and list, of ``count`` assets of one tenant and ``pages`` places each."""
    rows: dict[str, dict[str, Any]] = {}
    for dialect in dialects:
        with database_url(dialect) as url:
            rows |= uvloop.run(_measured(dialect, url, count, pages))
    return rows


async def _measured(dialect: str, url: str, count: int, pages: int) -> dict[str, dict[str, Any]]:
    await bring_up(url)
    unbounded = Database(url, bounded=False)
    await unbounded.start()
    await add_hashed_assets(unbounded, planted_hashes(count, 0, seed=1), [_OWNER])
    async with unbounded.write() as tx:
        for statement in _SPREAD:
            await tx.execute(text(statement))
    if dialect == "postgresql":  # as its autovacuum does a while later
        async with unbounded.engine.connect() as connection:
            vacuum = await connection.execution_options(isolation_level="AUTOCOMMIT")
            await vacuum.execute(text("VACUUM ANALYZE"))
    await unbounded.close()
    database = Database(url)
    await database.start()
    lists = Catalogue(database, Positions())
    try:
        return {f"{dialect}, {name}": await _asked(lists, which, pages) for name, which in LISTS.items()}
    finally:
        await lists.close()
        await database.close()


async def _asked(lists: Catalogue, which: AssetList, pages: int) -> dict[str, Any]:
    started = time.perf_counter()
    total = await lists.total(which)
    first = time.perf_counter() - started
    rng, numbers, keys = random.Random(1), list[float](), list[float]()
    for _ in range(pages):
        offset = rng.randrange(max(1, total - _PAGE))
        started = time.perf_counter()
        page = await lists.page(which, offset=offset, limit=_PAGE)
        numbers.append(time.perf_counter() - started)
        started = time.perf_counter()
        await lists.page(which, after=page[-1].key, limit=_PAGE)
        keys.append(time.perf_counter() - started)
    return {
        "assets": total,
        "first_count_ms": round(1000 * first),
        "place_p50_ms": round(1000 * median(numbers), 1),
        "place_p95_ms": round(1000 * percentile(numbers, 0.95), 1),
        "cursor_p50_ms": round(1000 * median(keys), 1),
        "cursor_p95_ms": round(1000 * percentile(keys, 0.95), 1),
    }
