"""What every handler of the service may use."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from mememime_proxy.resources.database import Database
from mememime_proxy.settings import Settings
from mememime_proxy.storage.objects import Storage


def now() -> int:
    """Milliseconds since 1970, UTC."""
    return time.time_ns() // 1_000_000


@dataclass(slots=True, kw_only=True)
class Services:
    """Opened by ``app``, in this order, and closed in the other one."""

    settings: Settings
    clock: Callable[[], int]
    database: Database
    storage: Storage
