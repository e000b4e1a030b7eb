"""The resource service's figures for Prometheus."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TypedDict

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from mememime_proxy.errors import MalformedRequestError
from mememime_proxy.memory_budget import MemoryBudget
from mememime_proxy.service.collectors import MemoryCollector, StorageCollector
from mememime_proxy.storage.resilience.stats import StorageStats
from mememime_proxy.workers.collector import PoolCollector
from mememime_proxy.workers.stats import PoolStats

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)


class _Common(TypedDict):
    namespace: str
    registry: CollectorRegistry


@dataclass(frozen=True, slots=True, kw_only=True)
class BacklogFigures:
    """Numbers of the database: what waits, what is due, what is wrong. Times in seconds since 1970; None = none."""

    open_uploads: dict[str, int]
    """By state."""
    oldest_upload: float | None
    outbox: int
    oldest_purge: float | None
    oldest_check: float | None
    unchecked: int
    assets: dict[str, int]
    """Those that are not ready, by state."""
    jobs: dict[str, dict[str, int]]
    """By kind and state."""
    chunks: dict[str, int]
    oldest_chunk: float | None


class ResourceMetrics:
    """Counters and histograms in a registry of their own."""

    def __init__(self, namespace: str = "") -> None:
        self.registry = CollectorRegistry()
        self._namespace = namespace
        common: _Common = {"namespace": namespace, "registry": self.registry}
        ProcessCollector(namespace=namespace, registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.requests = Counter(
            "resource_requests", "Requests by endpoint and status code.", ["endpoint", "status"], **common
        )
        self.errors = Counter("resource_errors", "Errors by code.", ["code"], **common)
        self.duration = Histogram(
            "resource_request_duration_seconds",
            "Seconds from the request to the end of its response.",
            ["endpoint"],
            buckets=_BUCKETS,
            **common,
        )
        self.in_progress = Gauge("resource_requests_in_progress", "Requests in progress.", **common)
        self._workers = Gauge(
            "resource_workers",
            "Workers that are ready (workers) or busy, and jobs that wait (queued).",
            ["state"],
            **common,
        )
        self._uploads = Counter(
            "resource_uploads", "Uploads that ended here, by result: done, failed, retried.", ["result"], **common
        )
        self._upload_bytes = Counter("resource_upload_bytes", "Bytes of uploads that became an asset.", **common)
        self._upload_slots = Gauge(
            "resource_upload_slots_in_use", "Bodies of uploads that are being received.", **common
        )
        self._open_uploads = Gauge(
            "resource_open_uploads",
            "Uploads in the database that may still become an asset, by state.",
            ["state"],
            **common,
        )
        self._oldest_upload = Gauge(
            "resource_oldest_unfinished_upload_seconds",
            "Seconds since the oldest upload with all its bytes got the last one; 0 = none waits.",
            **common,
        )
        self.purges = Counter(
            "resource_purges",
            "Purges sent to a proxy, by result: delivered, refused, unanswered; expired ones were given up.",
            ["result"],
            **common,
        )
        self._purge_readers = Gauge("resource_purge_readers", "Readers of the purge feed that wait.", **common)
        self._outbox_rows = Gauge("resource_outbox_purges", "Purges in the outbox that not every proxy has.", **common)
        self._outbox_age = Gauge(
            "resource_outbox_oldest_seconds",
            "Seconds since the oldest purge in the outbox was due; 0 = none.",
            **common,
        )
        self.scrubbed = Counter(
            "resource_scrubbed_assets",
            "Originals that were read again, by result: ok, or the code of a defect.",
            ["result"],
            **common,
        )
        self.scrubbed_bytes = Counter("resource_scrubbed_bytes", "Bytes of originals that were read again.", **common)
        self._scrub_age = Gauge(
            "resource_scrub_oldest_check_seconds",
            "Seconds since the check of the original whose last check is the oldest; 0 = none was checked.",
            **common,
        )
        self._unchecked = Gauge("resource_scrub_unchecked_assets", "Originals that were never read again.", **common)
        self._assets = Gauge("resource_assets", "Assets that are not ready, by state.", ["state"], **common)
        self._jobs = Gauge("resource_jobs", "Jobs in the database, by kind and state.", ["kind", "state"], **common)
        self._job_chunks = Gauge(
            "resource_job_chunks", "Chunks of jobs that wait (queued) or run, by state.", ["state"], **common
        )
        self._oldest_chunk = Gauge(
            "resource_job_oldest_wait_seconds",
            "Seconds that the chunk that waits for a worker for the longest time has been due; 0 = none waits.",
            **common,
        )
        self.cleaned = Counter(
            "resource_cleanup_items", "Rows and objects that the janitor removed, by step.", ["step"], **common
        )
        self.cleanup_failures = Counter(
            "resource_cleanup_failures", "Steps of the janitor that failed, by step.", ["step"], **common
        )
        self._cleanup_age = Gauge(
            "resource_cleanup_last_success_seconds",
            "Seconds since a round of the janitor ended without a failed step, or since its start.",
            **common,
        )
        self.differences = Counter(
            "resource_differences",
            "Differences between database and storage that were found, by kind.",
            ["kind"],
            **common,
        )
        self._backlog_age = Gauge(
            "resource_backlog_read_seconds", "Seconds since the numbers of the database were read.", **common
        )
        self.replica_lag = Gauge(
            "resource_replica_lag_seconds",
            "Seconds that the database lags behind its primary; 0 on a primary, NaN where the replica does not know.",
            **common,
        )
        for gauge in (self._oldest_upload, self._outbox_age, self._scrub_age, self._oldest_chunk):
            gauge.set_function(lambda: 0.0)

    def count_malformed(self, error: MalformedRequestError) -> None:
        """Count a request that is no HTTP, which reaches no endpoint."""
        self.requests.labels("none", str(error.status)).inc()
        self.errors.labels(error.code).inc()

    def watch_pool(self, stats: Callable[[], PoolStats]) -> None:
        """Read the numbers of the pool whenever metrics are collected."""
        for state in ("workers", "busy", "queued"):
            self._workers.labels(state).set_function(partial(_pool_value, stats, state))
        self.registry.register(PoolCollector(f"{self._namespace}_" * bool(self._namespace) + "resource_", stats))

    def watch_memory(self, budget: MemoryBudget, measured: Callable[[], int]) -> None:
        """Read the budget whenever the metrics are collected; ``measured``: bytes of all processes."""
        self.registry.register(MemoryCollector(self._namespace, budget, measured))

    def watch_storages(self, stats: Callable[[], Iterable[StorageStats]]) -> None:
        """Read the storage clients' numbers whenever the metrics are collected."""
        self.registry.register(StorageCollector(self._namespace, stats))

    def watch_upload_slots(self, count: Callable[[], int]) -> None:
        """Read the number of bodies that are being received whenever the metrics are collected."""
        self._upload_slots.set_function(lambda: float(count()))

    def watch_purge_readers(self, count: Callable[[], int]) -> None:
        """Read the number of readers that wait whenever the metrics are collected."""
        self._purge_readers.set_function(lambda: float(count()))

    def count_upload(self, result: str, size: int = 0) -> None:
        """Count an upload that ended: ``done`` with its bytes, ``failed``, or ``retried``, which is finished later."""
        self._uploads.labels(result).inc()
        self._upload_bytes.inc(size)

    def mark_cleanup(self) -> None:
        """Note that a round of the janitor ended without a failed step."""
        self._cleanup_age.set_function(_age(time.time()))

    def set_backlog(self, backlog: BacklogFigures) -> None:
        """Set the numbers of the database. Ages are computed at each collection."""
        for state, count in backlog.open_uploads.items():
            self._open_uploads.labels(state).set(count)
        for state, count in backlog.assets.items():
            self._assets.labels(state).set(count)
        self._jobs.clear()
        for kind, states in backlog.jobs.items():
            for state, count in states.items():
                self._jobs.labels(kind, state).set(count)
        for state, count in backlog.chunks.items():
            self._job_chunks.labels(state).set(count)
        self._outbox_rows.set(backlog.outbox)
        self._unchecked.set(backlog.unchecked)
        for gauge, since in (
            (self._oldest_upload, backlog.oldest_upload),
            (self._outbox_age, backlog.oldest_purge),
            (self._scrub_age, backlog.oldest_check),
            (self._oldest_chunk, backlog.oldest_chunk),
        ):
            gauge.set_function(_age(since))
        self._backlog_age.set_function(_age(time.time()))


def _age(since: float | None) -> Callable[[], float]:
    """Return a function that computes the seconds since a time; 0 for none."""
    return lambda: 0.0 if since is None else max(0.0, time.time() - since)


def _pool_value(stats: Callable[[], PoolStats], name: str) -> float:
    return float(getattr(stats(), name))
