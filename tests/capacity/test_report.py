"""The report has the same figures for people and for programs, and all assumptions."""

import json

import pytest

from mememime_proxy.capacity.calibration import Calibration, RenderFigures
from mememime_proxy.capacity.model import Demand, Prices
from mememime_proxy.capacity.report import CapacityReport

REPORT = CapacityReport(
    calibration=Calibration(
        originals=5,
        original_bytes=500_000,
        seconds=20.0,
        formats={"webp": RenderFigures(100, 5.79, 2_000_000), "avif": RenderFigures(100, 8.08, 1_000_000)},
    ),
    demand=Demand(rate=1000, hit=0.97, mix={"webp": 0.6, "avif": 0.4}),
    prices=Prices(million_puts=4.0),
    box=512,
    workers=2,
)


def test_text_has_tables_the_plan_and_the_assumptions():
    text = "\n".join(REPORT.lines())
    rows = {line.split("  ")[0]: line.split()[-4:] for line in text.splitlines()}
    assert rows["webp renders"] == ["16.1", "0.643", "0.40", "-"]
    assert rows["variants that are stored"] == ["0", "-", "4.00", "0.37"]
    assert "30.0 renders a second keep 2.0 CPUs busy" in text
    assert "1000 requests a second, 97.0% answered by the cache in front, renders: webp 60%, avif 40%" in text
    for assumption in REPORT.assumptions():
        assert f"* {assumption}" in text
    assert "$4 a million PUTs" in text


def test_document_is_json_with_the_same_figures():
    document = json.loads(json.dumps(REPORT.document()))
    webp = document["calibration"]["formats"]["webp"]
    assert webp["reads_to_repay"] == pytest.approx(4.0 / (0.0579 / 0.09 - 0.4))
    assert (webp["renders"], webp["cpu_seconds"], webp["bytes"]) == (100, pytest.approx(0.0579), 20_000.0)
    assert document["plan"]["cpus"] == 3
    assert document["demand"]["mix"] == {"webp": 0.6, "avif": 0.4}
    assert document["million"][0]["name"] == "webp renders"
    assert document["assumptions"] == REPORT.assumptions()
