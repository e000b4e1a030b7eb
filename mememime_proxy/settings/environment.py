"""Reading settings from the environment: two prefixes, older names, and error texts that name the variable.

What is read is what imgproxy reads, so that an environment file written for it can be used as it is. An error names the
variable as it was set, what was found, what is expected, and what is wrong where that is known.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self, TypeVar

from annotated_types import Ge, Gt, Le
from dotenv import dotenv_values
from pydantic import BaseModel, PrivateAttr, ValidationError
from pydantic.fields import FieldInfo

from mememime_proxy.errors import SettingsError
from mememime_proxy.settings.values import EmptyCounts, Expected, Secret, Verbatim

PREFIXES = ("MEMEMIME_", "IMGPROXY_")
"""Prefixes of variables; the first one that is set wins."""
OLDER_NAMES = {
    "use_etag": ("ETAG_ENABLED",),
    "use_last_modified": ("LAST_MODIFIED_ENABLED",),
}
"""Names of the same settings that released versions of imgproxy read in place of the documented ones."""
_RENAMED = {
    "ENABLE_WEBP_DETECTION": "AUTO_WEBP",
    "ENABLE_AVIF_DETECTION": "AUTO_AVIF",
    "CONCURRENCY": "WORKERS",
    "MAX_ANIMATION_FRAMES_RESOLUTION": "MAX_ANIMATION_FRAME_RESOLUTION",
    "READ_TIMEOUT": "READ_REQUEST_TIMEOUT",
    "WRITE_TIMEOUT": "WRITE_RESPONSE_TIMEOUT",
}
"""Names of imgproxy 3 that imgproxy 4 does not read, with the present ones, which a warning names."""


def variable(field: str, prefix: str = PREFIXES[0]) -> str:
    """Return the name of the variable of a setting."""
    return prefix + field.upper()


class EnvironmentModel(BaseModel):
    """Settings that know by which variable each of them was set."""

    _variables: dict[str, str] = PrivateAttr(default_factory=dict)

    def variable(self, field: str) -> str:
        """Return the variable that sets ``field``: as the operator wrote it, else the name with our prefix."""
        return self._variables.get(field) or variable(field)

    def with_names_as_set(self, text: str) -> str:
        """Return ``text``, in which each variable has the name by which it was set."""
        names = {variable(field): name for field, name in self._variables.items()}
        return _NAME.sub(lambda match: names.get(match[0], match[0]), text)

    def take_variables(self, other: Self, fields: Iterable[str]) -> None:
        """Name the variables of ``fields`` as ``other`` does."""
        self._variables = dict(self._variables)
        for field in fields:
            self._variables.pop(field, None)
            if field in other._variables:
                self._variables[field] = other._variables[field]

    def is_set(self, field: str) -> bool:
        """Whether a variable sets ``field``."""
        return field in self._variables


SettingsModel = TypeVar("SettingsModel", bound=EnvironmentModel)
_NAME = re.compile(rf"\b{PREFIXES[0]}[A-Z0-9_]+")


def is_secret(info: FieldInfo) -> bool:
    """Return whether the value of a setting must not be shown."""
    return any(isinstance(mark, Secret) for mark in info.metadata)


def expected(info: FieldInfo) -> str:
    """Return the description of a setting's valid values, with their range."""
    kind, low, high = "a value", "", ""
    for mark in info.metadata:
        match mark:
            case Expected(text):
                kind = text
            case Ge(ge):
                low = f"{ge} or more"
            case Gt(gt):
                low = f"more than {gt}"
            case Le(le):
                high = f"at most {le}"
            case _:
                pass
    limits = " and ".join(filter(None, (low, high)))
    if choices := _choices(info):
        return "one of " + ", ".join(str(choice) for choice in choices)
    return f"{kind}, {limits}" if limits else kind


def _look_up(environ: Mapping[str, str], name: str, info: FieldInfo) -> tuple[str, str] | None:
    """Return the variable that sets a setting, and its value; None where it is unset or blank."""
    empty_counts = any(isinstance(mark, EmptyCounts) for mark in info.metadata)
    verbatim = any(isinstance(mark, Verbatim) for mark in info.metadata)
    for prefix in PREFIXES:
        for suffix in (name.upper(), *(OLDER_NAMES.get(name, ()))):
            if (found := environ.get(prefix + suffix)) is None:
                continue
            value = found if verbatim else found.strip()
            if value or empty_counts:
                return prefix + suffix, value.lower() if _choices(info) else value
    return None


def _choices(info: FieldInfo) -> tuple[object, ...]:
    annotation = info.annotation
    return getattr(annotation, "__args__", ()) if "Literal" in str(annotation) else ()


def read(model: type[SettingsModel], environ: Mapping[str, str]) -> SettingsModel:
    """Return the settings of the environment ``environ``.

    Raises SettingsError with one line for each invalid variable: its name, what was found, what is expected.
    """
    found: dict[str, tuple[str, str]] = {}
    for name, info in model.model_fields.items():
        hit = _look_up(environ, name, info)
        if hit is not None:
            found[name] = hit
    try:
        settings = model.model_validate({name: value for name, (_, value) in found.items()})
    except ValidationError as error:
        raise SettingsError("\n".join(_messages(model, found, error))) from None
    settings._variables = {name: key for name, (key, _) in found.items()}
    return settings


def _messages(model: type[BaseModel], found: Mapping[str, tuple[str, str]], error: ValidationError) -> Iterator[str]:
    for item in error.errors(include_url=False):
        name = str(item["loc"][0])
        info = model.model_fields[name]
        key, value = found[name]
        hint = str(item.get("ctx", {}).get("error", ""))
        if not hint and value[:1] in {'"', "'"} and value[:1] == value[-1:]:
            hint = "remove the quotation marks"
        value_text = f"a value of {len(value)} characters" if is_secret(info) else repr(value[:80])
        yield f"{key}: found {value_text}, expected {expected(info)}" + (f" ({hint})" if hint else "")


def with_file(environ: Mapping[str, str], path: str | None = None) -> dict[str, str]:
    """Return ``environ`` on top of the variables of a dotenv file: ``path``, or the one that ENV_LOCAL_FILE_PATH names.

    A variable of the environment wins over the same one in the file. Raises SettingsError where there is no such file.
    """
    named = path or next(
        (environ[p + "ENV_LOCAL_FILE_PATH"] for p in PREFIXES if environ.get(p + "ENV_LOCAL_FILE_PATH")), ""
    )
    if not named:
        return dict(environ)
    if not Path(named).is_file():
        raise SettingsError(f"{variable('env_local_file_path')}: found {named!r}, expected the path of a readable file")
    values: Mapping[str, Any] = dotenv_values(named, interpolate=False)
    return {**{key: value for key, value in values.items() if value is not None}, **environ}


def unknown_variables(model: type[BaseModel], environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables with one of our prefixes that are not settings, each with the most similar name or ''."""
    names = {name.upper() for name in model.model_fields} | {"ENV_LOCAL_FILE_PATH"}
    known = names.union(*OLDER_NAMES.values())
    found: dict[str, str] = {}
    for key in sorted(environ):
        for prefix in PREFIXES:
            suffix = key.removeprefix(prefix)
            if suffix != key and suffix not in known:
                near = [_RENAMED[suffix]] if suffix in _RENAMED else difflib.get_close_matches(suffix, names, 1, 0.8)
                found[key] = prefix + near[0] if near and near[0] in names else ""
    return found
