"""Prometheus metrics, under the names of imgproxy's, plus the worker pool's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from typing import TypedDict

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from mememime_proxy.errors import MalformedRequestError
from mememime_proxy.memory_budget import MemoryBudget
from mememime_proxy.service.collectors import MemoryCollector, StorageCollector
from mememime_proxy.storage.resilience.stats import StorageStats
from mememime_proxy.workers.collector import PoolCollector
from mememime_proxy.workers.stats import PoolStats

CACHES = ("originals", "pixels", "variants", "store", "watermarks")
"""Values of the label ``cache``: originals, their pixels and variants in memory, the store of variants, and
pictures of watermarks and masks that URLs name."""
IMGPROXY_SPANS = {"downloading": "downloading_source_image", "processing": "processing_image"}
"""Names of imgproxy 4 for values of the label ``span``; imgproxy 3 has ours."""
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


_FIGURES = (
    "requests_total", "status_codes_total", "errors_total", "request_duration_seconds_sum",
    "request_duration_seconds_count", "cache_hits_total", "cache_misses_total", "cache_bytes", "requests_in_progress",
    "requests_waiting", "render_queue_length", "images_in_progress", "source_bytes_total", "result_bytes_total",
    "film_queue_length", "frames_in_progress", "purge_feed_lag_seconds",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """The value of a metric, without the namespace in its name."""

    name: str
    labels: dict[str, str]
    value: float


class _Common(TypedDict):
    namespace: str
    registry: CollectorRegistry


class ProxyMetrics:
    """The process's metrics, in a registry of their own."""

    def __init__(self, namespace: str = "") -> None:
        self.registry = CollectorRegistry()
        common: _Common = {"namespace": namespace, "registry": self.registry}
        ProcessCollector(namespace=namespace, registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.requests = Counter("requests", "Requests received.", **common)
        statuses = Counter("status_codes", "Responses by status code.", ["status"], **common)
        self.status = cache(statuses.labels)
        """The counter of a status, by its digits."""
        self.errors = Counter("errors", "Errors by imgproxy's type and by code.", ["type", "code"], **common)
        self.duration = Histogram(
            "request_duration_seconds",
            "Seconds from the request to the end of its response.",
            buckets=_BUCKETS,
            **common,
        )
        spans = Histogram(
            "request_span_duration_seconds",
            "Seconds of a part of a request: downloading, queue, frame, processing; and again by imgproxy 4's names"
            " downloading_source_image, processing_image, streaming_image.",
            ["span"],
            buckets=_BUCKETS,
            **common,
        )
        self._span = cache(spans.labels)
        self.in_progress = Gauge("requests_in_progress", "Requests in progress.", **common)
        self.waiting = Gauge(
            "requests_waiting", "Requests in progress that wait for the render of another request.", **common
        )
        self.coalesced = Counter(
            "requests_coalesced",
            "Requests that shared the work of a concurrent request for the same variant.",
            **common,
        )
        self.not_modified = Counter(
            "requests_not_modified", "Requests answered 304 Not Modified without a render.", **common
        )
        self.source_bytes = Counter("source_bytes", "Bytes of originals read from sources.", **common)
        self.damaged = Counter(
            "originals_damaged",
            "Renders of damaged originals: `truncated` or `corrupt`.",
            ["format", "damage"],
            **common,
        )
        self.result_bytes = Counter("result_bytes", "Bytes of rendered variants.", **common)
        hits = Counter("cache_hits", "Cache lookups that found an entry.", ["cache"], **common)
        misses = Counter("cache_misses", "Cache lookups that found no entry.", ["cache"], **common)
        self.cache_hits = {name: hits.labels(name) for name in CACHES}
        self.cache_misses = {name: misses.labels(name) for name in CACHES}
        self._cache_bytes = Gauge("cache_bytes", "Bytes in a cache.", ["cache"], **common)
        self.decoding_saved = Counter(
            "decoding_saved_seconds",
            "CPU seconds of decoders, by estimate, that renders saved which began from pixels in memory.",
            **common,
        )
        self.store_dropped = Counter(
            "store_dropped", "Variants that were not stored, because too many were waiting.", **common
        )
        self.store_waiting = Gauge("store_waiting_bytes", "Bytes of variants that wait to be stored.", **common)
        self._store_errors = Counter("store_errors", "Failed operations of the variant store.", ["operation"], **common)
        self._store_seconds = Histogram(
            "store_duration_seconds",
            "Seconds of an operation of the variant store.",
            ["operation"],
            buckets=_BUCKETS,
            **common,
        )
        self.stale = Counter("stale", "Stale variants served because the source failed.", **common)
        self.purges = Counter("purges", "Purges of a source.", **common)
        self.purge_feed_lag = Gauge(
            "purge_feed_lag_seconds",
            "Seconds by which the process is behind the purges of the resource service: the age of the oldest one in"
            " the last answer, or the time without an answer; 0 where PURGE_FEED is off.",
            **common,
        )
        self._workers = Gauge("workers", "Worker processes that the pool should have.", **common)
        self._ready = Gauge("workers_ready", "Worker processes that are ready or busy.", **common)
        self._images_in_progress = Gauge("images_in_progress", "Renders in progress.", **common)
        self._queued = Gauge("render_queue_length", "Renders that wait for a worker.", **common)
        self._vips_bytes = Gauge("vips_memory_bytes", "Bytes that libvips holds in all workers.", **common)
        self._vips_most = Gauge(
            "vips_max_memory_bytes", "Most bytes that libvips has held in one of the present workers.", **common
        )
        self._vips_blocks = Gauge("vips_allocs", "Blocks of memory that libvips holds in all workers.", **common)
        self._utilization = Gauge("workers_utilization", "Percentage of workers that are busy.", **common)
        self._film_workers = Gauge("film_workers_ready", "Worker processes for films, ready or busy.", **common)
        self._frames_in_progress = Gauge("frames_in_progress", "Frames that are being taken of films.", **common)
        self._film_queue = Gauge("film_queue_length", "Frames of films that wait for a worker.", **common)
        self._namespace = namespace

    def count_malformed(self, error: MalformedRequestError) -> None:
        """Count a request that is no HTTP, which reaches no handler."""
        self.requests.inc()
        self.status(str(error.status)).inc()
        self.errors.labels(error.kind, error.code).inc()

    def observe_span(self, name: str, seconds: float) -> None:
        """Count the time of a part of a request, under both of its names where imgproxy has another one."""
        self._span(name).observe(seconds)
        if name in IMGPROXY_SPANS:
            self._span(IMGPROXY_SPANS[name]).observe(seconds)

    def figures(self) -> list[Figure]:
        """Return the present values of counters and gauges that say how the process does."""
        names = [f"{self._namespace}_{name}" if self._namespace else name for name in _FIGURES]
        return [
            Figure(name=sample.name.removeprefix(f"{self._namespace}_"), labels=sample.labels, value=sample.value)
            for family in self.registry.restricted_registry(names).collect()
            for sample in family.samples
            if not sample.name.endswith("_created")
        ]

    def watch_cache(self, cache: str, size: Callable[[], float]) -> None:
        """Read a cache's bytes whenever the metrics are collected."""
        self._cache_bytes.labels(cache).set_function(size)

    def count_store_error(self, operation: str) -> None:
        """Count a failed ``get`` or ``put`` of the store."""
        self._store_errors.labels(operation).inc()

    def observe_store(self, operation: str, seconds: float) -> None:
        """Count the time of a ``get`` or ``put`` of the store."""
        self._store_seconds.labels(operation).observe(seconds)

    def watch_pool(self, stats: Callable[[], PoolStats]) -> None:
        """Read the pool's numbers whenever the metrics are collected."""
        self._workers.set_function(lambda: stats().size)
        self._ready.set_function(lambda: stats().workers)
        self._images_in_progress.set_function(lambda: stats().busy)
        self._queued.set_function(lambda: stats().queued)
        self._vips_bytes.set_function(lambda: stats().vips.bytes)
        self._vips_most.set_function(lambda: stats().vips.most)
        self._vips_blocks.set_function(lambda: stats().vips.blocks)
        self._utilization.set_function(lambda: 100 * stats().busy / max(1, stats().size))
        self.registry.register(_Restarts(self._namespace, stats))
        self.registry.register(PoolCollector(f"{self._namespace}_" * bool(self._namespace), stats))

    def watch_film_pool(self, stats: Callable[[], PoolStats | None]) -> None:
        """Read the numbers of the workers for films whenever the metrics are collected; None = not started."""
        figures: dict[Gauge, Callable[[PoolStats], int]] = {
            self._film_workers: lambda of: of.workers,
            self._frames_in_progress: lambda of: of.busy,
            self._film_queue: lambda of: of.queued,
        }
        for gauge, figure in figures.items():
            gauge.set_function(partial(_figure, stats, figure))

    def watch_memory(self, budget: MemoryBudget, measured: Callable[[], int]) -> None:
        """Read the budget whenever the metrics are collected; ``measured``: bytes of all processes."""
        self.registry.register(MemoryCollector(self._namespace, budget, measured))

    def watch_storages(self, stats: Callable[[], Iterable[StorageStats]]) -> None:
        """Read the storage clients' numbers whenever the metrics are collected."""
        self.registry.register(StorageCollector(self._namespace, stats))


def _figure(stats: Callable[[], PoolStats | None], figure: Callable[[PoolStats], int]) -> int:
    found = stats()
    return 0 if found is None else figure(found)


class _Restarts(Collector):
    def __init__(self, namespace: str, stats: Callable[[], PoolStats]) -> None:
        self._name = f"{namespace}_worker_restarts" if namespace else "worker_restarts"
        self._stats = stats

    def collect(self) -> Iterator[Metric]:
        family = CounterMetricFamily(self._name, "Worker processes that ended, by reason.", labels=["reason"])
        for reason, count in self._stats().restarts.items():
            family.add_metric([reason], count)
        yield family
