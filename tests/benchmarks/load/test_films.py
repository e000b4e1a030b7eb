import pytest

from benchmarks.load.films import films


@pytest.mark.slow
def test_both_kinds_are_measured_alone_and_beside_the_other():
    rows = films(1, 3.0)
    assert list(rows) == ["pictures beside films", "films beside pictures"]
    assert all(row["ratio"] > 0 and row["crowd_per_second"] > 0 for row in rows.values())
