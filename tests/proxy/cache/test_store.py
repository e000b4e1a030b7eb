import asyncio
import contextlib
import weakref
from dataclasses import replace

import pytest

from mememime_proxy.errors import MemoryBudgetError, StorageError, StorageTimeoutError, StorageUnavailableError
from mememime_proxy.memory_budget import MemoryBudget, Use
from mememime_proxy.proxy.cache import store as store_module
from mememime_proxy.proxy.cache.store import VariantStore
from mememime_proxy.proxy.telemetry.metrics import ProxyMetrics
from mememime_proxy.sources.model import SourceState
from mememime_proxy.storage.local.folder import Folder
from tests.support.provider_chain import make_entry

URL, OTHER = "http://h/a.jpg", "http://h/b.jpg"
KEYS = [bytes([number]) * 16 for number in range(10)]


@pytest.fixture
async def folder(tmp_path):
    storage = Folder(str(tmp_path / "store"), sync=False)
    await storage.start()
    yield storage
    await storage.close()


@pytest.fixture
async def store(folder):
    variants = VariantStore(folder, "p/", ProxyMetrics(), MemoryBudget(0))
    await variants.start()
    yield variants
    await variants.close()


async def put_all(store, *entries):
    """Write each entry under a key of its own."""
    for key, entry in zip(KEYS, entries, strict=False):
        await store.put(key, entry)
    await store._queue.join()


async def test_get_returns_what_was_put(store):
    assert await store.get(URL, KEYS[0]) is None
    await put_all(store, make_entry())
    assert await store.get(URL, KEYS[0]) == make_entry()
    assert await store.get(OTHER, KEYS[0]) is None


async def test_drop_source_deletes_its_records_and_keeps_its_epoch(store, folder):
    await put_all(store, *[make_entry() for _ in range(5)], make_entry(source=OTHER))
    await store.write_epoch(URL, "e1")
    assert await store.drop_source(URL) == 5
    assert await store.drop_source(URL) == 0
    assert await store.read_epoch(URL) == "e1"
    assert await store.read_epoch(OTHER) == ""
    assert len([info async for info in folder.list("p/")]) == 2


async def test_damaged_record_counts_as_missing(store, tmp_path):
    await put_all(store, make_entry())
    (file,) = (path for path in (tmp_path / "store").rglob("*") if path.is_file() and len(path.name) == 32)
    file.write_bytes(file.read_bytes()[:-1])
    assert await store.get(URL, KEYS[0]) is None


async def test_entry_whose_validator_is_no_text_is_not_written(store):
    entry = make_entry()
    await put_all(store, *[replace(entry, result=replace(entry.result, state=SourceState('"\udcff"')))] * 8)
    await put_all(store, entry)
    assert await store.get(URL, KEYS[0]) == entry


async def test_callback_is_called_when_the_entry_is_written(store, folder):
    calls = []
    store.call_when_written(KEYS[0], lambda: calls.append("nothing waits"))
    assert calls == ["nothing waits"]
    await store.put(KEYS[0], make_entry())
    store.call_when_written(KEYS[0], lambda: calls.append("written"))
    assert len(calls) == 1
    await store._queue.join()
    assert await store.get(URL, KEYS[0]) == make_entry()
    assert calls == ["nothing waits", "written"]


class BrokenStorage:
    """A storage whose calls raise ``error``, or do not end where it is None."""

    def __init__(self, error=None):
        self.error, self.gate = error, asyncio.Event()

    async def open(self, *_args, **_more):
        return await self._fail()

    async def put(self, *_args, **_more):
        return await self._fail()

    async def _fail(self):
        if self.error is None:
            await self.gate.wait()
        raise self.error or StorageUnavailableError("later")


