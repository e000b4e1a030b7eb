"""The report of ``mememime capacity``: tables for people, one document for programs."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from mememime_proxy.capacity.calibration import Calibration
from mememime_proxy.capacity.model import (
    CapacityPlan,
    CostRow,
    Demand,
    Prices,
    million_rows,
    plan_capacity,
    reads_to_repay,
)

_HEADER = ("a million of", "vCPU h", "CPU $", "requests $", "storage $ a month")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CapacityReport:
    """All that was measured and computed."""

    calibration: Calibration
    demand: Demand
    prices: Prices
    box: int
    """Pixels of the side into which originals were fitted."""
    workers: int

    @property
    def rows(self) -> list[CostRow]:
        """What a million of each takes."""
        return million_rows(self.calibration.formats, self.demand.mix, self.prices)

    @property
    def plan(self) -> CapacityPlan:
        """What the load needs."""
        return plan_capacity(self.calibration.formats, self.demand, self.prices)

    def assumptions(self) -> list[str]:
        """Return what the figures rest on, one sentence each."""
        found, prices = self.calibration, self.prices
        renders = sum(figures.count for figures in found.formats.values())
        kilobytes = found.original_bytes / found.originals / 1000
        return [
            f"Renders: measured now, {renders} in {found.seconds:.0f} s with {self.workers} workers at once:"
            f" {found.originals} originals of {kilobytes:.0f} kB on average, fit into {self.box} x {self.box}, with the"
            " quality and effort of these settings. Name a folder with originals like yours: CPU time grows with their"
            " pixels.",
            "Fetch and HTTP of a cold request are not in the renders: 500 variants took the same time by the pool alone"
            " and through a proxy.",
            "Answers and small uploads (10 to 40 kB) are not measured here: they are figures of benchmarks/results.",
            f"Prices: ${prices.cpu_hour:g} a vCPU hour; ${prices.million_puts:g} a million PUTs,"
            f" ${prices.million_gets:g} a million GETs, ${prices.gigabyte_month:g} a GB and month, without traffic."
            " Check yours.",
            "Each request that the cache in front does not answer is a render;"
            f" {self.demand.utilization:.0%} of the vCPUs are busy; a month has 730 hours.",
        ]

    def document(self) -> dict[str, Any]:
        """Return everything as Python values of JSON."""
        figures = self.calibration.formats
        return {
            "assumptions": self.assumptions(),
            "prices": dataclasses.asdict(self.prices),
            "demand": dataclasses.asdict(self.demand),
            "calibration": {
                "seconds": self.calibration.seconds,
                "originals": self.calibration.originals,
                "original_bytes": self.calibration.original_bytes,
                "workers": self.workers,
                "formats": {
                    name: {
                        "renders": each.count,
                        "cpu_seconds": each.cpu,
                        "bytes": each.size,
                        "reads_to_repay": reads_to_repay(each, self.prices),
                    }
                    for name, each in figures.items()
                },
            },
            "million": [{**dataclasses.asdict(row), "cpu": row.cpu_dollars(self.prices)} for row in self.rows],
            "plan": dataclasses.asdict(self.plan),
        }

    def lines(self) -> Iterator[str]:
        """Yield the lines of the text."""
        rows = [
            (
                row.name,
                f"{row.cpu_hours:.3g}",
                f"{row.cpu_dollars(self.prices):.3g}" if row.cpu_hours else "-",
                f"{row.requests:.2f}" if row.requests else "-",
                f"{row.storage:.2f}" if row.storage else "-",
            )
            for row in self.rows
        ]
        yield from _table([_HEADER, *rows])
        yield ""
        yield from _table([("one render", "CPU ms", "kB", "reads that repay a PUT"), *self._renders()])
        yield ""
        yield from self._plan_lines()
        yield ""
        yield "Assumptions"
        yield from (f"* {text}" for text in self.assumptions())

    def _renders(self) -> Iterator[tuple[str, ...]]:
        for name, figures in self.calibration.formats.items():
            reads = reads_to_repay(figures, self.prices)
            repaid = "never" if reads is None else f"{reads:.0f}"
            yield name, f"{1000 * figures.cpu:.1f}", f"{figures.size / 1000:.1f}", repaid

    def _plan_lines(self) -> Iterator[str]:
        demand, plan = self.demand, self.plan
        mix = ", ".join(f"{name} {share:.0%}" for name, share in demand.mix.items())
        yield f"{demand.rate:g} requests a second, {demand.hit:.1%} answered by the cache in front, renders: {mix}"
        yield from _table(
            [
                ("proxies", f"{plan.renders:.1f} renders a second keep {plan.busy_cpus:.1f} CPUs busy"),
                ("", f"{plan.cpus} vCPUs, pods of {demand.pod_cpus}: {plan.pods}; ${plan.cpu_month:,.0f} a month"),
                ("cache in front", f"{plan.edge_cpus:.2g} CPUs busy, {plan.edge_bandwidth / 1e6:.0f} Mbit/s"),
                ("originals", f"GETs: ${plan.originals_month:,.0f} a month"),
                ("store in a bucket", f"PUT of every render: ${plan.store_month:,.0f} a month"),
            ],
            right=False,
        )


def _table(rows: list[tuple[str, ...]], *, right: bool = True) -> Iterator[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = [
            f"{cell:>{width}}" if right and column else f"{cell:<{width}}"
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()
