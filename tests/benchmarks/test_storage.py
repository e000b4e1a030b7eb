from benchmarks.storage import storage


def test_every_side_is_measured_beside_bare_aiobotocore():
    rows = storage(rounds=1, requests=8)
    assert list(rows) == [
        f"{size}, {side}" for size in ("20 kB", "2 MB") for side in ("aiobotocore", "mememime", "obstore")
    ]
    for name, row in rows.items():
        assert row["cpu_ms"] > 0
        assert row["per_second"] > 0
        assert (row["ratio"] == 1) or not name.endswith("aiobotocore")
