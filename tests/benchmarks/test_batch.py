"""The benchmark of batches, at a small scale."""

from benchmarks.batch import _rendered, _small


def test_figures_are_of_the_engine_and_of_its_workers():
    row = _rendered(60, _small)
    assert 0 < row["share of the engine"] < 1
    assert row["ms of CPU in workers"] > 0
    assert row["MiB at the end"] > 10
