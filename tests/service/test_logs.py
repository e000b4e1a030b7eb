"""Log lines."""

import asyncio

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from mememime_proxy.service import logs

VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.text(alphabet=' ="\\\na'))


@given(st.dictionaries(st.sampled_from(["request_id", "status", "ms", "source", "detail"]), VALUES), VALUES)
def test_logfmt_line_equals_that_of_structlog(facts, name):
    event = facts | {"event": name, "level": "info", "timestamp": "2026-01-02T03:04:05.678901Z"}
    renderer = structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"], bool_as_flag=False)
    assert logs._logfmt(None, "", dict(event)) == renderer(None, "", dict(event))


class Recorder:
    """Stands for the process's logger; an asyncio.Event is set with each line."""

    def __init__(self):
        self.lines = []
        self.written = asyncio.Event()

    def warning(self, event, **fields):
        self.lines.append((event, fields))
        self.written.set()

    info = error = warning


@pytest.fixture
async def limited(monkeypatch):
    """A limited logger, its lines, and a function that ends the present interval of each event."""
    recorder = Recorder()
    timers = []
    monkeypatch.setattr(asyncio.get_running_loop(), "call_later", lambda _, work, *args: timers.append((work, args)))

    def end_interval():
        due, timers[:] = timers[:], []
        for work, args in due:
            work(*args)

    return logs.LimitedLogger(recorder, "operation"), recorder.lines, end_interval


async def test_equal_events_are_one_line_an_interval(limited):
    log, lines, end_interval = limited
    for number in range(1000):
        log.warning("cache.operation_failed", operation="put", detail=f"no space {number}")
    assert lines == [("cache.operation_failed", {"operation": "put", "detail": "no space 0"})]
    end_interval()
    assert lines[1:] == [("cache.operation_failed", {"operation": "put", "detail": "no space 999", "repeated": 999})]
    log.warning("cache.operation_failed", operation="put", detail="again")
    end_interval()
    assert lines[2][1]["repeated"] == 1
    end_interval()
    log.warning("cache.operation_failed", operation="put", detail="later")
    assert lines[3] == ("cache.operation_failed", {"operation": "put", "detail": "later"}), "a new one is seen at once"


async def test_other_events_are_not_hidden(limited):
    log, lines, _ = limited
    for operation in ("put", "get"):
        for _ in range(5):
            log.warning("cache.operation_failed", operation=operation)
    log.warning("cache.entry_corrupt", source="a")
    log.error("upload.failed")
    log.error("upload.failed")
    assert [event for event, _ in lines] == [
        "cache.operation_failed", "cache.operation_failed", "cache.entry_corrupt", "upload.failed", "upload.failed",
    ]  # fmt: skip


async def test_different_events_are_bounded(limited):
    log, lines, end_interval = limited
    for number in range(2000):
        log.warning("purge.refused", operation=number)
    assert len(lines) == 2000
    assert len(log._repetitions) <= 256
    end_interval()
    assert not log._repetitions


@pytest.mark.parametrize(
    ("url", "logged"),
    [
        ("local:///a@b.jpg", "local:///a@b.jpg"),
        ("https://user:pass@host/a?w=1", "https://user:***@host/a?w=1"),
        ("https://host/a?X-Amz-Signature=abc&X-Amz-Date=1", "https://host/a?X-Amz-Signature=***&X-Amz-Date=1"),
        ("/*/w:5/plain/https://host/a%3Fapi_key%3Dabc%26w%3D1@png", "/*/w:5/plain/https://host/a%3Fapi_key%3D***%26w%3D1@png"),
        ("https://host/a?TOKEN=abc;sig=d", "https://host/a?TOKEN=***;sig=***"),
    ],
)  # fmt: skip
def test_redacted_url_has_no_secret(url, logged):
    assert logs.redact(url) == logged


def test_d9_control_characters_in_a_traceback_are_escaped_and_its_lines_stay():
    def fail():
        raise ValueError("\x1b[31m\r\x00\u2028 end")

    with pytest.raises(ValueError, match="end") as caught:
        fail()
    event = structlog.processors.format_exc_info(None, "error", {"exc_info": caught.value})
    text = logs._escape(None, "error", event)["exception"]
    assert r"\x1b[31m\r\x00\u2028 end" in text.splitlines()[-1]
    assert all(line.isprintable() for line in text.split("\n"))
    assert len(text.split("\n")) > 2
