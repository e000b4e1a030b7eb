import asyncio
import os

import pytest

from mememime_proxy.memory_budget import MemoryBudget
from mememime_proxy.proxy.cache.eviction import StoreEviction
from mememime_proxy.proxy.cache.key_locks import KeyLocks
from mememime_proxy.proxy.cache.store import VariantStore
from mememime_proxy.proxy.telemetry.metrics import ProxyMetrics
from mememime_proxy.storage.local.folder import Folder
from tests.support.provider_chain import make_entry

RECORD = "00/" + "0" * 32 + "/" + "1" * 32


@pytest.fixture
async def folder(tmp_path):
    storage = Folder(str(tmp_path / "store"), sync=False)
    await storage.start()
    yield storage
    await storage.close()


async def test_evict_removes_the_oldest_records_and_no_other_objects(folder, tmp_path):
    store = VariantStore(folder, "p/", ProxyMetrics(), MemoryBudget(0))
    await store.start()
    for number in range(20):
        await store.put(bytes([number]) * 16, make_entry(b"x" * 1000, f"http://h/{number}"))
    await store.close()
    await folder.put("p/notes.txt", b"n" * 50_000)
    await folder.put("other/file", b"n" * 50_000)
    records = (path for path in (tmp_path / "store").rglob("*") if len(path.name) == 32 and path.is_file())
    files = sorted(records, key=lambda path: path.name)
    for number, path in enumerate(files):
        os.utime(path, (1e9 + number, 1e9 + number))
    total = sum(path.stat().st_size for path in files)
    eviction = StoreEviction(folder, "p/", total, None)
    assert await eviction.evict() == 0
    assert eviction.size == total
    eviction = StoreEviction(folder, "p/", total // 2, None)
    removed = await eviction.evict()
    assert 0 < eviction.size <= total // 2 * 0.9
    assert [path.exists() for path in files] == [False] * removed + [True] * (20 - removed)
    assert len([info async for info in folder.list()]) == 20 - removed + 2


async def test_evict_removes_nothing_while_another_process_does_it(folder, tmp_path):
    first, second = (KeyLocks(str(tmp_path / "locks")) for _ in range(2))
    mine, other = StoreEviction(folder, "", 1, first), StoreEviction(folder, "", 1, second)
    await folder.put(RECORD, b"too much")
    gate, started = asyncio.Event(), asyncio.Event()

    async def evict_slowly():
        started.set()
        await gate.wait()
        return 1

    mine._evict = evict_slowly
    evicting = asyncio.create_task(mine.evict())
    await started.wait()
    assert await other.evict() == 0
    gate.set()
    assert await evicting == 1
    assert await other.evict() == 1
    first.close()
    second.close()


async def test_start_evicts_at_once_and_close_ends_it(folder):
    await folder.put(RECORD, b"too much")
    eviction = StoreEviction(folder, "", 1, None)
    done, evict = asyncio.Event(), eviction.evict

    async def evict_and_tell():
        await evict()
        done.set()

    eviction.evict = evict_and_tell
    eviction.start()
    await done.wait()
    await eviction.close()
    assert not [info async for info in folder.list("00")]
