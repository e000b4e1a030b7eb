from benchmarks.report import text
from benchmarks.sound import GOALS, sound


def test_each_kind_of_work_is_measured_and_reported():
    rows = sound(1, seconds=2)
    assert set(GOALS) < set(rows)
    assert all(row["seconds_per_cpu_second"] > 1 for row in rows.values())
    document = {"date": "x", "command": "x", "commit": "x", "versions": {}, "corpus": [], "results": {"sound": rows}}
    page = text(document | {"machine": {"cores": 2, "cpu": "x", "memory_gib": 4, "kernel": "x"}})
    assert "| opus |" in page
