from __future__ import annotations

import os
import signal

import pytest

from mememime_proxy.errors import CostLimitError, MememimeError, RenderTimeoutError, WorkerCrashError, WorkerKilledError
from mememime_proxy.workers.parent.exit_status import WorkerExit, classify
from mememime_proxy.workers.wire import MEMORY_STATUS


def _end(script: str) -> os.waitid_result | None:
    """How a shell ends that runs ``script``."""
    child = os.posix_spawn("/bin/sh", ["sh", "-c", script], {})
    return os.waitid(os.P_PID, child, os.WEXITED)


@pytest.mark.parametrize(
    ("number", "reason", "error", "crashed"),
    [
        (signal.SIGSEGV, "sigsegv", WorkerCrashError, True),
        (signal.SIGABRT, "sigabrt", WorkerCrashError, True),
        (signal.SIGBUS, "sigbus", WorkerCrashError, True),
        (signal.SIGSYS, "sigsys", WorkerCrashError, True),
        (signal.SIGILL, "sigill", WorkerCrashError, True),
        (signal.SIGFPE, "sigfpe", WorkerCrashError, True),
        (signal.SIGKILL, "killed", WorkerKilledError, False),
        (signal.SIGTERM, "killed", WorkerKilledError, False),
        (signal.SIGALRM, "deadline", RenderTimeoutError, False),
        (signal.SIGXCPU, "deadline", RenderTimeoutError, False),
        (signal.SIGPROF, "over-cpu", CostLimitError, True),
    ],
)
def test_exit_status_signals(number: signal.Signals, reason: str, error: type[MememimeError], crashed: bool) -> None:
    end = classify(_end(f"ulimit -c 0; kill -{int(number)} $$"), "last words", received=True)
    assert end.reason == reason
    assert end.crashed is crashed
    assert type(end.error()) is error
    assert "last words" in end.error().detail


def test_exit_status_statuses() -> None:
    assert classify(_end("exit 1"), "", received=True) == WorkerExit("exit")
    assert classify(_end(f"exit {MEMORY_STATUS}"), "", received=True) == WorkerExit("memory")


@pytest.mark.parametrize("number", ["ABRT", "TRAP"])
@pytest.mark.parametrize(
    "notes",
    [
        "GLib-ERROR **: gmem.c:136: failed to allocate 8 bytes",
        "memory allocation of 9 bytes failed",
        "GLib-ERROR **: creating thread 'worker': Error creating thread: Resource temporarily unavailable",
    ],
)
def test_exit_status_abort_for_want_of_memory_is_called_that(number: str, notes: str) -> None:
    end = classify(_end(f"ulimit -c 0; kill -{number} $$"), notes, received=True)
    assert end.reason == "memory"
    assert end.crashed
    assert type(end.error()) is CostLimitError


def test_exit_status_unknown_is_a_crash() -> None:
    assert type(classify(None, "", received=True).error()) is WorkerCrashError
