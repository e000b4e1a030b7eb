from benchmarks.alike import DIALECTS
from benchmarks.catalogue import LISTS, catalogue


def test_every_list_is_measured_on_both_databases():
    rows = catalogue(count=1000, pages=2, dialects=DIALECTS)
    assert list(rows) == [f"{dialect}, {name}" for dialect in DIALECTS for name in LISTS]
    for name, row in rows.items():
        assert row["place_p50_ms"] > 0
        assert row["assets"] == 1000 or "one in eight" in name
        assert row["assets"] > 50
