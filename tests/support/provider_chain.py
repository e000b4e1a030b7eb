"""The provider chain with a source, a worker pool and a clock whose results a test decides."""

import asyncio

from mememime_proxy.memory_budget import MemoryBudget
from mememime_proxy.plan import Plan
from mememime_proxy.proxy.cache.caches import Caches
from mememime_proxy.proxy.cache.lookup import VariantCache
from mememime_proxy.proxy.cache.memory import VariantMemory
from mememime_proxy.proxy.cache.originals import OriginalCache
from mememime_proxy.proxy.cache.pixels import PixelCache
from mememime_proxy.proxy.cache.purge import Purge
from mememime_proxy.proxy.cache.purge_epochs import PurgeEpochs
from mememime_proxy.proxy.cache.store import VariantStore
from mememime_proxy.proxy.cache.write_policy import WritePolicy
from mememime_proxy.proxy.model import NO_CONDITIONS, CacheEntry, Epoch, SourceKey, VariantRequest, VariantResult
from mememime_proxy.proxy.telemetry.metrics import ProxyMetrics
from mememime_proxy.proxy.variants.films import FilmPool
from mememime_proxy.proxy.variants.keys import VariantKeys, key_with_headers
from mememime_proxy.proxy.variants.provider import build_chain
from mememime_proxy.service.conditional import Preconditions
from mememime_proxy.settings.settings import load
from mememime_proxy.sources.model import SourceState
from mememime_proxy.variant import Variant
from tests.support.clock import Clock
from tests.support.fake_source import FakePool, FakeSource

KEYS = VariantKeys("configuration")
PLAN = Plan(source="http://h/a.jpg", width=10)


def make_request(plan=PLAN, seconds=5.0, cookie="", if_none_match="", if_modified_since="", **more):
    """Return a request for ``plan`` that has ``seconds``. Needs a running event loop."""
    headers = (("Cookie", cookie),) if cookie else ()
    conditions = NO_CONDITIONS
    if if_none_match or if_modified_since:
        conditions = Preconditions(if_none_match=if_none_match, if_modified_since=if_modified_since)
    key = KEYS.key(plan)
    return VariantRequest(
        plan,
        key_with_headers(key, headers) if headers else key,
        SourceKey.of(plan.source, headers),
        asyncio.get_running_loop().time() + seconds,
        conditions,
        **more,
    )


def make_result(body=b"body", etag='"etag"', validator='"1"', **state):
    """Return a result as a provider gives it."""
    return VariantResult(Variant("jpeg", 1, 1, body=body), etag, SourceState(validator, **state))


def make_entry(body=b"body", source=PLAN.source, epoch="", validator='"1"', checked_at=0.0):
    """Return a cache entry of a variant with ``body``."""
    return CacheEntry(make_result(body, validator=validator), source, Epoch(epoch), checked_at)


class FakeProvider:
    """The next provider of the one under test: it records requests, and returns ``result`` or raises it."""

    def __init__(self, result=None):
        self.result = make_result() if result is None else result
        self.requests = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def get(self, request):
        self.requests.append(request)
        await self.gate.wait()
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


class ProxyCore:
    """Caches and provider chain of one process, without HTTP. Settings are given by name."""

    def __init__(self, storage=None, locks=None, fallback_image=None, apply_preset=None, clock=None, **settings):
        variables = {f"MEMEMIME_{name.upper()}": value for name, value in settings.items()}
        self.settings = load({"MEMEMIME_ALLOW_UNSIGNED": "1", **variables})
        self.source, self.pool, self.clock = FakeSource(), FakePool(), clock or Clock()
        self.metrics, self.budget = ProxyMetrics(), MemoryBudget(0)
        freshness = self.settings.source_freshness
        originals = OriginalCache(
            self.source,
            self.metrics,
            self.budget,
            size=self.settings.originals_cache_size,
            freshness=freshness,
            timeout=5,
            clock=self.clock,
        )
        memory = VariantMemory(self.settings.variants_cache_size, self.metrics, self.budget)
        self.store = VariantStore(storage, "", self.metrics, self.budget) if storage else None
        epochs = PurgeEpochs(self.store, freshness, self.clock)
        pixels = PixelCache(self.settings.pixels_cache_size, self.metrics, self.budget)
        self.cache = VariantCache(
            originals, memory, epochs, self.store, self.metrics, WritePolicy(self.settings.cache_write_policy)
        )
        self.picture_source = FakeSource()
        pictures = OriginalCache(
            self.picture_source,
            self.metrics,
            self.budget,
            size=1 << 20,
            freshness=freshness,
            timeout=5,
            name="watermarks",
        )
        self.caches = Caches(originals, memory, epochs, self.store, locks, self.cache, pixels, pictures)
        self.films = FilmPool(self.settings, self.budget, lambda _event: None)
        self.chain = build_chain(
            self.settings,
            self.caches,
            self.pool,
            self.metrics,
            apply_preset or (lambda plan, _: plan),
            self.films,
            fallback_image,
        )
        self.purge = Purge(self.caches, self.metrics, None, self.pool.forgive)

    async def get(self, plan=PLAN, **request):
        """Return the result for ``plan``; see ``make_request``."""
        return await self.chain.first.get(make_request(plan, **request))

    def count(self, name, **labels):
        """Return the value of a metric; 0 where it has no such sample."""
        return self.metrics.registry.get_sample_value(name, labels) or 0
