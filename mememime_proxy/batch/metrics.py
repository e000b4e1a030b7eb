"""The figures of batches for Prometheus, in the registry of a worker of jobs."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge

from mememime_proxy.batch.model import UnitOutcome, UnitState

_MAX_JOBS: Final = 50
"""Jobs that have time series; those of the jobs that counted something longest ago are removed."""


class BatchMetrics:
    """Counters of one worker."""

    def __init__(self, registry: CollectorRegistry, namespace: str = "") -> None:
        self._items = Counter(
            "batch_items",
            "Units (variants, for `render`) of batches that ended here, by state: done, skipped, failed.",
            ["job", "state"],
            namespace=namespace,
            registry=registry,
        )
        self._lag = Gauge(
            "batch_lag_seconds",
            "Seconds for which the chunk that began last here had waited for a worker.",
            namespace=namespace,
            registry=registry,
        )
        self._jobs: OrderedDict[str, None] = OrderedDict()

    def count(self, job: str, outcome: UnitOutcome) -> None:
        """Count the outcome of a unit."""
        self._jobs[job] = None
        self._jobs.move_to_end(job)
        if len(self._jobs) > _MAX_JOBS:
            former, _ = self._jobs.popitem(last=False)
            for state in UnitState:
                self._items.remove(former, state.value)
        self._items.labels(job, outcome.state.value).inc()

    def observe_lag(self, seconds: float) -> None:
        """Record how long a chunk has waited."""
        self._lag.set(max(0.0, seconds))
