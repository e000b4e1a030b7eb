import time

from mememime_proxy.proxy.cache.purge_epochs import PurgeEpochs, epoch_name, is_valid
from mememime_proxy.proxy.model import Epoch
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
    assert epochs.get_fresh("s") == await epochs.lookup("s") == Epoch("")
    await epochs.begin("s")
    first = epochs.last_seen("s")
    assert epochs.get_fresh("s") == await epochs.lookup("s") == Epoch(first) != Epoch("")
    await epochs.begin("s")
    assert epochs.last_seen("s") != first


async def test_epoch_of_another_process_is_seen_when_the_known_one_is_no_longer_fresh():
    store, clock = FakeEpochStore(), Clock()
    mine, other = PurgeEpochs(store, 5, clock), PurgeEpochs(store, 5, clock)
    assert other.get_fresh("s") is None
    assert await other.lookup("s") == Epoch("")
    await mine.begin("s")
    assert other.get_fresh("s") == Epoch("")
    clock.now += 5
    assert other.get_fresh("s") is None
    assert await other.lookup("s") == Epoch(mine.last_seen("s"))
    assert store.reads == 2


async def test_lookup_in_a_store_that_fails_returns_the_last_epoch():
    store, clock = FakeEpochStore(), Clock()
    epochs = PurgeEpochs(store, 5, clock)
    await epochs.begin("s")
    store.epochs = None
    clock.now += 9
    assert await epochs.lookup("s") == Epoch(epochs.last_seen("s")) != Epoch("")
    assert epochs.get_fresh("s") == Epoch(epochs.last_seen("s"))


async def test_purge_during_a_lookup_is_not_undone_by_it():
    class SlowStore(FakeEpochStore):
        async def read_epoch(self, source):
            await epochs.begin(source)
            return ""

    epochs = PurgeEpochs(SlowStore(), 5, Clock())
    assert await epochs.lookup("s") == Epoch(epochs.last_seen("s")) != Epoch("")


async def test_epoch_assumed_costs_no_read_and_is_verified_where_it_matters():
    store, clock = FakeEpochStore(), Clock()
    epochs, other = PurgeEpochs(store, 5, clock), PurgeEpochs(store, 5, clock)
    await other.begin("s")
    assumed = epochs.assume("s")
    assert assumed.name == ""
    assert assumed.assumed_at > 0
    assert epochs.assume("s") == epochs.get_fresh("s") == await epochs.lookup("s") == assumed
    assert store.reads == 0
    assert await epochs.lookup("s", verify=True) == Epoch(other.last_seen("s"))
    assert await epochs.lookup("s", verify=True) == epochs.assume("s") == Epoch(other.last_seen("s"))
    assert store.reads == 1
    clock.now += 5
    assert epochs.assume("s").name == other.last_seen("s"), "the last one seen"


def test_variant_of_an_assumed_epoch_is_valid_if_it_was_begun_after_the_present_one():
    now = time.time()
    purged = epoch_name(int(1000 * now), "ab")
    assert is_valid(Epoch(purged), purged)
    assert is_valid(Epoch("", now), "")
    assert not is_valid(Epoch(""), purged), "it was looked up, and a purge came later"
    assert is_valid(Epoch("", now + 61), purged)
    assert not is_valid(Epoch("", now + 59), purged), "the clocks of two machines may differ"
    assert not is_valid(Epoch("", now - 61), purged)
    assert not is_valid(Epoch("", now + 61), "0123456789abcdef"), "an epoch of an earlier version tells no time"


async def test_epoch_adopted_by_several_processes_is_written_once_and_replaces_no_later_one():
    store, clock = FakeEpochStore(), Clock()
    first, second = PurgeEpochs(store, 5, clock), PurgeEpochs(store, 5, clock)
    older, newer = epoch_name(1_700_000_000_000, "1"), epoch_name(1_700_000_000_001, "2")
    assert await first.adopt("s", older)
    assert not await second.adopt("s", older)
    assert first.last_seen("s") == second.last_seen("s") == store.epochs["s"] == older
    assert await second.adopt("s", newer)
    assert not await first.adopt("s", older)
    assert first.last_seen("s") == store.epochs["s"] == newer
    store.epochs["s"] = "0123456789abcdef"
    assert await first.adopt("s", newer), "an epoch of an earlier version tells no time"
    assert await PurgeEpochs(None, 5).adopt("s", older)


async def test_group_of_requests_changes_with_purges_and_divisions():
    epochs = PurgeEpochs(None, 5)
    groups = [epochs.group("s")]
    epochs.divide("s")
    groups.append(epochs.group("s"))
    await epochs.begin("s")
    groups.append(epochs.group("s"))
    epochs.drop_all()
    groups.append(epochs.group("s"))
    assert len(set(groups)) == 4
    other = epochs.group("other")
    epochs.divide("s")
    assert epochs.group("other") == other


async def test_drop_all_makes_what_is_in_memory_invalid_and_leaves_the_store_valid():
    alone = PurgeEpochs(None, 5)
    before = alone.get_fresh("s")
    alone.drop_all()
    assert not is_valid(before, alone.get_fresh("s").name)
    store = FakeEpochStore()
    shared = PurgeEpochs(store, 5, Clock())
    await shared.begin("s")
    purged = shared.last_seen("s")
    shared.drop_all()
    assert shared.get_fresh("s") is None
    assert await shared.lookup("s") == Epoch(purged)
