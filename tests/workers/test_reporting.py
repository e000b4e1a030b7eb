"""Events of the pool become log lines with the level that fits them."""

from __future__ import annotations

import pytest
import structlog
from structlog.testing import capture_logs

from mememime_proxy.workers.reporting import reporter
from mememime_proxy.workers.stats import PoolEvent


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (PoolEvent("zygote-ready", pid=7), {"event": "zygote.started", "log_level": "debug", "pid": 7}),
        (
            PoolEvent("zygote-gone", pid=7, detail="signal 9"),
            {"event": "zygote.ended", "log_level": "warning", "pid": 7, "detail": "signal 9"},
        ),
        (
            PoolEvent("worker-gone", reason="recycled", pid=8, jobs=100),
            {"event": "worker.ended", "log_level": "debug", "reason": "recycled", "pid": 8, "jobs": 100},
        ),
        (
            PoolEvent("worker-gone", reason="sigsegv", pid=8, jobs=3),
            {"event": "worker.ended", "log_level": "warning", "reason": "sigsegv", "pid": 8, "jobs": 3},
        ),
    ],
    ids=["zygote starts", "zygote ends", "worker is recycled", "worker crashes"],
)
def test_event_of_pool_is_logged_with_its_level(event, line):
    with capture_logs() as lines:
        reporter(structlog.get_logger())(event)
    assert lines == [line]
