"""Checks of settings that a service makes before it starts: all are made, and all faults are reported at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from mememime_proxy.errors import SettingsError
from mememime_proxy.settings.memory import least_memory
from mememime_proxy.settings.settings import Settings

_MIB = 1 << 20
SettingsCheck = Callable[[Settings], object]
"""A function that raises SettingsError for a fault that it finds; what it returns is not used."""


def check_all(settings: Settings, checks: Iterable[SettingsCheck]) -> None:
    """Make each check. Raises one SettingsError with a line for each fault."""
    lines: dict[str, None] = {}
    for check in checks:
        try:
            check(settings)
        except SettingsError as error:
            lines |= dict.fromkeys(error.detail.splitlines())
    if lines:
        raise SettingsError("\n".join(lines))


def check_memory(settings: Settings) -> None:
    """Raise SettingsError where the memory is too little for the workers."""
    workers, budget = settings.worker_count, settings.memory_limit
    least = least_memory(workers)
    if budget < least:
        raise SettingsError(
            f"{settings.variable('memory_budget')}, {settings.variable('workers')}: found {budget // _MIB} MiB for"
            f" {workers} workers, expected {-(-least // _MIB)} MiB or more, or fewer workers"
        )


def check_writes(settings: Settings, what: str) -> None:
    """Raise SettingsError where ``what``, which changes the database, is to run beside a read replica."""
    if settings.read_only:
        raise SettingsError(f"MEMEMIME_READ_ONLY: found true, expected false: {what} changes the database")
