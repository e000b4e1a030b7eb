import pytest

from mememime_proxy.errors import SettingsError
from mememime_proxy.memory_budget import MemoryBudget
from mememime_proxy.proxy.cache.caches import open_caches
from mememime_proxy.proxy.telemetry.metrics import ProxyMetrics
from mememime_proxy.settings.settings import load
from mememime_proxy.storage.local.folder import Folder
from tests.support.fake_source import FakeSource
from tests.support.provider_chain import make_entry

KEY = b"k" * 16
URL = "http://h/a.jpg"


def settings(tmp_path, **variables):
    names = {"ALLOW_UNSIGNED": "1", "CACHE_USE": "fs", "CACHE_FS_ROOT": str(tmp_path / "store"), **variables}
    return load({f"MEMEMIME_{name}": value for name, value in names.items()})


@pytest.fixture
async def folder(tmp_path):
    storage = Folder(str(tmp_path / "store"), sync=False)
    await storage.start()
    yield storage
    await storage.close()


@pytest.mark.parametrize("prefix", ["", "/variants/"])
async def test_caches_with_a_folder_have_a_store_and_locks_and_end_with_what_was_queued(tmp_path, folder, prefix):
    chosen, metrics = settings(tmp_path, CACHE_PATH_PREFIX=prefix), ProxyMetrics()
    async with open_caches(chosen, FakeSource(), metrics, folder, MemoryBudget(0)) as caches:
        assert caches.store is not None
        assert caches.locks is not None
        await caches.store.put(KEY, make_entry(b"a body", URL))
    root = tmp_path / "store" / prefix.strip("/")
    assert [path.name for path in root.rglob("*") if path.name == KEY.hex()], "a record that waited was written"
    async with open_caches(chosen, FakeSource(), ProxyMetrics(), folder, MemoryBudget(0)) as caches:
        assert (await caches.store.get(URL, KEY)).result.variant.body == b"a body"


async def test_caches_without_a_storage_are_in_memory_alone(tmp_path):
    async with open_caches(
        settings(tmp_path, CACHE_USE=""), FakeSource(), ProxyMetrics(), None, MemoryBudget(0)
    ) as caches:
        assert (caches.store, caches.locks) == (None, None)
        assert len(caches.memory) == 0


async def test_caches_in_a_folder_that_cannot_have_locks_are_refused(tmp_path, folder):
    (tmp_path / "store" / ".locks").mkdir()
    with pytest.raises(SettingsError, match="CACHE_FS_ROOT"):
        async with open_caches(settings(tmp_path), FakeSource(), ProxyMetrics(), folder, MemoryBudget(0)):
            pass
