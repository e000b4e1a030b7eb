"""The reader of purges: none is missed, whatever happens to the service or to the proxy."""

import asyncio
import contextlib
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from mememime_proxy.cdn.purge import CacheFolder, FeedPosition
from mememime_proxy.errors import StorageError
from mememime_proxy.proxy.cache import purge_feed
from mememime_proxy.proxy.cache.purge import Purge
from mememime_proxy.proxy.cache.purge_feed import PurgeFeedReader
from mememime_proxy.proxy.model import source_hash
from mememime_proxy.sources.config import ResourcesConfig
from mememime_proxy.sources.resources.purges import PurgeClient
from mememime_proxy.sources.resources.session import ResourceSession
from tests.support.provider_chain import PLAN, ProxyCore
from tests.support.waiting import wait_until

SOURCE = PLAN.source


class Feed:
    """The log of a resource service in memory."""

    def __init__(self):
        self.log, self.purges, self.first, self.status = "log", [], 1, 200
        self.changed = asyncio.Event()
        self.afters = []

    def add(self, *sources):
        for source in sources:
            self.purges.append({"number": self.head + 1, "source": source, "created": 1_700_000_000_000 + self.head})
        self.changed.set()

    @property
    def head(self):
        return len(self.purges)

    async def answer(self, request):
        after = request.query.get("after")
        self.afters.append(after)
        if self.status != 200:
            return web.Response(status=self.status)
        after = self.head if after is None else int(after)
        if not self.first - 1 <= after <= self.head:
            return web.Response(status=410)
        if after == self.head and request.query["wait"] != "0":
            self.changed.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.2):
                    await self.changed.wait()
            if self.status != 200:
                return web.Response(status=self.status)
        rows = self.purges[after : after + 3]
        page = {"log": self.log, "purges": rows, "next": after + len(rows), "head": self.head,
                "now": 1_700_000_005_000}  # fmt: skip
        return web.json_response(page)


@pytest.fixture
async def feed():
    it = Feed()
    application = web.Application()
    application.router.add_get("/purges", it.answer)
    async with TestServer(application) as server:
        it.url = str(server.make_url("/")).rstrip("/")
        yield it


@pytest.fixture(autouse=True)
def short_times(monkeypatch):
    monkeypatch.setattr(purge_feed, "_MIN_BACKOFF", 0.01)
    monkeypatch.setattr(purge_feed, "_SECOND_PURGE", 0.01)


@contextlib.asynccontextmanager
async def reading(feed, core=None, edge=None):
    core = core or ProxyCore()
    if edge is not None:
        core.purge = Purge(core.caches, core.metrics, edge.purge, core.pool.forgive)
    session = ResourceSession(ResourcesConfig(url=feed.url))
    await session.start()
    reader = PurgeFeedReader(PurgeClient(session), lambda: core.purge, edge)
    reader.core = core
    reader.start()
    try:
        yield reader
    finally:
        await reader.close()
        await session.close()


async def connected(reader):
    await wait_until(lambda: reader._cut_off_since is None)


async def test_reader_begins_at_the_head_and_drops_what_comes_later(feed):
    feed.add("alias://before")
    core = ProxyCore()
    async with reading(feed, core) as reader:
        assert reader.lag > 0
        await connected(reader)
        await core.get()
        feed.add(SOURCE)
        await wait_until(lambda: core.count("purges_total") == 2)
        assert (len(core.caches.memory), core.source.forgotten) == (0, ["everything", SOURCE, SOURCE]), (
            "each is purged twice"
        )
        await core.get()
        assert (len(core.pool.plans), len(core.source.requests)) == (2, 2)
        await wait_until(lambda: reader.lag == 0)


async def test_reader_that_was_cut_off_catches_up(feed):
    async with reading(feed) as reader:
        await connected(reader)
        feed.status = 503
        await wait_until(lambda: reader._cut_off_since is not None)
        names = [f"alias://{number}" for number in range(10)]
        feed.add(*names)
        assert reader.core.source.forgotten == ["everything"]
        feed.status = 200
        await connected(reader)
        await wait_until(lambda: set(reader.core.source.forgotten) == {"everything", *names})
        assert "6" in feed.afters, "page by page"


@pytest.mark.parametrize("how", ["removed", "another log", "restored"])
async def test_reader_of_a_log_with_a_gap_drops_everything(feed, how):
    feed.add("alias://a", "alias://b")
    core = ProxyCore()
    async with reading(feed, core) as reader:
        await connected(reader)
        await core.get()
        feed.status = 503
        await wait_until(lambda: reader._cut_off_since is not None)
        match how:
            case "removed":
                feed.add("alias://c", "alias://d")
                feed.first = 4
            case "another log":
                feed.log = "another"
            case "restored":
                feed.purges.pop()
        held = len(core.caches.memory)
        feed.status = 200
        await wait_until(lambda: len(core.caches.memory) == 0)
        assert held == 1
        await connected(reader)
        await core.get()
        assert len(core.pool.plans) == 2
        feed.add(SOURCE)
        await wait_until(lambda: len(core.caches.memory) == 0)


