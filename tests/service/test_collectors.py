import contextlib

from mememime_proxy.errors import MemoryBudgetError
from mememime_proxy.memory_budget import MemoryBudget, Use
from mememime_proxy.proxy.telemetry.metrics import ProxyMetrics
from mememime_proxy.storage.resilience.stats import StorageStats


def test_storage_metrics_have_every_counter_of_a_client():
    stats = StorageStats(name="eu")
    stats.calls["get"], stats.seconds["get"], stats.errors["storage.timeout"] = 7, 1.5, 2
    stats.requests, stats.retries, stats.hedges, stats.bytes_read = 9, 1, 1, 1234
    metrics = ProxyMetrics("shop")
    metrics.watch_storages(lambda: [stats])
    value = metrics.registry.get_sample_value
    assert value("shop_storage_requests_total", {"account": "eu"}) == 9
    assert value("shop_storage_calls_total", {"account": "eu", "operation": "get"}) == 7
    assert value("shop_storage_seconds_total", {"account": "eu", "operation": "get"}) == 1.5
    assert value("shop_storage_errors_total", {"account": "eu", "code": "storage.timeout"}) == 2
    assert value("shop_storage_bytes_read_total", {"account": "eu"}) == 1234
    stats.retries += 1
    assert value("shop_storage_retries_total", {"account": "eu"}) == 2
    assert value("shop_storage_hedges_total", {"account": "eu"}) == 1


def test_a_breaker_tells_its_state():
    class Breaker:
        class state:  # noqa: N801
            value = "open"

    stats = StorageStats(breakers={"b": Breaker})
    metrics = ProxyMetrics()
    metrics.watch_storages(lambda: [stats])
    assert metrics.registry.get_sample_value("storage_breaker_open", {"account": "", "bucket": "b"}) == 1


def test_memory_metrics_show_the_budget_by_use():
    budget, metrics = MemoryBudget(1000), ProxyMetrics("shop")
    metrics.watch_memory(budget, lambda: 700)
    permit = budget.reserve(900, Use.RENDERS)
    assert budget.try_reserve(200, Use.RENDERS) is None
    with contextlib.suppress(MemoryBudgetError):
        budget.reserve(200, Use.RENDERS)
    value = metrics.registry.get_sample_value
    assert value("shop_memory_budget_bytes") == 1000
    assert value("shop_memory_processes_bytes") == 700
    assert value("shop_memory_used_bytes", {"use": "renders"}) == permit.size
    assert value("shop_memory_used_bytes", {"use": "originals"}) == 0
    assert value("shop_memory_refusals_total", {"use": "renders"}) == 1
