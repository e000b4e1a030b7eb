import io
import json

from rich.console import Console

from mememime_proxy.client.progress import JsonLines, Lines, Live, amount, sentence, summary
from mememime_proxy.client.results import Outcome, Totals

GOOD = Outcome(path="a.jpg", place="/a.jpg", state="uploaded", sha256="ab", size=2048, alias="a", version=1)
BAD = Outcome(path="b[red].jpg", place="/b.jpg", state="failed", reason="too \x1b[31mlarge")


def told(progress):
    totals = Totals(files=2, size=4096, sent=2048)
    with progress:
        for outcome in (GOOD, BAD):
            progress.found(2048)
            progress.sent(2048 if outcome is GOOD else 0)
            totals.add(outcome)
            progress.ended(outcome)
        progress.total(totals, 2.0)


def test_a_log_has_the_failures_and_the_totals():
    out = io.StringIO()
    told(Lines(out))
    assert out.getvalue().splitlines() == [
        r"b[red].jpg: failed: too \x1b[31mlarge",
        "2 files, 4.0 KiB: 1 failed, 1 uploaded; 2.0 KiB sent in 2.0 s",
    ]


def test_scripts_get_an_object_a_line():
    out = io.StringIO()
    told(JsonLines(out))
    first, second, last = map(json.loads, out.getvalue().splitlines())
    assert (first["event"], first["state"], first["alias"], first["version"]) == ("file", "uploaded", "a", 1)
    assert (second["state"], second["reason"]) == ("failed", BAD.reason)
    assert last == {
        "event": "summary", "files": 2, "bytes": 4096, "sent": 2048, "seconds": 2.0,
        "states": {"uploaded": 1, "failed": 1}, "clean": False,
    }  # fmt: skip


def test_people_see_files_bytes_rate_and_failures():
    out = io.StringIO()
    now = [0.0]
    console = Console(file=out, force_terminal=True, width=120, color_system=None)
    live = Live(console, clock=lambda: now[0])
    with live:
        for _ in range(3):
            live.found(1 << 20)
        live.sent(1 << 20)
        now[0] = 2.0
        live.sent(1 << 20)
        live.ended(BAD)
        live.ended(GOOD)
        (shown,) = [task for task in live._bar.tasks if task.visible]
        assert (shown.completed, shown.total) == (2 << 20, 3 << 20)
        live._bar.refresh()
        live.total(Totals(files=3, size=3 << 20, sent=2 << 20), 2.0)
    text = out.getvalue()
    assert "2 / 3 files" in text
    assert "2.0/3.0 MiB" in text
    assert "512.0 KiB/s" in text
    assert "1 failed" in text
    assert r"b[red].jpg: failed: too \x1b[31mlarge" in text
    assert "3 files, 3.0 MiB" in text


def test_amounts_and_sentences():
    assert [amount(size) for size in (0, 1023, 1024, 5 << 30, 3 << 50)] == [
        "0 bytes", "1,023 bytes", "1.0 KiB", "5.0 GiB", "3,072.0 TiB",
    ]  # fmt: skip
    assert sentence(Outcome(path="", place="", state="failed", reason="x")) == "failed: x"
    assert "nothing to do" in summary(Totals(), 0.1)
