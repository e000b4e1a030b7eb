from benchmarks.alike import DIALECTS, alike


def test_every_distance_is_measured_and_equal_to_a_comparison_with_all():
    rows = alike(count=2000, questions=2, dialects=DIALECTS)
    assert list(rows) == [f"{dialect}, distance {distance}" for dialect in DIALECTS for distance in range(8)]
    for row in rows.values():
        assert row["equal"]
        assert row["p50_ms"] > 0
    assert [rows[f"sqlite, distance {distance}"]["found"] for distance in (0, 7)] == [2.0, 16.0]
