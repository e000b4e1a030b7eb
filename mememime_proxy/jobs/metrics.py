"""The workers' figures for Prometheus."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypedDict

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

_BUCKETS = (0.05, 0.25, 1.0, 2.5, 5.0, 10.0, 20.0, 60.0, 300.0)


class _Common(TypedDict):
    namespace: str
    registry: CollectorRegistry


class JobMetrics:
    """Counters and histograms of one worker, in a registry of their own."""

    def __init__(self, namespace: str = "") -> None:
        self.registry = CollectorRegistry()
        common: _Common = {"namespace": namespace, "registry": self.registry}
        ProcessCollector(namespace=namespace, registry=self.registry)
        PlatformCollector(registry=self.registry)
        self._chunks = Counter(
            "job_chunks",
            "Chunks that ended here, by result: done, failed, cancelled; retried and released ones run again, lost ones"
            " ran on elsewhere.",
            ["kind", "result"],
            **common,
        )
        self._duration = Histogram(
            "job_chunk_duration_seconds", "Seconds that a chunk ran.", ["kind"], buckets=_BUCKETS, **common
        )
        self._running = Gauge("job_chunks_running", "Chunks that run in this worker.", **common)
        self._webhooks = Counter(
            "job_webhooks",
            "Requests to webhooks, by result: delivered, refused, unanswered, forbidden; expired ones were given up.",
            ["result"],
            **common,
        )

    def watch_running(self, count: Callable[[], int]) -> None:
        """Read the number of running chunks whenever the metrics are collected."""
        self._running.set_function(lambda: float(count()))

    def count_chunk(self, kind: str, result: str, seconds: float) -> None:
        """Count a run of a chunk."""
        self._chunks.labels(kind, result).inc()
        self._duration.labels(kind).observe(seconds)

    def count_webhook(self, result: str) -> None:
        """Count a request to a webhook, or one that was given up."""
        self._webhooks.labels(result).inc()
