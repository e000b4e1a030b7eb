"""Arithmetic of capacity and cost: from figures of renders, a load and prices to CPUs, requests and money.

Times are seconds, sizes bytes, money dollars.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mememime_proxy.capacity.calibration import RenderFigures

MILLION: Final = 1_000_000
HOUR: Final = 3600.0
MONTH: Final = 730 * HOUR
GIGABYTE: Final = 1e9
STORE_GETS: Final = 2
"""Requests to a bucket for one answer from a store: the variant, and the mark of its source's last purge."""
STORE_ANSWER_CPU: Final = 0.36e-3
MEMORY_ANSWER_CPU: Final = 0.10e-3
NGINX_ANSWER_CPU: Final = 0.030e-3
INGEST_CPU: Final = 20.2e-3
"""CPU seconds of one answer, and of one small upload, measured (benchmarks/results): not by the calibration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """List prices."""

    cpu_hour: float = 0.04
    """A vCPU for an hour."""
    million_puts: float = 5.0
    million_gets: float = 0.40
    gigabyte_month: float = 0.023


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """The load to plan for."""

    rate: float
    """Requests a second at the edge."""
    hit: float
    """Share that a cache in front answers."""
    mix: Mapping[str, float]
    """Share of each format in the renders; together 1."""
    utilization: float = 0.7
    """Share of the vCPUs that is busy: the rest is for bursts and for a zone that fails."""
    pod_cpus: int = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class CostRow:
    """What a million of something takes."""

    name: str
    cpu_hours: float = 0.0
    requests: float = 0.0
    """Dollars for requests to the bucket."""
    storage: float = 0.0
    """Dollars a month."""

    def cpu_dollars(self, prices: Prices) -> float:
        """Dollars of the CPU time."""
        return self.cpu_hours * prices.cpu_hour


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityPlan:
    """What the load needs."""

    renders: float
    """A second."""
    busy_cpus: float
    cpus: int
    """At the utilization of the demand."""
    pods: int
    edge_cpus: float
    """Busy in NGINX."""
    edge_bandwidth: float
    """Bits a second."""
    cpu_month: float
    """Dollars for the CPUs of the proxies."""
    originals_month: float
    """Dollars for GETs of originals, one a render."""
    store_month: float
    """Dollars for PUTs, where every render is stored."""


def million_rows(formats: Mapping[str, RenderFigures], mix: Mapping[str, float], prices: Prices) -> list[CostRow]:
    """Return a row for a million of each: renders by format, stored variants, answers, small uploads."""

    def row(name: str, cpu: float, *, puts: float = 0, gets: float = 0, size: float = 0) -> CostRow:
        return CostRow(
            name=name,
            cpu_hours=MILLION * cpu / HOUR,
            requests=puts * prices.million_puts + gets * prices.million_gets,
            storage=MILLION * size / GIGABYTE * prices.gigabyte_month,
        )

    size = _mean(mix, {name: figures.size for name, figures in formats.items()})
    return [
        *(row(f"{name} renders", figures.cpu, gets=1) for name, figures in formats.items()),
        row("variants that are stored", 0.0, puts=1, size=size),
        row("answers from a store in a bucket", STORE_ANSWER_CPU, gets=STORE_GETS),
        row("answers from memory", MEMORY_ANSWER_CPU),
        row("answers of NGINX", NGINX_ANSWER_CPU),
        row("small uploads", INGEST_CPU, puts=1),
    ]


def plan_capacity(formats: Mapping[str, RenderFigures], demand: Demand, prices: Prices) -> CapacityPlan:
    """Return what a load needs."""
    renders = demand.rate * (1 - demand.hit)
    busy = renders * _mean(demand.mix, {name: figures.cpu for name, figures in formats.items()})
    cpus = -int(-busy / demand.utilization // 1)
    size = _mean(demand.mix, {name: figures.size for name, figures in formats.items()})
    month = renders * MONTH / MILLION
    return CapacityPlan(
        renders=renders,
        busy_cpus=busy,
        cpus=cpus,
        pods=-(-cpus // demand.pod_cpus),
        edge_cpus=demand.rate * NGINX_ANSWER_CPU,
        edge_bandwidth=8 * demand.rate * size,
        cpu_month=cpus * MONTH / HOUR * prices.cpu_hour,
        originals_month=month * prices.million_gets,
        store_month=month * prices.million_puts,
    )


def reads_to_repay(figures: RenderFigures, prices: Prices, store_gets: int = STORE_GETS) -> float | None:
    """Return the reads after which a variant in a bucket has saved the price of its PUT; None where it never does.

    Each read that nothing nearer answers saves a render and the GET of the original, and takes ``store_gets`` GETs.
    """
    render = MILLION * figures.cpu / HOUR * prices.cpu_hour
    saved = render + (1 - store_gets) * prices.million_gets
    return prices.million_puts / saved if saved > 0 else None


def _mean(mix: Mapping[str, float], values: Mapping[str, float]) -> float:
    return sum(share * values[name] for name, share in mix.items())
