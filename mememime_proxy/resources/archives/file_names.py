"""Names of files in an archive: safe on every system, and each there once."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_UNSAFE: Final = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]+')
"""What Windows, macOS or Linux has no place for in a name."""
_DEVICE: Final = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|\Z)", re.IGNORECASE | re.ASCII)
"""Names that Windows takes for devices, with any ending."""
_ENDING: Final = re.compile(r"\.[A-Za-z0-9]{1,8}\Z", re.ASCII)
_MAX: Final = 180
"""Bytes of a name; file systems take 255."""


class ArchiveNames:
    """Gives names to files, one after the other."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def add(self, wanted: str, extension: str) -> str:
        """Return a name like ``wanted`` that no file before has, also where cases are not told apart.

        ``extension``: without a dot, for a name without an ending.
        """
        name = _UNSAFE.sub("-", unicodedata.normalize("NFC", wanted))
        name = "".join(c for c in name if c.isprintable()).strip(" .-") or "file"
        name = f"_{name}" if _DEVICE.match(name) else name
        found = _ENDING.search(name)
        stem, ending = (name[: found.start()], found[0]) if found else (name, f".{extension}" if extension else "")
        stem = stem.encode()[:_MAX].decode("utf-8", "ignore").rstrip(" .")
        name, number = f"{stem}{ending}", 1
        while name.casefold() in self._taken:
            number += 1
            name = f"{stem} ({number}){ending}"
        self._taken.add(name.casefold())
        return name
