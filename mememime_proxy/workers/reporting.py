"""What happens to the pool's processes, as log lines."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from mememime_proxy.workers.stats import PoolEvent

_USUAL = {"recycled", "shutdown", "cancelled"}
"""Reasons of ends that belong to a pool's life."""


def reporter(log: structlog.typing.FilteringBoundLogger) -> Callable[[PoolEvent], None]:
    """A function that logs an event: as a warning, unless it is one of the usual ones."""

    def report(event: PoolEvent) -> None:
        usual = event.kind == "zygote-ready" or event.reason in _USUAL
        facts = {
            "kind": event.kind,
            "reason": event.reason,
            "pid": event.pid,
            "jobs": event.jobs,
            "detail": event.detail,
        }
        (log.debug if usual else log.warning)("worker pool", **{name: value for name, value in facts.items() if value})

    return report
