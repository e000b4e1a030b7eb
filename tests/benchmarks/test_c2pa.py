from benchmarks import c2pa


def test_every_format_is_measured_with_and_without_a_manifest_of_the_original(monkeypatch):
    monkeypatch.setattr(c2pa, "_CALLS", 1)
    rows = c2pa.measure(1)
    assert set(rows) == {"jpeg", "png", "webp", "gif", "avif", "tiff"}
    assert all(row["ms"] > 0 and 3 < row["kB"] < row["kB, parent"] for row in rows.values())
