"""Names of the files that a batch writes, by a template like ``{alias}/{preset}.{ext}``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote

from mememime_proxy.batch.model import BatchItem
from mememime_proxy.errors import BatchUsageError
from mememime_proxy.formats import FORMATS

DEFAULT: Final = "{path}/{preset}.{ext}"
FIELDS: Final[Mapping[str, str]] = {
    "alias": "the alias; the path where there is none",
    "path": "the path of the original, without its extension",
    "stem": "its last part",
    "preset": "the preset, or the options",
    "ext": "the extension of the result's format",
    "key": "the variant's key: 32 hexadecimal digits",
}
_FIELD = re.compile(r"\{([a-z]+)\}")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


class FileNames:
    """Makes the names of files."""

    def __init__(self, template: str) -> None:
        """BatchUsageError for a field that there is not, or a template whose names could not tell variants apart."""
        self._template = template or DEFAULT
        names = _FIELD.findall(self._template)
        if unknown := set(names) - set(FIELDS) or set(_FIELD.sub("", self._template)) & set("{}"):
            fields = ", ".join(f"{{{each}}}" for each in FIELDS)
            raise BatchUsageError(f"--template: found {min(unknown)!r}, expected fields of {fields}")
        if "key" not in names and not ({"alias", "path", "stem"} & set(names) and {"preset", "ext"} & set(names)):
            raise BatchUsageError(
                f"--template: found {self._template!r}, expected a field of the original ({{alias}}, {{path}}) and one"
                " of the variant ({preset}, {ext}), or {key}"
            )

    def name(self, item: BatchItem, variant: str, format_name: str, key: bytes) -> str:
        """Return the key of a file; ``variant``: name of the preset or the options."""
        path = item.name or _path_of(item.source)
        values = {
            "alias": path,
            "path": path,
            "stem": path.rpartition("/")[2],
            "preset": variant,
            "ext": FORMATS[format_name].extension[1:] if format_name in FORMATS else "bin",
            "key": key.hex(),
        }
        name = _FIELD.sub(lambda field: values[field[1]], self._template)
        return "/".join(part for part in name.split("/") if part not in {"", ".", ".."})


def _path_of(source: str) -> str:
    """Return the path in a source's URL, without its extension."""
    path = unquote(_SCHEME.sub("", source).partition("?")[0]).strip("/")
    folder, slash, last = path.rpartition("/")
    stem, dot, _ = last.rpartition(".")
    return f"{folder}{slash}{stem if dot and stem else last}"
