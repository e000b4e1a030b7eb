"""Metrics of a worker pool that both services have: sandbox, quarantine, libraries, classes of jobs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from mememime_proxy.workers.sandbox.confine import LAYERS
from mememime_proxy.workers.stats import PoolStats

_CLASS_GAUGES: Final = {
    "queued": "Jobs of a class that wait for a worker.",
    "running": "Jobs of a class in progress.",
    "expected_wait": "Seconds that a job of a class which comes now would wait.",
    "mean_seconds": "Recent mean of the seconds that a job of a class takes.",
    "cpu_ratio": "Recent mean of the CPU time of a class's jobs by its estimate.",
}


class PoolCollector(Collector):
    """Reads a pool's numbers whenever the metrics are collected."""

    def __init__(self, prefix: str, stats: Callable[[], PoolStats]) -> None:
        """``prefix``: of the metrics' names."""
        self._prefix = prefix
        self._stats = stats

    def collect(self) -> Iterator[Metric]:
        """See ``Collector``."""
        stats = self._stats()
        layers = GaugeMetricFamily(
            f"{self._prefix}sandbox_layer",
            "Whether a layer of the sandbox is in force in every ready worker: 1 or 0.",
            labels=["layer"],
        )
        for layer in LAYERS:
            layers.add_metric([layer], float(layer in stats.sandbox))
        yield layers
        quarantined = GaugeMetricFamily(
            f"{self._prefix}originals_quarantined", "Originals that are refused because they have ended workers."
        )
        quarantined.add_metric([], float(stats.quarantined))
        yield quarantined
        libraries = GaugeMetricFamily(
            f"{self._prefix}library_info",
            "Libraries of the workers that read and write pictures, with their versions: 1.",
            labels=["library", "version"],
        )
        for library, version in stats.libraries.items():
            libraries.add_metric([library, version], 1.0)
        yield libraries
        refused = CounterMetricFamily(
            f"{self._prefix}job_class_refused",
            "Jobs that were refused because too many of their class waited.",
            labels=["class"],
        )
        for name, figures in stats.classes.items():
            refused.add_metric([name], figures.refused)
        yield refused
        for metric, text in _CLASS_GAUGES.items():
            family = GaugeMetricFamily(f"{self._prefix}job_class_{metric}", text, labels=["class"])
            for name, figures in stats.classes.items():
                family.add_metric([name], getattr(figures, metric))
            yield family
