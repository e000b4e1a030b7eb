from pathlib import Path

from benchmarks.bulk import bulk
from benchmarks.report import text

SAMPLES = Path(__file__).parents[2] / "config" / "samples"


def test_runs_are_told_apart_and_nothing_goes_twice():
    rows = bulk(40, sorted(SAMPLES.glob("*.jpg")), 8)
    first, second, rerun, other = rows.values()
    assert first["uploaded"] == 48
    assert (second["uploaded"], second["sent_mib"]) == (0, 0.0)
    # What was on its way when the client was killed may have arrived whole: of the small files all, as one batch.
    assert 19 <= rerun["there_before"] <= 48
    assert 0 <= rerun["uploaded"] <= 48 - rerun["there_before"]
    for row in rows.values():
        assert row["files_per_second"] > 0
        assert row["client_rss_mib"] < 200
    assert max(row["client_rss_mib"] for row in rows.values()) > 0
    assert list(rows)[-1] == "s5cmd cp"
    assert "service_cpu_s" not in other


def test_the_page_has_a_row_for_each():
    rows = {"mememime upload": {"seconds": 1.0, "files_per_second": 48.0}, "s5cmd cp": {"seconds": 0.5}}
    page = text({
        "command": "x", "date": "2026-01-01", "commit": "c", "versions": {}, "corpus": [], "licences": [],
        "machine": {"cores": 1, "cpu": "x", "memory_gib": 1, "kernel": "6"}, "results": {"bulk": rows},
    })  # fmt: skip
    assert "| mememime upload | 1.0 | 48.0 |" in page
