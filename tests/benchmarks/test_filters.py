from benchmarks import filters
from benchmarks.report import table


def test_every_case_is_measured_beside_its_bare_operation(monkeypatch):
    chosen = {name: filters.CASES[name] for name in ("gamma", "corners", "watermark_text", "blur_areas")}
    monkeypatch.setattr(filters, "CASES", chosen)
    monkeypatch.setattr(filters, "SIDE", 100)
    monkeypatch.setitem(
        filters.CASES, "blur_areas", (filters.CASES["blur_areas"][0], lambda image: image.gaussblur(10))
    )
    rows = filters.measure(1)
    assert set(rows) == set(chosen)
    assert all(row["cpu_ms"] >= 0 and row["ratio"] >= 0 for row in rows.values())
    assert len(table(rows, ["cpu_ms", "ratio"])) == 6
