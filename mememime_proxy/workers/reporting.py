"""Reports of a worker pool: log lines for its events, and its state for ``/health?verbose``."""

from __future__ import annotations

import logging
from collections.abc import Callable

import structlog

from mememime_proxy.workers.sandbox.confine import LAYERS
from mememime_proxy.workers.stats import PoolEvent, PoolStats

_EXPECTED_REASONS = {"recycled", "shutdown", "cancelled"}


def state(stats: PoolStats) -> dict[str, object]:
    """Return the state of a pool as plain data: its workers, layers of the sandbox that are in force, fonts."""
    fonts = {} if stats.has_fonts is None else {"fonts": stats.has_fonts}
    return {
        "workers": {"size": stats.size, "ready": stats.workers, "busy": stats.busy, "queued": stats.queued},
        "sandbox": {layer: layer in stats.sandbox for layer in LAYERS},
        "quarantined": stats.quarantined,
        "disabled_source_formats": list(stats.disabled_formats),
        **fonts,
    }


def reporter(log: structlog.typing.FilteringBoundLogger) -> Callable[[PoolEvent], None]:
    """Return a function that logs a pool's events: as warnings, except those that belong to normal operation."""

    def report(event: PoolEvent) -> None:
        detail = {"detail": event.detail} if event.detail else {}
        match event.kind:
            case "zygote-ready":
                log.debug("zygote.started", pid=event.pid)
            case "zygote-gone":
                log.warning("zygote.ended", pid=event.pid, **detail)
            case "sandbox-incomplete":
                log.warning("sandbox.incomplete", missing=event.reason, pid=event.pid, **detail)
            case "library-outdated":
                log.warning("library.outdated", library=event.reason, **detail)
            case _:
                level = logging.DEBUG if event.reason in _EXPECTED_REASONS else logging.WARNING
                log.log(level, "worker.ended", reason=event.reason, pid=event.pid, jobs=event.jobs, **detail)

    return report
