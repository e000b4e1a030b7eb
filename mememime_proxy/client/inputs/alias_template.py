"""Alias templates like ``products/{folder}/{stem}``, which make an alias from facts of a file."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from mememime_proxy.client.errors import FileError
from mememime_proxy.client.inputs.slug import slug

_FIELD = re.compile(r"\{(?P<name>[a-z0-9]+)(?::(?P<argument>[^{}|]*))?(?:\|(?P<default>[^{}|]*))?\}")
_SLASHES = re.compile(r"/{2,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """The facts of a file that a template may use."""

    path: str
    """Relative to the folder that is uploaded, separated by ``/``."""
    sha256: str = ""
    date_taken: datetime | None = None


def _exif(facts: FileFacts, argument: str) -> str:
    return facts.date_taken.strftime(argument or "%Y/%m/%d") if facts.date_taken else ""


def _digest(facts: FileFacts, argument: str) -> str:
    return facts.sha256[: int(argument) if argument else None]


def _slug(facts: FileFacts, argument: str) -> str:
    return slug(_OF_PATH[argument or "path"](facts, ""))


_OF_PATH: Mapping[str, Callable[[FileFacts, str], str]] = {
    "path": lambda facts, _: str(PurePosixPath(facts.path).with_suffix("")),
    "folder": lambda facts, _: facts.path.rpartition("/")[0],
    "name": lambda facts, _: PurePosixPath(facts.path).name,
    "stem": lambda facts, _: PurePosixPath(facts.path).stem,
}
_FIELDS: Mapping[str, Callable[[FileFacts, str], str]] = {
    **_OF_PATH,
    "ext": lambda facts, _: PurePosixPath(facts.path).suffix.removeprefix(".").lower(),
    "slug": _slug,
    "sha256": _digest,
    "exif": _exif,
}
_WITH_ARGUMENT = {"sha256", "exif", "slug"}
_MAY_BE_EMPTY = {"folder", "ext"}


class Template:
    """An alias template.

    Fields: ``{path}`` (without the extension), ``{folder}``, ``{name}``, ``{stem}``, ``{ext}``; ``{slug}``, the path
    as a name that the service takes, or ``{slug:stem}`` and the like; ``{sha256}`` or its first letters
    ``{sha256:12}``; ``{exif:%Y/%m/%d}``. ``{exif|undated}``: the default for a missing value.
    """

    def __init__(self, text: str) -> None:
        """Raise ValueError for an invalid template."""
        if set(_FIELD.sub("", text)) & set("{}"):
            raise ValueError(f"found {text!r}, expected fields like {{path}}, with both braces")
        for field in _FIELD.finditer(text):
            name, argument = field["name"], field["argument"]
            if name not in _FIELDS:
                raise ValueError(f"found {{{name}}}, expected one of {', '.join(_FIELDS)}")
            if argument is not None and name not in _WITH_ARGUMENT:
                raise ValueError(f"found {field[0]}, expected {{{name}}} without an argument")
            if name == "sha256" and argument and not (argument.isascii() and argument.isdigit() and int(argument)):
                raise ValueError(f"found {field[0]}, expected a number of letters")
            if name == "slug" and argument and argument not in _OF_PATH:
                raise ValueError(
                    f"found {field[0]}, expected one of {', '.join(f'{{slug:{part}}}' for part in _OF_PATH)}"
                )
        self.text = text
        names = {field["name"] for field in _FIELD.finditer(text)}
        self.needs_date = "exif" in names
        self.needs_bytes = not names.isdisjoint({"exif", "sha256"})

    def make_alias(self, facts: FileFacts) -> str:
        """Return the alias of a file. Raises FileError where the file has no value for a field."""

        def value(field: re.Match[str]) -> str:
            text = _FIELDS[field["name"]](facts, field["argument"] or "")
            if text or field["name"] in _MAY_BE_EMPTY:
                return text or (field["default"] or "")
            if field["default"] is None:
                missing = "exif date" if field["name"] == "exif" else f"value of {field[0]}"
                raise FileError(
                    f"the file has no {missing} for the alias template {self.text!r};"
                    f" give a default, like {{{field['name']}|undated}}"
                )
            return str(field["default"])

        alias = _SLASHES.sub("/", _FIELD.sub(value, self.text)).strip("/")
        if not alias:
            raise FileError(f"the alias template {self.text!r} makes an empty alias for this file")
        return alias
