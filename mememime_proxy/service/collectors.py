"""Metrics of parts that count for themselves: the storage clients, the memory budget."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from mememime_proxy.memory_budget import MemoryBudget, Use
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


class MemoryCollector(Collector):
    """Reads the memory budget whenever the metrics are collected."""

    def __init__(self, namespace: str, budget: MemoryBudget, measured: Callable[[], int]) -> None:
        """``measured``: bytes of all processes, as last seen."""
        self._prefix = f"{namespace}_memory_" if namespace else "memory_"
        self._budget = budget
        self._measured = measured

    def collect(self) -> Iterator[Metric]:
        """See prometheus_client."""
        prefix, budget = self._prefix, self._budget
        yield GaugeMetricFamily(
            prefix + "budget_bytes", "Bytes that the service may use with its workers; 0 = no limit.", budget.limit
        )
        yield GaugeMetricFamily(
            prefix + "processes_bytes",
            "Bytes that the service's processes use, memory files included, what they share counted once.",
            self._measured(),
        )
        used = GaugeMetricFamily(
            prefix + "used_bytes", "Bytes of the budget by what they are reserved for.", labels=["use"]
        )
        refused = CounterMetricFamily(
            prefix + "refusals", "Reservations refused because the budget was used up.", labels=["use"]
        )
        for use in Use:
            used.add_metric([use], budget.used_by[use])
            refused.add_metric([use], budget.refusals[use])
        yield from (used, refused)
