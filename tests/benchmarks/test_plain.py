from benchmarks import plain
from benchmarks.report import text


def test_comparison_takes_the_median_of_the_ratios_of_rounds():
    row = plain.compare([10.0, 20.0, 10.0], [11.0, 20.0, 10.4], [1.0, 1.0, 1.0], [1.0, 2.0, 1.5])
    assert (row["old_cpu_ms"], row["cpu_ms"], row["ratio"]) == (10.0, 11.0, 1.04)
    assert (row["old_front_ms"], row["front_ms"]) == (1.0, 1.5)
    assert row["ratios"] == [1.1, 1.0, 1.04]


def test_page_names_the_other_commit_and_what_is_beyond_the_bar():
    row = plain.compare([10.0], [11.0], [1.0], [1.5]) | {"requests": 60, "other_cpu_s": 0.1}
    page = text({
        "command": "x", "date": "2026-01-01", "commit": "c", "versions": {}, "corpus": [], "licences": [],
        "machine": {"cores": 1, "cpu": "x", "memory_gib": 1, "kernel": "6"},
        "results": {"plain": {"rows": {"jpeg": row}, "bar": 1.05, "beyond": ["jpeg"], "old_commit": "abc"}},
    })  # fmt: skip
    assert "Beside commit abc; more than 1.05 times its CPU: jpeg." in page
    assert "| jpeg | 60 | 10.0 | 11.0 | 1.1 | 0.0 | 1.0 | 1.5 | [1.1] | 0.1 |" in page
