"""Reasons why worker processes ended, and the errors of their jobs.

=====================  ===========  ======================
how it ended           reason       the job's error
=====================  ===========  ======================
SIGKILL by the pool    the pool's   the pool's
SIGSEGV, ABRT, BUS …   the signal   WorkerCrashError
… with memory refused  memory       CostLimitError
SIGALRM, SIGXCPU       deadline     RenderTimeoutError
SIGPROF                over-cpu     CostLimitError
SIGKILL, other signal  killed       WorkerKilledError
exit status            exit         WorkerCrashError
not what was agreed    protocol     WorkerError
=====================  ===========  ======================
"""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from typing import Final

from mememime_proxy.errors import (
    CostLimitError,
    MememimeError,
    RenderTimeoutError,
    WorkerCrashError,
    WorkerError,
    WorkerKilledError,
)
from mememime_proxy.workers.wire import MEMORY_STATUS

_CRASHES: Final = frozenset(
    {
        signal.SIGSEGV,
        signal.SIGABRT,
        signal.SIGBUS,
        signal.SIGSYS,
        signal.SIGILL,
        signal.SIGFPE,
        signal.SIGTRAP,
    }
)
_ABORTS: Final = frozenset({signal.SIGABRT, signal.SIGTRAP})
"""What a library ends its process with on purpose; GLib with the latter one."""
_TIMERS: Final[dict[int, str]] = {signal.SIGALRM: "deadline", signal.SIGXCPU: "deadline", signal.SIGPROF: "over-cpu"}
_MEMORY_NOTES: Final = (
    "failed to allocate",
    "out of memory",
    "cannot allocate memory",
    "memory exhausted",
    "memory allocation of",
    "creating thread",
    "bad_alloc",
)
"""What GLib (``g_malloc``, ``g_thread_new``), Rust, libstdc++ and others write before they abort for want of memory."""


@dataclass(frozen=True, slots=True)
class WorkerExit:
    """How a process ended. ``reason``: a metric's label. ``notes``: the end of what it wrote to stderr."""

    reason: str
    notes: str = ""
    received: bool = True
    """False when the last job had not even been read: it can be given to another worker without harm."""

    @property
    def crashed(self) -> bool:
        """Whether the original is to blame."""
        return self.reason.startswith("sig") or self.reason in {"memory", "exit", "over-cpu"}

    def error(self) -> MememimeError:
        """Return the error of the job that the worker had."""
        detail = f"the worker ended: {self.reason}" + (f": {self.notes}" if self.notes else "")
        if self.reason == "killed":
            return WorkerKilledError(detail)
        if self.reason == "deadline":
            return RenderTimeoutError(detail)
        if self.reason in {"over-cpu", "memory"}:
            return CostLimitError(detail)
        if self.reason == "protocol":
            return WorkerError(detail)
        return WorkerCrashError(detail)


def classify(result: os.waitid_result | None, notes: str, received: bool) -> WorkerExit:
    """Return the exit of a process that ended by itself; ``result`` is None where it could not be reaped."""
    if result is None:
        return WorkerExit("exit", notes, received)
    if result.si_code == os.CLD_EXITED:
        return WorkerExit("memory" if result.si_status == MEMORY_STATUS else "exit", notes, received)
    if result.si_status in _TIMERS:
        return WorkerExit(_TIMERS[result.si_status], notes, received)
    if result.si_status not in _CRASHES:
        return WorkerExit("killed", notes, received)
    if result.si_status in _ABORTS and any(note in notes.lower() for note in _MEMORY_NOTES):
        return WorkerExit("memory", notes, received)
    return WorkerExit(signal.Signals(result.si_status).name.lower(), notes, received)
