import asyncio
import os
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememime_proxy.errors import StorageError, StorageTimeoutError, StorageUnavailableError
from mememime_proxy.proxy.cache import store, store_record
from mememime_proxy.proxy.cache.eviction import Janitor
from mememime_proxy.proxy.cache.key_locks import Locks
from mememime_proxy.proxy.cache.memory import Kept
from mememime_proxy.proxy.cache.store import VariantStore
from mememime_proxy.proxy.model import Picture
from mememime_proxy.proxy.telemetry.metrics import Metrics
from mememime_proxy.sources.model import SourceState
from mememime_proxy.storage.local.folder import Folder
from mememime_proxy.variant import Variant

KEY = b"0123456789abcdef"
STATE = SourceState('W/"é"', "Sun, 06 Nov 1994 08:49:37 GMT", {"Cache-Control": "max-age=5", "Expires": ""})
FACTS = Variant("webp", 3, 2, "jpeg", 30, 20, 1, True)


def kept(body=b"body" * 100, source="http://h/a.jpg", generation=""):
    picture = Picture(FACTS.with_body(body), '"etag"', STATE.last_modified, STATE.cache_headers, 777)
    return Kept(picture, STATE, generation, source, 1234.5)


def nothing():
    """Nobody waits."""


@pytest.fixture
async def folder(tmp_path):
    it = Folder(str(tmp_path / "store"), sync=False)
    await it.start()
    yield it
    await it.close()


@pytest.fixture
async def kept_in(folder):
    it = VariantStore(folder, "p/", Metrics())
    await it.start()
    yield it
    await it.close()


async def written(it, *records, key=KEY):
    """Puts and waits until it is done."""
    done = asyncio.Event()
    for number, one in enumerate(records):
        await it.put(key[:-1] + bytes([number]), one, done.set if number == len(records) - 1 else nothing)
    await done.wait()
    await it._queue.join()


@given(st.binary(max_size=300), st.text(max_size=20))
def test_a_record_comes_back_as_it_was(body, source):
    it = kept(body, source)
    back = store_record.decode(KEY, store_record.encode(KEY, it))
    assert back == it
    assert back.picture.variant.body == body


@given(st.data())
def test_no_damage_goes_unnoticed(data):
    whole = store_record.encode(KEY, kept(b"some body"))
    place = data.draw(st.integers(0, len(whole) - 1))
    flipped = bytearray(whole)
    flipped[place] ^= data.draw(st.integers(1, 255))
    for damaged in (bytes(flipped), whole[:place], whole + b"x"):
        with pytest.raises(ValueError, match="it"):
            store_record.decode(KEY, damaged)


def test_a_record_of_another_variant_is_none():
    with pytest.raises(ValueError, match="another variant"):
        store_record.decode(b"x" * 16, store_record.encode(KEY, kept()))


async def test_what_is_put_is_got(kept_in):
    assert await kept_in.get("http://h/a.jpg", KEY) is None
    await written(kept_in, kept(), key=KEY)
    key = KEY[:-1] + b"\0"
    assert await kept_in.get("http://h/a.jpg", key) == kept()
    assert await kept_in.get("http://h/b.jpg", key) is None


async def test_a_source_is_dropped_whole_and_alone(kept_in, folder):
    await written(kept_in, *[kept() for _ in range(5)], kept(source="http://h/b.jpg"))
    await kept_in.begin("http://h/a.jpg", "g1")
    assert await kept_in.drop("http://h/a.jpg") == 5
    assert await kept_in.drop("http://h/a.jpg") == 0
    assert await kept_in.generation("http://h/a.jpg") == "g1"
    assert await kept_in.generation("http://h/b.jpg") == ""
    assert len([info async for info in folder.list("p/")]) == 2


async def test_a_damaged_record_counts_as_missing(kept_in, tmp_path):
    await written(kept_in, kept())
    (file,) = (path for path in (tmp_path / "store").rglob("*") if path.is_file() and len(path.name) == 32)
    file.write_bytes(file.read_bytes()[:-1])
    assert await kept_in.get("http://h/a.jpg", KEY[:-1] + b"\0") is None


async def test_a_validator_that_is_no_text_is_not_stored_and_stops_nobody(kept_in):
    await written(kept_in, *[replace(kept(), state=SourceState('"\udcff"')) for _ in range(8)])
    await written(kept_in, kept())
    assert await kept_in.get("http://h/a.jpg", KEY[:-1] + b"\0") == kept()