async def test_render_begun_before_everything_is_dropped_is_not_cached(feed):
    core = ProxyCore()
    core.source.gate.clear()
    request = asyncio.create_task(core.get())
    await wait_until(lambda: core.source.requests)
    core.purge.drop_memory()
    core.source.gate.set()
    await request
    assert len(core.caches.memory) == 0


class RecordingFolder(CacheFolder):
    def __init__(self, root: Path) -> None:
        super().__init__(str(root))
        self.tags: list[str] = []
        self.whole = 0

    def purge(self, tags):
        self.tags += tags
        return super().purge(tags)

    def purge_all(self):
        self.whole += 1
        return super().purge_all()


async def test_reader_beside_nginx_goes_on_where_the_files_are(feed, tmp_path):
    feed.add("alias://before")
    folder = RecordingFolder(tmp_path)
    async with reading(feed, edge=folder) as reader:
        await connected(reader)
        feed.add("alias://a")
        await wait_until(lambda: folder.read_position() == FeedPosition("log", 2))
    assert folder.tags == [source_hash("alias://a")] * 2
    feed.add("alias://b", "alias://c")
    restarted = RecordingFolder(tmp_path)
    async with reading(feed, edge=restarted) as reader:
        await wait_until(lambda: restarted.read_position() == FeedPosition("log", 4))
    assert set(restarted.tags) == {source_hash("alias://b"), source_hash("alias://c")}
    feed.log = "another"
    third = RecordingFolder(tmp_path)
    async with reading(feed, edge=third) as reader:
        await wait_until(lambda: third.read_position() == FeedPosition("another", 4))
    assert (third.tags, third.whole) == ([], 1)


async def test_reader_ended_before_the_second_purge_purges_again(feed, tmp_path, monkeypatch):
    monkeypatch.setattr(purge_feed, "_SECOND_PURGE", 600)
    folder = RecordingFolder(tmp_path)
    async with reading(feed, edge=folder) as reader:
        await connected(reader)
        feed.add("alias://a")
        await wait_until(lambda: folder.tags)
    assert folder.read_position() == FeedPosition("log", 0)
    restarted = RecordingFolder(tmp_path)
    async with reading(feed, edge=restarted):
        await wait_until(lambda: restarted.tags)


async def test_reader_repeats_a_purge_that_the_store_did_not_take(feed, monkeypatch):
    core, failures = ProxyCore(), [StorageError("away"), RuntimeError("a fault")]
    apply = core.purge.apply

    async def fail_first(epochs):
        if failures:
            raise failures.pop()
        await apply(epochs)

    monkeypatch.setattr(core.purge, "apply", fail_first)
    async with reading(feed, core) as reader:
        await connected(reader)
        feed.add("alias://a")
        await wait_until(lambda: "alias://a" in core.source.forgotten)
        assert failures == []


async def test_reader_of_an_answer_that_is_none_goes_on(feed, monkeypatch):
    async with reading(feed) as reader:
        await connected(reader)
        row = {"number": "x"}
        feed.purges.append(row)
        feed.changed.set()
        await wait_until(lambda: reader._cut_off_since is not None)
        feed.purges.remove(row)
        feed.add("alias://a")
        await wait_until(lambda: "alias://a" in reader.core.source.forgotten)


async def test_purge_of_an_alias_leaves_the_store_to_its_validators(tmp_path):
    from mememime_proxy.storage.local.folder import Folder

    storage = Folder(str(tmp_path / "store"), sync=False)
    await storage.start()
    core = ProxyCore(storage)
    await core.store.start()
    alias = replace(PLAN, source="alias://a")
    for plan in (PLAN, alias):
        await core.get(plan)
    await core.store._queue.join()
    await core.purge.apply({alias.source: "018bcfe5680-1", PLAN.source: "018bcfe5680-2"})
    keys = [info.key async for info in storage.list("")]
    assert [key for key in keys if source_hash(alias.source) in key]
    (mark,) = [key for key in keys if source_hash(PLAN.source) in key]
    assert mark.endswith("/generation")
    assert len(core.caches.memory) == 0
    await core.purge.apply({PLAN.source: "018bcfe5680-2"})
    await core.get()
    await core.store._queue.join()
    await core.purge.apply({PLAN.source: "018bcfe5680-2"})
    assert len([key async for key in storage.list("")]) == 3, "another process's purge takes nothing that came after it"
    await core.store.close()
    await storage.close()
