"""Settings that are read again by a running service: what changes, and what waits for a restart."""

from __future__ import annotations

from dataclasses import dataclass

from mememime_proxy.errors import SettingsError
from mememime_proxy.settings.contradictions import find_contradictions
from mememime_proxy.settings.reference import is_reloadable
from mememime_proxy.settings.settings import Settings


@dataclass(frozen=True, slots=True)
class SettingsUpdate:
    """New settings of a running service."""

    settings: Settings
    """With the new values of the settings that can change, and the present ones of the others."""
    changed: tuple[str, ...]
    """Variables of the settings that change, as they were set."""
    restart_needed: tuple[str, ...]
    """Variables of the settings that differ, too, and keep their present values until a restart."""


def update(present: Settings, new: Settings) -> SettingsUpdate:
    """Return the update from ``present`` to ``new``. SettingsError where the result would contradict itself."""
    different = [name for name in Settings.model_fields if getattr(present, name) != getattr(new, name)]
    changes = [name for name in different if is_reloadable(Settings.model_fields[name])]
    result = present.model_copy(update={name: getattr(new, name) for name in changes})
    result.take_variables(new, changes)
    if contradictions := "\n".join(find_contradictions(result)):
        raise SettingsError(contradictions)
    return SettingsUpdate(
        result,
        tuple(_variable(name, present, new) for name in changes),
        tuple(_variable(name, present, new) for name in different if name not in changes),
    )


def _variable(name: str, present: Settings, new: Settings) -> str:
    """Return the variable that sets ``name`` now; where none does, the one that did."""
    return (new if new.is_set(name) else present).variable(name)
