from mememime_proxy.proxy.cache.purge_epochs import PurgeEpochs
from tests.support.clock import Clock


class FakeEpochStore:
    def __init__(self):
        self.epochs, self.reads = {}, 0

    async def read_epoch(self, source):
        self.reads += 1
        return None if self.epochs is None else self.epochs.get(source, "")

    async def write_epoch(self, source, epoch):
        self.epochs[source] = epoch


async def test_epoch_without_a_store_changes_with_each_purge():
    epochs = PurgeEpochs(None, 5)
    assert epochs.get_fresh("s") == epochs.last_seen("s") == await epochs.lookup("s") == ""
    await epochs.begin("s")
    first = epochs.last_seen("s")
    assert epochs.get_fresh("s") == await epochs.lookup("s") == first != ""
    await epochs.begin("s")
    assert epochs.last_seen("s") != first


async def test_epoch_of_another_process_is_seen_when_the_known_one_is_no_longer_fresh():
    store, clock = FakeEpochStore(), Clock()
    mine, other = PurgeEpochs(store, 5, clock), PurgeEpochs(store, 5, clock)
    assert other.get_fresh("s") is None
    assert await other.lookup("s") == ""
    await mine.begin("s")
    assert other.get_fresh("s") == ""
    clock.now += 5
    assert other.get_fresh("s") is None
    assert await other.lookup("s") == mine.last_seen("s")
    assert store.reads == 2


async def test_lookup_in_a_store_that_fails_returns_the_last_epoch():
    store, clock = FakeEpochStore(), Clock()
    epochs = PurgeEpochs(store, 5, clock)
    await epochs.begin("s")
    store.epochs = None
    clock.now += 9
    assert await epochs.lookup("s") == epochs.last_seen("s") != ""
    assert epochs.get_fresh("s") == epochs.last_seen("s")


async def test_purge_during_a_lookup_is_not_undone_by_it():
    class SlowStore(FakeEpochStore):
        async def read_epoch(self, source):
            await epochs.begin(source)
            return ""

    epochs = PurgeEpochs(SlowStore(), 5, Clock())
    assert await epochs.lookup("s") == epochs.last_seen("s") != ""
