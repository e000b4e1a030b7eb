"""Pacing: at most so many units a second, after what else the machine does."""

from __future__ import annotations

import os
from typing import Final

from mememime_proxy.client.transfer.rate_limit import Throttle
from mememime_proxy.workers.niceness import set_niceness

_NICE: Final = 10
"""Niceness of a process that works on batches: it gets a tenth of a CPU that a service wants, too, for its leases."""
WORKER_NICENESS: Final = 19
"""Of its workers: less than a sixtieth."""


def give_way() -> None:
    """Let the services of this machine have the CPU before this process; its workers have a setting."""
    if os.getpriority(os.PRIO_PROCESS, 0) < _NICE:
        set_niceness(_NICE)


class Pacer:
    """Lets a unit begin when the rate allows it."""

    def __init__(self, rate: float = 0.0) -> None:
        """``rate``: units a second; 0 = no limit."""
        self._throttle = Throttle(rate)

    async def wait(self) -> None:
        """Return when one more unit may begin."""
        await self._throttle.acquire()
