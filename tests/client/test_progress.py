import io
import json

from rich.console import Console

from mememime_proxy.client.progress import (
    JsonProgress,
    LiveProgress,
    LogProgress,
    format_outcome,
    format_size,
    format_totals,
)
from mememime_proxy.client.results import Outcome, Totals

GOOD = Outcome(path="a.jpg", place="/a.jpg", state="uploaded", sha256="ab", size=2048, alias="a", version=1)
BAD = Outcome(path="b[red].jpg", place="/b.jpg", state="failed", reason="too \x1b[31mlarge")


def run_of(progress):
    totals = Totals(files=2, size=4096, sent=2048)
    with progress:
        for outcome in (GOOD, BAD):
            progress.file_found(2048)
            progress.add_sent(2048 if outcome is GOOD else 0)
            totals.add(outcome)
            progress.file_finished(outcome)
        progress.run_finished(totals, 2.0)


def test_log_progress_run_writes_failures_and_totals():
    out = io.StringIO()
    run_of(LogProgress(out))
    assert out.getvalue().splitlines() == [
        r"b[red].jpg: failed: too \x1b[31mlarge",
        "2 files, 4.0 KiB: 1 failed, 1 uploaded; 2.0 KiB sent in 2.0 s",
    ]


def test_json_progress_run_writes_an_object_a_line():
    out = io.StringIO()
    run_of(JsonProgress(out))
    first, second, last = map(json.loads, out.getvalue().splitlines())
    assert (first["event"], first["state"], first["alias"], first["version"]) == ("file", "uploaded", "a", 1)
    assert (second["state"], second["reason"]) == ("failed", BAD.reason)
    assert last == {
        "event": "summary", "files": 2, "bytes": 4096, "sent": 2048, "seconds": 2.0,
        "states": {"uploaded": 1, "failed": 1}, "left_out": {}, "clean": False,
    }  # fmt: skip


def test_live_progress_run_shows_files_bytes_rate_and_failures():
    out = io.StringIO()
    now = [0.0]
    console = Console(file=out, force_terminal=True, width=120, color_system=None)
    live = LiveProgress(console, clock=lambda: now[0])
    with live:
        for _ in range(3):
            live.file_found(1 << 20)
        live.add_sent(1 << 20)
        now[0] = 2.0
        live.add_sent(1 << 20)
        live.file_finished(BAD)
        live.file_finished(GOOD)
        (shown,) = [task for task in live._bar.tasks if task.visible]
        assert (shown.completed, shown.total) == (2 << 20, 3 << 20)
        live._bar.refresh()
        live.run_finished(Totals(files=3, size=3 << 20, sent=2 << 20), 2.0)
    text = out.getvalue()
    assert "2 / 3 files" in text
    assert "2.0/3.0 MiB" in text
    assert "512.0 KiB/s" in text
    assert "1 failed" in text
    assert r"b[red].jpg: failed: too \x1b[31mlarge" in text
    assert "3 files, 3.0 MiB" in text


def test_formats_sizes_and_outcomes_read_as_text():
    assert [format_size(size) for size in (0, 1023, 1024, 5 << 30, 3 << 50)] == [
        "0 bytes", "1,023 bytes", "1.0 KiB", "5.0 GiB", "3,072.0 TiB",
    ]  # fmt: skip
    assert format_outcome(Outcome(path="", place="", state="failed", reason="x")) == "failed: x"
    assert "nothing to do" in format_totals(Totals(), 0.1)


def test_f2_totals_count_files_that_cannot_be_opened():
    totals = Totals(files=1)
    for name, state in (("a.jpg", "uploaded"), ("loop.jpg", "failed"), (".x", "left_out")):
        totals.add(Outcome(path=name, place=f"/{name}", state=state))
    assert "\n2 files, 0 bytes: 1 failed, 1 uploaded;" in format_totals(totals, 1.0)


def test_formats_totals_list_what_was_left_out_by_reason():
    totals = Totals(files=1, size=10)
    for number in range(7):
        totals.add(Outcome(path=f"{number}.mov", place="", state="left_out", reason="no format (.mov)"))
    totals.add(Outcome(path="d\x1b.jpg", place="", state="left_out", reason="a link to nothing"))
    assert format_totals(totals, 1.0).splitlines() == [
        "8 left out:",
        r"  1 × a link to nothing: d\x1b.jpg",
        "  7 × no format (.mov): 0.mov, 1.mov, 2.mov, 3.mov, 4.mov and 2 more (--json and --output name all)",
        "1 files, 10 bytes: nothing to do; 0 bytes sent in 1.0 s",
    ]


def test_progress_says_that_the_service_is_silent():
    out = io.StringIO()
    LogProgress(out).service_silent("http://x does not respond; waiting")
    JsonProgress(out).service_silent("http://x does not respond; waiting")
    console = Console(file=out, force_terminal=True, width=120, color_system=None)
    LiveProgress(console).service_silent("http://x does not respond; waiting")
    assert out.getvalue().count("does not respond; waiting") == 3
