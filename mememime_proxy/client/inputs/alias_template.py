"""Alias templates: ``products/{folder}/{stem}`` and the file's facts make an alias."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from mememime_proxy.client.errors import FileError

_FIELD = re.compile(r"\{(?P<name>[a-z0-9]+)(?::(?P<argument>[^{}|]*))?(?:\|(?P<otherwise>[^{}|]*))?\}")
_SLASHES = re.compile(r"/{2,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a file when its alias is made."""

    path: str
    """Below the folder that was named, parts divided by ``/``."""
    sha256: str = ""
    taken: datetime | None = None


def _exif(facts: Facts, argument: str) -> str:
    return facts.taken.strftime(argument or "%Y/%m/%d") if facts.taken else ""


def _digest(facts: Facts, argument: str) -> str:
    return facts.sha256[: int(argument) if argument else None]


_FIELDS: Mapping[str, Callable[[Facts, str], str]] = {
    "path": lambda facts, _: str(PurePosixPath(facts.path).with_suffix("")),
    "folder": lambda facts, _: facts.path.rpartition("/")[0],
    "name": lambda facts, _: PurePosixPath(facts.path).name,
    "stem": lambda facts, _: PurePosixPath(facts.path).stem,
    "ext": lambda facts, _: PurePosixPath(facts.path).suffix.removeprefix(".").lower(),
    "sha256": _digest,
    "exif": _exif,
}
_WITH_ARGUMENT = {"sha256", "exif"}
_MAY_BE_EMPTY = {"folder", "ext"}


class Template:
    """One template. Fields: ``{path}`` (without the ending), ``{folder}``, ``{name}``, ``{stem}``, ``{ext}``,
    ``{sha256}`` or its first letters ``{sha256:12}``, ``{exif:%Y/%m/%d}``; behind a ``|`` stands what is taken where
    the file does not have it."""

    def __init__(self, text: str) -> None:
        """Raises ValueError for what is no template."""
        if set(_FIELD.sub("", text)) & set("{}"):
            raise ValueError(f"found {text!r}, expected fields like {{path}}, with both braces")
        for found in _FIELD.finditer(text):
            name, argument = found["name"], found["argument"]
            if name not in _FIELDS:
                raise ValueError(f"found {{{name}}}, expected one of {', '.join(_FIELDS)}")
            if argument is not None and name not in _WITH_ARGUMENT:
                raise ValueError(f"found {found[0]}, but {name} takes no argument")
            if name == "sha256" and argument and not (argument.isascii() and argument.isdigit() and int(argument)):
                raise ValueError(f"found {found[0]}, expected a number of letters")
        self.text = text
        self.needs_date = any(found["name"] == "exif" for found in _FIELD.finditer(text))

    def alias(self, facts: Facts) -> str:
        """The alias of a file. FileError where the file has not what a field wants."""

        def value(found: re.Match[str]) -> str:
            text = _FIELDS[found["name"]](facts, found["argument"] or "")
            if text or found["name"] in _MAY_BE_EMPTY:
                return text or (found["otherwise"] or "")
            if found["otherwise"] is None:
                raise FileError(f"it has no {found['name']} date, which the alias template {self.text!r} wants")
            return str(found["otherwise"])

        alias = _SLASHES.sub("/", _FIELD.sub(value, self.text)).strip("/")
        if not alias:
            raise FileError(f"the alias template {self.text!r} gives an empty name")
        return alias
