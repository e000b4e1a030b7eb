"""SIGHUP has two meanings: read the settings again, or the terminal in which the process was started is gone."""

from __future__ import annotations

import os
import signal


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
