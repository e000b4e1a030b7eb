"""Reading settings from the environment: the value types, the two prefixes, and error texts that name the variable.

The value syntax is that of imgproxy's environment: Go booleans, whole seconds, comma lists, hexadecimal keys and
megapixels as decimal numbers, so that an environment file written for it can be used as it is.
"""

from __future__ import annotations

import base64
import binascii
import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

from annotated_types import Ge, Gt, Le
from dotenv import dotenv_values
from pydantic import BaseModel, BeforeValidator, ValidationError
from pydantic.fields import FieldInfo

from mememime_proxy.errors import SettingsError
from mememime_proxy.formats import ALIASES, FORMATS, by_name

PREFIXES = ("MEMEMIME_", "IMGPROXY_")
"""Prefixes of variables; the first one that is set wins."""

_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})


@dataclass(frozen=True)
class Expected:
    """Description of valid values, the second half of the sentence «expected …»."""

    text: str


@dataclass(frozen=True)
class Secret:
    """Mark of a value that is never printed."""


@dataclass(frozen=True)
class EmptyCounts:
    """Mark of a variable for which «set, but empty» is a value of its own."""


def _bool(value: object) -> object:
    if isinstance(value, str):
        if value in _TRUE:
            return True
        if value in _FALSE:
            return False
        raise ValueError
    return value


def _megapixels(value: object) -> object:
    return int(float(value) * 1_000_000) if isinstance(value, str) else value


def _mebibytes(value: object) -> object:
    return int(value) << 20 if isinstance(value, str) else value


def _comma_list(value: object) -> object:
    if isinstance(value, str):
        return tuple(part for part in (piece.strip() for piece in value.split(",")) if part)
    return value


def _hex_list(value: object) -> object:
    if isinstance(value, str):
        return tuple(bytes.fromhex(part.strip()) for part in value.split(",") if part.strip())
    return value


def _hex(value: object) -> object:
    return bytes.fromhex(value) if isinstance(value, str) else value


def _base64(value: object) -> object:
    if not isinstance(value, str):
        return value
    compact = re.sub(r"\s", "", value).rstrip("=").translate(str.maketrans("-_", "+/"))
    try:
        return base64.b64decode(compact + "=" * (-len(compact) % 4), validate=True)
    except binascii.Error as error:
        raise ValueError from error


def _format_names(value: object) -> object:
    if isinstance(value, str):
        names = _comma_list(value)
        assert isinstance(names, tuple)  # noqa: S101 - tells the type checker what a string gives
        if any(by_name(name) is None for name in names):
            raise ValueError
        return tuple(ALIASES.get(name, name) for name in names)
    return value


def _format_quality(value: object) -> object:
    if not isinstance(value, str):
        return value
    qualities: dict[str, int] = {}
    for part in filter(None, (piece.strip() for piece in value.split(","))):
        name, equals, number = part.partition("=")
        format_ = by_name(name.strip())
        quality = int(number)
        if not equals or format_ is None or not 0 <= quality <= 100:
            raise ValueError
        qualities[format_.name] = quality
    return qualities


def _instant(value: object) -> object:
    if isinstance(value, str):
        parsed = datetime.fromisoformat(value)
        if parsed.tzinfo is None:
            raise ValueError
        return parsed
    return value


Bool = Annotated[bool, BeforeValidator(_bool), Expected("true or false")]
Int = Annotated[int, Expected("a whole number")]
Float = Annotated[float, Expected("a number")]
Seconds = Annotated[int, Expected("a whole number of seconds")]
Megapixels = Annotated[int, BeforeValidator(_megapixels), Expected("a number of megapixels")]
Mebibytes = Annotated[int, BeforeValidator(_mebibytes), Expected("a whole number of MiB")]
Names = Annotated[tuple[str, ...], BeforeValidator(_comma_list), Expected("a list separated by commas")]
HexKeys = Annotated[tuple[bytes, ...], BeforeValidator(_hex_list), Expected("hexadecimal, several by commas"), Secret()]
HexKey = Annotated[bytes, BeforeValidator(_hex), Expected("a hexadecimal key"), Secret()]
Base64 = Annotated[bytes, BeforeValidator(_base64), Expected("base64")]
Formats = Annotated[
    tuple[str, ...],
    BeforeValidator(_format_names),
    Expected(f"format names separated by commas, of {', '.join(FORMATS)}"),
]
FormatQuality = Annotated[
    dict[str, int],
    BeforeValidator(_format_quality),
    Expected("format=quality pairs separated by commas, quality 0 to 100"),
]
Instant = Annotated[datetime | None, BeforeValidator(_instant), Expected("a time as in RFC 3339, with its zone")]
Text = Annotated[str, Expected("text")]
SecretText = Annotated[str, Expected("text"), Secret()]

SettingsModel = TypeVar("SettingsModel", bound=BaseModel)


def variable(field: str, prefix: str = PREFIXES[0]) -> str:
    """Return the name of the variable of a setting."""
    return prefix + field.upper()


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
    annotation = info.annotation
    choices = getattr(annotation, "__args__", ()) if "Literal" in str(annotation) else ()
    if choices:
        return "one of " + ", ".join(str(choice) for choice in choices)
    return f"{kind}, {limits}" if limits else kind


def _look_up(environ: Mapping[str, str], name: str, info: FieldInfo) -> tuple[str, str] | None:
    empty_counts = any(isinstance(mark, EmptyCounts) for mark in info.metadata)
    for prefix in PREFIXES:
        key = variable(name, prefix)
        if key in environ and (environ[key] != "" or empty_counts):
            return key, environ[key]
    return None


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
        return model.model_validate({name: value for name, (_, value) in found.items()})
    except ValidationError as error:
        raise SettingsError("\n".join(_messages(model, found, error))) from None


def _messages(model: type[BaseModel], found: Mapping[str, tuple[str, str]], error: ValidationError) -> Iterator[str]:
    for item in error.errors(include_url=False):
        if not item["loc"]:  # a rule about several settings; its text names them
            yield str(item["msg"]).removeprefix("Value error, ")
            continue
        name = str(item["loc"][0])
        info = model.model_fields[name]
        key, value = found[name]
        value_text = f"a value of {len(value)} characters" if is_secret(info) else repr(value[:80])
        yield f"{key}: found {value_text}, expected {expected(info)}"


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
    found: dict[str, str] = {}
    for key in sorted(environ):
        for prefix in PREFIXES:
            suffix = key.removeprefix(prefix)
            if suffix != key and suffix not in names:
                near = difflib.get_close_matches(suffix, names, n=1, cutoff=0.8)
                found[key] = prefix + near[0] if near else ""
    return found
