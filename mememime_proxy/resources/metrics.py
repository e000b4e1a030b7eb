"""The resource service's figures for Prometheus."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypedDict

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from mememime_proxy.workers.stats import PoolStats

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)


class _Common(TypedDict):
    namespace: str
    registry: CollectorRegistry


class ResourceMetrics:
    """Counters and histograms in a registry of their own."""

    def __init__(self, namespace: str = "") -> None:
        self.registry = CollectorRegistry()
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

    def watch_pool(self, stats: Callable[[], PoolStats]) -> None:
        """Read the numbers of the pool whenever metrics are collected."""
        for state in ("workers", "busy", "queued"):
            self._workers.labels(state).set_function(partial(_pool_value, stats, state))


def _pool_value(stats: Callable[[], PoolStats], name: str) -> float:
    return float(getattr(stats(), name))