class Broken:
    """A storage in trouble."""

    def __init__(self, error=None):
        self.error, self.gate = error, asyncio.Event()

    async def open(self, *_args, **_more):
        return await self._do()

    async def put(self, *_args, **_more):
        return await self._do()

    async def _do(self):
        if self.error is None:
            await self.gate.wait()
        raise self.error or StorageUnavailableError("later")


@pytest.mark.parametrize("error", [StorageUnavailableError("away"), None])
async def test_trouble_is_no_request_s_trouble_unless_it_shall_be(error, monkeypatch):
    monkeypatch.setattr(store, "_PATIENCE", 0.01)
    monkeypatch.setattr(store, "_WRITING", 0.01)
    metrics = Metrics()
    it = VariantStore(Broken(error), "", metrics)
    await it.start()
    assert await it.get("s", KEY) is None
    assert await it.generation("s") is None
    await written(it, kept())
    errors = {s.labels["operation"]: s.value for m in metrics.registry.collect() if m.name == "store_errors"
              for s in m.samples if s.name.endswith("_total")}  # fmt: skip
    assert errors == {"get": 2, "put": 1}
    await it.close()
    strict = VariantStore(Broken(error), "", Metrics(), strict=True)
    done = []
    with pytest.raises(StorageTimeoutError if error is None else StorageError):
        await strict.get("s", KEY)
    with pytest.raises(StorageError):
        await strict.put(KEY, kept(), lambda: done.append(1))
    assert done == [1]
    with pytest.raises(StorageError):
        await strict.begin("s", "g")


async def test_what_cannot_be_written_soon_is_dropped_not_piled_up(monkeypatch):
    monkeypatch.setattr(store, "_WAITING", 1000)
    monkeypatch.setattr(store, "_LAST_WRITES", 0.01)
    metrics, done = Metrics(), []
    it = VariantStore(Broken(), "", metrics)
    await it.start()
    for number in range(10):
        await it.put(KEY, kept(b"x" * 300), lambda number=number: done.append(number))
    assert done == [3, 4, 5, 6, 7, 8, 9]
    assert metrics.registry.get_sample_value("store_dropped_total") == 7
    assert metrics.registry.get_sample_value("store_waiting_bytes") == 900
    await it.close()
    assert sorted(done) == list(range(10))


async def test_the_janitor_removes_what_was_written_first_and_only_what_is_ours(kept_in, folder, tmp_path):
    records = [kept(b"x" * 1000, f"http://h/{number}") for number in range(20)]
    await written(kept_in, *records)
    await folder.put("p/notes.txt", b"n" * 50_000)
    await folder.put("other/file", b"n" * 50_000)
    files = sorted((path for path in (tmp_path / "store").rglob("*") if len(path.name) == 32 and path.is_file()),
                   key=lambda path: path.name)  # fmt: skip
    for number, path in enumerate(files):
        os.utime(path, (1e9 + number, 1e9 + number))
    total = sum(path.stat().st_size for path in files)
    janitor = Janitor(folder, "p/", total, None)
    assert await janitor.round() == 0
    assert janitor.size == total
    janitor = Janitor(folder, "p/", total // 2, None)
    removed = await janitor.round()
    assert 0 < janitor.size <= total // 2 * 0.9
    assert [path.exists() for path in files] == [False] * removed + [True] * (20 - removed)
    assert len([info async for info in folder.list()]) == 20 - removed + 2


async def test_one_janitor_at_a_time(folder, tmp_path):
    first, second = (Locks(str(tmp_path / "locks")) for _ in range(2))
    mine, other = Janitor(folder, "", 1, first), Janitor(folder, "", 1, second)
    await folder.put("00/" + "0" * 32 + "/" + "1" * 32, b"too much")
    gate = asyncio.Event()

    async def slow():
        await gate.wait()
        return 1

    mine._round = slow
    working = asyncio.create_task(mine.round())
    await asyncio.sleep(0)
    assert await other.round() == 0
    gate.set()
    assert await working == 1
    assert await other.round() == 1
    first.close()
    second.close()


async def test_a_janitor_works_until_it_is_told_to_stop(folder):
    await folder.put("00/" + "0" * 32 + "/" + "1" * 32, b"too much")
    janitor = Janitor(folder, "", 1, None)
    done, work = asyncio.Event(), janitor.round

    async def round_():
        await work()
        done.set()

    janitor.round = round_
    janitor.start()
    await done.wait()
    await janitor.close()
    assert not [info async for info in folder.list("00")]
