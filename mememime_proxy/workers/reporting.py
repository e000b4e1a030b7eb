"""Log lines for the events of the worker pool."""

from __future__ import annotations

import logging
from collections.abc import Callable

import structlog

from mememime_proxy.workers.stats import PoolEvent

_EXPECTED_REASONS = {"recycled", "shutdown", "cancelled"}


def reporter(log: structlog.typing.FilteringBoundLogger) -> Callable[[PoolEvent], None]:
    """Return a function that logs a pool's events: as warnings, except those that belong to normal operation."""

    def report(event: PoolEvent) -> None:
        detail = {"detail": event.detail} if event.detail else {}
        match event.kind:
            case "zygote-ready":
                log.debug("zygote.started", pid=event.pid)
            case "zygote-gone":
                log.warning("zygote.ended", pid=event.pid, **detail)
            case _:
                level = logging.DEBUG if event.reason in _EXPECTED_REASONS else logging.WARNING
                log.log(level, "worker.ended", reason=event.reason, pid=event.pid, jobs=event.jobs, **detail)

    return report
