"""Niceness of processes, and of their sessions where those are scheduling groups (sched(7), autogroup)."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path
from typing import Final

_INTERVAL: Final = 0.1
"""Seconds in which the kernel takes one order for a group, of all processes without CAP_SYS_ADMIN together."""


def set_niceness(niceness: int, pid: int = 0, *, tries: int = 1) -> None:
    """Set the niceness of a process with one thread, 0 = this one, as far as the system lets it.

    In a kernel that makes a scheduling group of each session, the group's niceness decides between sessions, and a new
    one has none. It is set where the process leads its session; with several tries, this waits between them.
    """
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, pid, niceness)
    for left in reversed(range(tries)):
        try:
            if os.getsid(pid) == (pid or os.getpid()):
                Path(f"/proc/{pid or 'self'}/autogroup").write_text(str(niceness), "ascii")
        except BlockingIOError:
            time.sleep(_INTERVAL if left else 0)
        except OSError:
            break  # no such group, or no such process
        else:
            break
