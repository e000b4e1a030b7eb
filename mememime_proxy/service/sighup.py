"""SIGHUP: the services of this machine that it makes reload, and the terminal whose loss it means, too."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_PROGRAM, _MODULE = "mememime", "mememime_proxy"
SUPERVISORS = frozenset({"serve", "demo"})
"""Commands that pass SIGHUP on to the services that they run."""
_COMMANDS = SUPERVISORS | {"proxy", "resources"}


@dataclass(frozen=True, slots=True)
class RunningService:
    """A process of ``mememime`` that serves."""

    pid: int
    command: str
    parent: int
    """Id of the parent process."""
    folder: Path
    """The working folder: that of the run, as ``serve`` and ``demo`` keep their data below it."""


def find() -> list[RunningService]:
    """Return the services that this user may signal, without those that a supervisor runs, which passes signals on."""
    services = [service for pid in _pids() if (service := _read(pid)) is not None]
    supervisors = {service.pid for service in services if service.command in SUPERVISORS}
    return [service for service in services if service.parent not in supervisors]


def reload(service: RunningService) -> bool:
    """Send SIGHUP; False where the process has ended, or is starting or stopping: the signal would end it then."""
    try:
        descriptor = os.pidfd_open(service.pid)
    except ProcessLookupError:
        return False
    try:
        # The descriptor names the process, whatever gets its number later; so it is looked at once more.
        if _read(service.pid) != service or not _catches_hangup(service.pid):
            return False
        signal.pidfd_send_signal(descriptor, signal.SIGHUP)
    except ProcessLookupError:
        return False
    finally:
        os.close(descriptor)
    return True


def _pids() -> Iterator[int]:
    user = os.geteuid()
    for entry in _PROC.iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                if user in {0, entry.stat().st_uid}:
                    yield int(entry.name)


def _read(pid: int) -> RunningService | None:
    """Return the service of a process; None where it is none."""
    try:
        words = (_PROC / str(pid) / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
        command = _command(words)
        if not command:
            return None
        return RunningService(pid, command, int(_status(pid)["PPid"]), (_PROC / str(pid) / "cwd").readlink())
    except (OSError, KeyError):
        return None


def _command(words: list[str]) -> str:
    """Return which service a command line starts: ``mememime proxy`` or ``python -m mememime_proxy proxy``; else ''."""
    for index, word in enumerate(words[:8]):
        is_program = index <= 1 and word.rpartition("/")[2] == _PROGRAM
        if is_program or (word == _MODULE and index and words[index - 1] == "-m"):
            return next((each for each in words[index + 1 : index + 2] if each in _COMMANDS), "")
    return ""


def _status(pid: int) -> dict[str, str]:
    lines = (_PROC / str(pid) / "status").read_text("utf-8", "replace").splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def _catches_hangup(pid: int) -> bool:
    try:
        return bool(int(_status(pid)["SigCgt"], 16) >> (signal.SIGHUP - 1) & 1)
    except (OSError, KeyError, ValueError):
        return False


class Terminal:
    """The terminal that this process was started in, if there is one."""

    def __init__(self) -> None:
        # A process that was started with SIGHUP ignored (nohup) is meant to outlive its terminal.
        self._has_terminal = signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN and _can_open()

    def is_lost(self) -> bool:
        """Return whether there was a terminal, and it is gone: SIGHUP means the end of the session then."""
        return self._has_terminal and not _can_open()


def _can_open() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        return False
    return True
