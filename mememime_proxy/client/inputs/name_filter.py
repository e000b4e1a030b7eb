"""The filter of names: which files of a folder, a pattern or a bucket are uploaded, and why the others are left out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fnmatch import translate
from pathlib import PurePosixPath
from typing import Final

from mememime_proxy.formats import FORMATS

_SPELLINGS: Final = ("*.jpeg", "*.jpe", "*.jfif", "*.pjpeg", "*.pjp", "*.tif", "*.heif")
"""Other extensions of formats in FORMATS, as browsers and operating systems use them."""
_IMAGE_PATTERNS: Final = (*(f"*{kind.extension}" for kind in FORMATS.values()), *_SPELLINGS)
_BY_PROGRAMS: Final = (
    "._*", ".AppleDouble", ".DS_Store", ".Spotlight-V100", ".Trash*", ".Trashes", ".fseventsd", "__MACOSX",  # macOS
    "@eaDir", "#recycle", "#snapshot", "@Recycle", ".@__thumb",  # NAS systems of Synology and QNAP
    ".thumbnails", ".thumb", ".picasaoriginals", "$RECYCLE.BIN", "System Volume Information", "lost+found",
)  # fmt: skip
"""Names of files and folders that systems and programs make beside photographs: copies, previews, what was deleted."""

_Patterns = tuple[tuple[bool, re.Pattern[str]], ...]


class Filter:
    """Matches paths against patterns: any of the included ones, none of the excluded ones.

    A pattern without a slash is compared with the file name, one with a slash with the path; case is ignored, and ``*``
    matches slashes, too. Without included patterns, the extensions of all image formats are included. Hidden files and
    folders, and those that programs make beside photographs (``@eaDir``, ``._*``), are left out.
    """

    def __init__(self, include: Sequence[str] = (), exclude: Sequence[str] = (), *, hidden: bool = False) -> None:
        """``hidden``: whether names that begin with a full stop are included."""
        self._has_include = bool(include)
        self._include = _patterns(include or _IMAGE_PATTERNS)
        self._exclude = _patterns(exclude)
        self._by_programs = _patterns(_BY_PROGRAMS)
        self._hidden = hidden

    def matches(self, path: str) -> bool:
        """Whether the file with this path is uploaded."""
        return not self.reason(path)

    def reason(self, path: str) -> str:
        """Return why the file with this path is left out; '' where it is uploaded."""
        *folders, name = path.split("/")
        reason = next(filter(None, map(self.folder_reason, folders)), "") or self._name_reason(name)
        if reason:
            return reason
        if _matches_any(path, self._exclude):
            return "excluded by --exclude"
        if not _matches_any(path, self._include):
            return self._no_match_reason(name)
        return ""

    def folder_reason(self, name: str) -> str:
        """Return why a folder of this name is left out with all that is in it; '' where it is scanned."""
        return self._name_reason(name)

    def _name_reason(self, name: str) -> str:
        if _matches_any(name, self._by_programs):
            return "made by a program beside photographs"
        if name.startswith(".") and name not in {".", ".."} and not self._hidden:
            return "hidden (--hidden includes it)"
        return ""

    def _no_match_reason(self, name: str) -> str:
        if self._has_include:
            return "not among --include"
        extension = PurePosixPath(name).suffix.lower()
        return f"no format of pictures that is taken ({extension or 'no extension'})"


def _patterns(texts: Iterable[str]) -> _Patterns:
    return tuple(("/" in text, re.compile(translate(text), re.IGNORECASE)) for text in texts)


def _matches_any(path: str, patterns: _Patterns) -> bool:
    name = path.rpartition("/")[2]
    return any(pattern.match(path if whole else name) for whole, pattern in patterns)
