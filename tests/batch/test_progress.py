"""Progress as lines, reports."""

import io
import json

from mememime_proxy.batch.model import UnitLine, UnitOutcome, UnitState
from mememime_proxy.batch.progress import BarProgress, LineProgress, ReportWriter, summary
from mememime_proxy.batch.totals import BatchTotals
from mememime_proxy.errors import BrokenImageError
from mememime_proxy.jobs.model import Items
from tests.support.clock import Clock

FAILURE = UnitOutcome(source="a", unit="card", state=UnitState.FAILED, error=BrokenImageError("broken"))


def test_lines_are_json_every_two_seconds():
    clock, stream = Clock(), io.StringIO()
    totals = BatchTotals(clock, total=40)
    progress = LineProgress(stream, clock)
    progress.show(totals, 0.0)
    clock.now += 2
    totals.add(Items(done=8, skipped=1, failed=1), 1000)
    progress.show(totals, 3.5)
    progress.show(totals, 3.6)
    progress.show_failure(UnitLine.of(FAILURE))
    progress.finish(totals, "render-1")
    shown, failed, ended = map(json.loads, stream.getvalue().splitlines())
    assert shown == {
        "event": "progress", "done": 8, "skipped": 1, "failed": 1, "left": 30, "bytes": 1000, "seconds": 2.0,
        "units_per_second": 5.0, "bytes_per_second": 500, "cpu_seconds": 3.5, "eta": 6,
    }  # fmt: skip
    assert failed == {"event": "failed", "source": "a", "unit": "card", "error": "image.corrupt", "detail": "broken"}
    assert (ended["event"], ended["job"], ended["done"]) == ("ended", "render-1", 8)


def test_bar_shows_the_failure_and_the_end(capsys):
    totals = BatchTotals(total=10)
    totals.add(Items(done=3), 1 << 20)
    with BarProgress() as progress:
        progress.show(totals, 1.0)
        progress.show_failure(UnitLine.of(FAILURE))
        progress.finish(totals, "render-1")
    written = capsys.readouterr().err
    assert "a card: image.corrupt: broken" in written
    assert "render-1: 3 done (1.0 MiB), 0 there already, 0 failed" in written


def test_report_has_a_line_for_each_unit():
    stream = io.StringIO()
    writer = ReportWriter(stream)
    assert writer.write(UnitOutcome(source="a", unit="x", state=UnitState.DONE, size=7)) is None
    assert writer.write(FAILURE).error == "image.corrupt"
    assert list(map(json.loads, stream.getvalue().splitlines())) == [
        {"source": "a", "unit": "x", "state": "done", "size": 7},
        {"source": "a", "unit": "card", "state": "failed", "error": "image.corrupt", "detail": "broken"},
    ]


def test_summary_is_a_sentence():
    totals = BatchTotals(Clock())
    totals.add(Items(1234, 5, 6), 3 << 20)
    assert summary(totals) == "1,234 done (3.0 MiB), 5 there already, 6 failed in 0.0 s"
