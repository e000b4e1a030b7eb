"""Patterns of paths like ``photographs/**/*.jpg``, matched part by part while folders are scanned."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import translate
from typing import Final, Self

_WILDCARD: Final = re.compile(r"[*?[]")
_ANY_FOLDERS: Final = "**"


class PathPattern:
    """A pattern below a folder without wildcards, ``base``; ``**`` matches any folders, ``*`` no slash."""

    def __init__(self, base: str, parts: Sequence[str]) -> None:
        self.base = base
        self._parts = tuple(None if part == _ANY_FOLDERS else re.compile(translate(part)) for part in parts)

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Return the pattern of a text; None where it has no wildcard."""
        parts = text.split("/")
        fixed = next((k for k, part in enumerate(parts) if _WILDCARD.search(part)), None)
        if fixed is None:
            return None
        return cls("/".join(parts[:fixed]) or ("/" if text.startswith("/") else "."), parts[fixed:])

    def matches(self, path: str) -> bool:
        """Whether a path, relative to the base, is matched."""
        return _matches(path.split("/"), self._parts)

    def may_match_below(self, folder: str) -> bool:
        """Whether a path below a folder, relative to the base, may be matched."""
        names = folder.split("/")
        for name, part in zip(names, self._parts, strict=False):
            if part is None:
                return True
            if not part.match(name):
                return False
        return len(names) < len(self._parts)


def _matches(names: Sequence[str], parts: Sequence[re.Pattern[str] | None]) -> bool:
    """Match from left to right; behind ``**`` only the last place to go on from counts, as in every glob."""
    name = part = 0
    resume_part, resume_name = -1, 0
    while name < len(names):
        current = parts[part] if part < len(parts) else None
        if part < len(parts) and current is None:
            resume_part, resume_name, part = part, name, part + 1
        elif current is not None and current.match(names[name]):
            name, part = name + 1, part + 1
        elif resume_part >= 0:
            resume_name += 1
            name, part = resume_name, resume_part + 1
        else:
            return False
    return all(rest is None for rest in parts[part:])
