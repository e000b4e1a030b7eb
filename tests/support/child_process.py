"""Child processes of tests: started with a clean environment, ended with the test."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest

WITHOUT_SETTINGS = "/"
"""A folder for commands. `make run` writes a file of settings to that of the project, which they would read there."""
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)


def missing(reason: str) -> BaseException:
    """Return the exception for a program that is missing: it skips the test, or fails it in CI."""
    return (pytest.fail if "CI" in os.environ else pytest.skip).Exception(reason)


def clean_environment(**variables: str) -> dict[str, str]:
    """Return the environment without the service's own variables, and with ``variables``."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MEMEMIME_", "IMGPROXY_"))}
    return kept | variables


def run_mememime(*arguments: str, timeout: float = 60, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run ``mememime`` with ``arguments`` to its end in a clean environment with ``variables``."""
    return subprocess.run(
        [sys.executable, "-m", "mememime_proxy", *arguments], cwd=WITHOUT_SETTINGS,
        env=clean_environment(**variables), capture_output=True, text=True, timeout=timeout, check=False,
    )  # fmt: skip


def start_process(
    command: Sequence[str | Path], log: Path, *, environment: Mapping[str, str] | None = None, append: bool = False,
    user: int | None = None, death_signal: signal.Signals = signal.SIGKILL, **options: Any,
) -> subprocess.Popen[bytes]:  # fmt: skip
    """Start a process that writes to ``log`` and gets ``death_signal`` when this process ends.

    The kernel sends that signal when the thread that forked ends, so it is left out for another thread than the main
    one. The process runs as ``user`` where one is given, without further groups.
    """
    main_thread = threading.current_thread() is threading.main_thread()

    def prepare() -> None:
        if user is not None:
            os.setgroups([])
            os.setgid(user)
            os.setuid(user)
        if main_thread:
            _LIBC.prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0)  # after setuid, which clears it

    with log.open("ab" if append else "wb") as output:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment,
            preexec_fn=prepare,  # noqa: PLW1509 - nothing but system calls
            **options,
        )  # fmt: skip


def wait_for_start(process: subprocess.Popen[bytes], ready: Callable[[], object], log: Path, seconds: float) -> None:
    """Return when ``ready()`` holds; kill the process and raise OSError with its log if it ends or takes too long."""
    end = time.monotonic() + seconds
    while not ready():
        if process.poll() is not None or time.monotonic() > end:
            kill_process(process)
            raise OSError(f"{process.args!r} does not start: {log.read_text(errors='replace')[-3000:]}")
        time.sleep(0.02)


def kill_process(process: subprocess.Popen[bytes]) -> None:
    """Kill a process, as a power failure does, and wait for its end."""
    process.kill()
    process.wait()


def stop_process(process: subprocess.Popen[bytes], how: signal.Signals = signal.SIGTERM, seconds: float = 30) -> int:
    """Send a signal, wait, and return the exit status; kill the process if it takes too long."""
    process.send_signal(how)
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        kill_process(process)
        return process.returncode


def descendants(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """Return every process below ``process``."""
    try:
        return psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def assert_ended(processes: Iterable[psutil.Process], seconds: float = 30) -> None:
    """Wait for the end of ``processes``; kill those that run on and fail."""
    _, remaining = psutil.wait_procs(processes, timeout=seconds)
    for process in remaining:
        process.kill()
    assert not remaining, "processes were left behind"
