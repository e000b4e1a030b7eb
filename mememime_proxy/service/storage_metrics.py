"""Metrics of the storage clients."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from mememime_proxy.storage.resilience.stats import StorageStats

_BREAKER = {"closed": 0.0, "half_open": 0.5, "open": 1.0}
_TOTALS = {
    "requests": "Requests to the storage: calls, retries and hedges.",
    "retries": "Requests sent again after a failure.",
    "hedges": "Second requests sent beside a slow one.",
    "hedges_won": "Hedges that answered before the first request.",
    "refused": "Requests not sent because a circuit breaker was open.",
    "bytes_read": "Bytes of objects read.",
    "bytes_written": "Bytes of objects written.",
}


class StorageCollector(Collector):
    """Reads the clients' numbers whenever the metrics are collected. An account's name is a label; '' = the default."""

    def __init__(self, namespace: str, stats: Callable[[], Iterable[StorageStats]]) -> None:
        self._prefix = f"{namespace}_storage_" if namespace else "storage_"
        self._stats = stats

    def collect(self) -> Iterator[Metric]:
        """See prometheus_client."""
        statistics = list(self._stats())
        for field, meaning in _TOTALS.items():
            total = CounterMetricFamily(self._prefix + field, meaning, labels=["account"])
            for stats in statistics:
                total.add_metric([stats.name], getattr(stats, field))
            yield total
        calls = CounterMetricFamily(
            self._prefix + "calls", "Calls of the storage client, retries not counted.", labels=["account", "operation"]
        )
        seconds = CounterMetricFamily(
            self._prefix + "seconds",
            "Seconds until responses began, retries included.",
            labels=["account", "operation"],
        )
        errors = CounterMetricFamily(self._prefix + "errors", "Failed calls by code.", labels=["account", "code"])
        breakers = GaugeMetricFamily(
            self._prefix + "breaker_open",
            "Circuit breaker of a bucket: 1 open, 0.5 half open, 0 closed.",
            labels=["account", "bucket"],
        )
        for stats in statistics:
            for operation, count in stats.calls.items():
                calls.add_metric([stats.name, operation], count)
            for operation, spent in stats.seconds.items():
                seconds.add_metric([stats.name, operation], spent)
            for kind, count in stats.errors.items():
                errors.add_metric([stats.name, kind], count)
            for bucket, state in stats.breaker_states().items():
                breakers.add_metric([stats.name, bucket], _BREAKER[state])
        yield from (calls, seconds, errors, breakers)
