import shutil

import pytest

from benchmarks.report import text
from benchmarks.transcode import MILLISECONDS, RATIOS, transcode
from tests.support.child_process import missing


@pytest.mark.slow
def test_each_kind_of_work_is_measured_beside_ffmpeg_where_that_does_it():
    if shutil.which("ffmpeg") is None:
        raise missing("ffmpeg is missing: apt-get install ffmpeg")
    rows = transcode(1)
    assert set(rows) == {*RATIOS, *MILLISECONDS}
    assert all(row["cpu_ms"] > 0 for row in rows.values())
    assert all(rows[name]["cpu_by_ffmpeg"] > 0 for name in RATIOS)
    document = {
        "date": "x",
        "command": "x",
        "commit": "x",
        "versions": {},
        "corpus": [],
        "results": {"transcode": rows},
    }
    assert "| segment |" in text(document | {"machine": {"cores": 2, "cpu": "x", "memory_gib": 4, "kernel": "x"}})
