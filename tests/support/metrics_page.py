"""The reference of the metrics: docs/metrics.md. ``python -m tests.support.metrics_page`` writes it."""

from collections.abc import Iterator
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from mememime_proxy.batch.metrics import BatchMetrics
from mememime_proxy.cost import JobClass
from mememime_proxy.jobs.metrics import JobMetrics
from mememime_proxy.memory_budget import MemoryBudget
from mememime_proxy.proxy.telemetry.metrics import ProxyMetrics
from mememime_proxy.resources.metrics import ResourceMetrics
from mememime_proxy.workers.stats import ClassStats, PoolStats

PATH = Path(__file__).parents[2] / "docs" / "metrics.md"
_HEAD = """# Metrics

`MEMEMIME_PROMETHEUS_BIND` serves metrics to Prometheus on an address of its own. `MEMEMIME_PROMETHEUS_NAMESPACE` is put
before each name. Names and labels are stable. Besides those below there are the usual `process_…` and `python_info`.
The values of the label `code` are the codes of [errors](errors.md). [Deployment](deploy.md) has a dashboard and alerts.
"""


def metrics_of(registry: CollectorRegistry) -> Iterator[tuple[str, str, tuple[str, ...], str]]:
    """Name of the time series, type, labels and help of each metric that is ours."""
    for collector in registry._collector_to_names:
        if isinstance(collector, ProcessCollector | PlatformCollector):
            continue
        for family in collector.collect():
            labels = getattr(family, "_labelnames", None) or getattr(collector, "_labelnames", ())
            suffix = "_total" if family.type == "counter" else ""
            yield family.name + suffix, family.type, tuple(labels), family.documentation


def registries() -> dict[str, CollectorRegistry]:
    """The registry of each service, with everything that it can watch."""
    proxy, resources = ProxyMetrics(), ResourceMetrics()
    stats = PoolStats(
        2, 2, 0, 0, 0, 0, 1, 1, 0, {"recycled": 1}, classes={JobClass.SMALL: ClassStats(0, 0, 0, 0.0, 0.0)}
    )
    proxy.watch_pool(lambda: stats)
    proxy.watch_storages(list)
    proxy.watch_memory(MemoryBudget(0), int)
    resources.watch_pool(lambda: stats)
    resources.watch_storages(list)
    resources.watch_memory(MemoryBudget(0), int)
    jobs = JobMetrics()
    BatchMetrics(jobs.registry)
    return {"Proxy": proxy.registry, "Resource service": resources.registry, "Worker of jobs": jobs.registry}


def page() -> str:
    """Return docs/metrics.md."""
    lines = [_HEAD]
    for service, registry in registries().items():
        lines += [f"## {service}\n", "| name | type | labels | meaning |", "|---|---|---|---|"]
        for name, kind, labels, meaning in metrics_of(registry):
            lines.append(f"| `{name}` | {kind} | {', '.join(f'`{label}`' for label in labels)} | {meaning} |")
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    PATH.write_text(page(), "utf-8")