@pytest.mark.parametrize("error", [StorageUnavailableError("away"), None])
async def test_storage_error_fails_requests_only_with_strict(error, monkeypatch):
    monkeypatch.setattr(store_module, "_READ_TIMEOUT", 0.01)
    monkeypatch.setattr(store_module, "_WRITE_TIMEOUT", 0.01)
    metrics = ProxyMetrics()
    store = VariantStore(BrokenStorage(error), "", metrics, MemoryBudget(0))
    await store.start()
    assert await store.get("s", KEYS[0]) is None
    assert await store.read_epoch("s") is None
    await put_all(store, make_entry())
    for operation, count in (("get", 2), ("put", 1)):
        assert metrics.registry.get_sample_value("store_errors_total", {"operation": operation}) == count
    await store.close()
    strict = VariantStore(BrokenStorage(error), "", ProxyMetrics(), MemoryBudget(0), strict=True)
    calls = []
    with pytest.raises(StorageTimeoutError if error is None else StorageError):
        await strict.get("s", KEYS[0])
    with pytest.raises(StorageError):
        await strict.put(KEYS[0], make_entry())
    strict.call_when_written(KEYS[0], lambda: calls.append(1))
    assert calls == [1]
    with pytest.raises(StorageError):
        await strict.write_epoch("s", "e")


async def test_fault_of_one_write_leaves_the_writers_and_the_stop(store, folder, monkeypatch):
    """More faults than there are writers: those behind them are written, their callbacks are called."""
    called, put = [], folder.put

    async def put_or_fail(key, *args, **more):
        if key.endswith(KEYS[9].hex()):
            return await put(key, *args, **more)
        raise ZeroDivisionError

    monkeypatch.setattr(folder, "put", put_or_fail)
    for key in KEYS:
        await store.put(key, make_entry())
        store.call_when_written(key, lambda key=key: called.append(key))
    await store.close()
    assert sorted(called) == KEYS
    assert await store.get(make_entry().source, KEYS[9]) is not None


async def test_entries_beyond_the_queue_are_dropped(monkeypatch):
    monkeypatch.setattr(store_module, "_MAX_QUEUED", 1000)
    monkeypatch.setattr(store_module, "_CLOSE_TIMEOUT", 0.01)
    metrics, calls = ProxyMetrics(), []
    store = VariantStore(BrokenStorage(), "", metrics, MemoryBudget(0))
    await store.start()
    for number, key in enumerate(KEYS):
        await store.put(key, make_entry(b"x" * 300))
        store.call_when_written(key, lambda number=number: calls.append(number))
    assert calls == [3, 4, 5, 6, 7, 8, 9]
    assert metrics.registry.get_sample_value("store_dropped_total") == 7
    assert metrics.registry.get_sample_value("store_waiting_bytes") == 900
    await store.close()
    assert sorted(calls) == list(range(10))


async def test_h5_record_that_is_read_counts_in_the_budget_with_its_entry(folder):
    budget = MemoryBudget(1 << 20)
    store = VariantStore(folder, "p/", ProxyMetrics(), budget)
    await store.start()
    await put_all(store, make_entry(bytes(100_000)))
    assert budget.used == 0
    entry = await store.get(URL, KEYS[0])
    assert budget.used_by[Use.RESULTS] == 100_000
    del entry
    assert budget.used == 0
    with budget_taken(budget):
        with pytest.raises(MemoryBudgetError):
            await store.get(URL, KEYS[0])
        await put_all(store, make_entry(bytes(100_000), OTHER))
    assert await store.get(OTHER, KEYS[0]) is None
    assert store._metrics.registry.get_sample_value("store_dropped_total") == 1
    await store.close()


@contextlib.contextmanager
def budget_taken(budget):
    """All that results may have is in use."""
    permit = budget.reserve(budget.passive_limit, Use.UPLOADS)
    yield
    permit.release()


async def test_h5_entry_that_was_written_is_not_held_until_the_next_one(store):
    permit = MemoryBudget(0).reserve(100, Use.RESULTS)
    entry = make_entry()
    await put_all(store, replace(entry, result=replace(entry.result, permit=permit)))
    released = weakref.ref(permit)
    del permit
    await asyncio.sleep(0)
    assert released() is None
