"""Checks of settings that a service makes before it starts: all are made, and all faults are reported at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from mememime_proxy.errors import SettingsError
from mememime_proxy.settings.settings import Settings

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
