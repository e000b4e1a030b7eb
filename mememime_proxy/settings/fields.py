"""Fields of the list of settings."""

from __future__ import annotations

from functools import partial
from typing import Any

from pydantic import Field, JsonValue


def setting(section: str, default: Any, meaning: str, *, reloadable: bool = False, **limits: Any) -> Any:
    """Return a setting that is read at the start; ``reloadable``: also when the settings are read again."""
    extra: dict[str, JsonValue] = {"section": section, "reloadable": reloadable}
    return Field(default=default, description=meaning, json_schema_extra=extra, **limits)


reloadable = partial(setting, reloadable=True)
"""A setting that is read again."""
