"""The arithmetic gives the figures of docs/scale.md."""

from pathlib import Path

import pytest

from mememime_proxy.capacity.calibration import RenderFigures
from mememime_proxy.capacity.model import Demand, Prices, million_rows, plan_capacity, reads_to_repay

PAGE = (Path(__file__).parents[2] / "docs" / "scale.md").read_text("utf-8")
PRICES = Prices()
CPU = {"jpeg": 19.7e-3, "png": 51.0e-3, "webp": 57.9e-3, "avif": 80.8e-3}
"""Of benchmarks/results: 2040 px into 512."""
FORMATS = {name: RenderFigures(10, 10 * cpu, 150_000) for name, cpu in CPU.items()}
ROWS = {row.name: row for row in million_rows(FORMATS, {"webp": 1.0}, PRICES)}


def table(header):
    """Return the rows of the table of the page that begins with ``header``, by their first cells."""
    lines = PAGE[PAGE.index(header) :].splitlines()[2:]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[: lines.index("")]]
    return {row[0]: row[1:] for row in rows}


def test_page_has_the_figures_of_the_model():
    rows = table("| A million of |")
    assert [name.lower() for name in rows] == [name.lower() for name in ROWS]
    for (name, cells), row in zip(rows.items(), ROWS.values(), strict=True):
        exact = (row.cpu_hours, row.cpu_dollars(PRICES), row.requests, row.storage)
        for cell, value in zip(cells, exact, strict=True):
            assert (cell == "–") == (not value), name
            digits = len(cell.partition(".")[2])
            assert not value or float(cell) == pytest.approx(value, abs=0.501 * 10**-digits), name


def test_page_has_the_sums_of_a_billion():
    billion, hours = 1000, ROWS["webp renders"].cpu_hours
    assert f"{4 * billion * hours:,.0f} vCPU h: ${4 * billion * hours * PRICES.cpu_hour:,.0f}" in PAGE
    assert f"PUTs: ${4 * billion * PRICES.million_puts:,.0f}; 60 TB: ${60_000 * PRICES.gigabyte_month:,.0f}" in PAGE
    assert f"2 PB: ${2_000_000 * PRICES.gigabyte_month:,.0f} a month" in PAGE
    mean = {"webp": RenderFigures(1, 0.060, 20_000)}
    few = plan_capacity(mean, Demand(rate=100_000, hit=0.99, mix={"webp": 1.0}), PRICES)
    many = plan_capacity(mean, Demand(rate=100_000, hit=0.95, mix={"webp": 1.0}), PRICES)
    assert f"{few.busy_cpus:.0f} cores busy: {few.cpus} vCPUs at 70 %, ${few.cpu_month:,.0f} a month" in PAGE
    assert f"{many.cpus} vCPUs, {many.pods} pods of 8" in PAGE
    assert f"{few.edge_bandwidth / 1e9:.0f} Gbit/s; {few.edge_cpus:.0f} cores" in PAGE


def test_put_is_repaid_after_as_many_reads_as_the_page_says():
    for name, (cell,) in table("| | reads until").items():
        reads = reads_to_repay(FORMATS[name.lower()], PRICES)
        assert cell.partition(":")[0] == ("never" if reads is None else f"{reads:.0f}")


def test_fewer_reads_repay_a_put_where_an_answer_takes_one_get():
    assert [round(reads_to_repay(FORMATS[name], PRICES, 1)) for name in ("webp", "avif")] == [8, 6]


def test_plan_is_proportional_to_rate_and_misses():
    demand = Demand(rate=100_000, hit=0.99, mix={"webp": 0.5, "avif": 0.5})
    plan = plan_capacity(FORMATS, demand, PRICES)
    assert plan.renders == pytest.approx(1000)
    assert plan.busy_cpus == pytest.approx(69.35)
    assert plan.cpus == 100, "rounded up at 70 %"
    assert plan.pods == 13
    assert plan.edge_cpus == pytest.approx(3.0)
    assert plan.edge_bandwidth == pytest.approx(12e9)
    assert plan.cpu_month == pytest.approx(100 * 730 * 0.04)
    assert plan.store_month == pytest.approx(plan.originals_month * 12.5)


def test_everything_answered_in_front_needs_no_proxy():
    plan = plan_capacity(FORMATS, Demand(rate=10, hit=1.0, mix={"webp": 1.0}), PRICES)
    assert (plan.cpus, plan.pods, plan.store_month) == (0, 0, 0.0)
