"""Scans local folders, patterns and lists for files, in a stable order and in bounded memory."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import translate
from pathlib import Path
from typing import BinaryIO

from mememime_proxy.client.errors import FileError
from mememime_proxy.client.inputs.content import FileContent, LocalFile
from mememime_proxy.formats import FORMATS

_WILDCARD = re.compile(r"[*?[]")
_IMAGE_PATTERNS = (*(f"*{kind.extension}" for kind in FORMATS.values()), "*.jpeg", "*.tif", "*.heif")
_MAX_LINE = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One file to upload, not opened yet, and the attributes of its alias."""

    place: str
    """Its absolute path or URL, the same in every run."""
    path: str
    """Relative to the folder, pattern or prefix that is uploaded, separated by ``/``."""
    open: Callable[[], FileContent] = field(compare=False, repr=False)
    """Raises FileError where there is no such file. Blocks."""
    alias: str = ""
    tags: tuple[str, ...] = ()
    focal: tuple[float, float] | None = None
    preset: str = ""


class Filter:
    """Matches paths against patterns: any of the included ones, none of the excluded ones.

    A pattern without a slash is compared with the file name, one with a slash with the path; case is ignored, and ``*``
    matches slashes, too. Without included patterns, the extensions of all image formats are included.
    """

    def __init__(self, include: Sequence[str] = (), exclude: Sequence[str] = ()) -> None:
        self._include = _patterns(include or _IMAGE_PATTERNS)
        self._exclude = _patterns(exclude)

    def matches(self, path: str) -> bool:
        """Whether the file with this path is uploaded."""
        return _matches_any(path, self._include) and not _matches_any(path, self._exclude)


def files(origin: str, name_filter: Filter) -> Iterator[Entry]:
    """Yield the files of a folder, of a pattern (``**`` matches any folders), or the single file of that name.

    Symbolic links to folders are not followed. A single file is not filtered. Raises FileError where nothing has that
    name, or a folder cannot be read. Blocks.
    """
    path = Path(origin)
    if path.is_dir():
        for relative in _walk(path, ""):
            if name_filter.matches(relative):
                yield local(Path(origin, relative), relative)
    elif path.exists():
        yield local(path, path.name)
    elif _WILDCARD.search(origin):
        base = _base(origin)
        for match in sorted(glob.iglob(origin, recursive=True)):  # noqa: PTH207 - absolute or relative
            relative = os.path.relpath(match, base).replace(os.sep, "/")
            if Path(match).is_file() and name_filter.matches(relative):
                yield local(Path(match), relative)
    else:
        raise FileError(f"{origin}: no such file or folder")


def read_list(stream: BinaryIO, separator: bytes = b"\n") -> Iterator[Entry]:
    """Yield the files of a list, one a line, or separated by another byte (``find -print0``). Blocks.

    The path of an entry is the relative path in the list, or the name of an absolute one.
    """
    rest = b""
    while chunk := stream.read1(1 << 16) if hasattr(stream, "read1") else stream.read(1 << 16):
        *lines, rest = (rest + chunk).split(separator)
        yield from _listed(lines)
        if len(rest) > _MAX_LINE:
            raise FileError(f"a line of the list is longer than {_MAX_LINE} bytes")
    yield from _listed([rest])


def local(path: Path, relative: str, **attributes: object) -> Entry:
    """Return the entry of a local file. ``attributes``: the other fields of the entry."""
    place = os.path.abspath(path)  # noqa: PTH100 - symbolic links are not resolved
    return Entry(place=place, path=relative, open=lambda: LocalFile(path), **attributes)  # type: ignore[arg-type]


def _listed(lines: Iterable[bytes]) -> Iterator[Entry]:
    for line in lines:
        name = os.fsdecode(line.rstrip(b"\r"))
        if name:
            yield local(Path(name), Path(name).name if Path(name).is_absolute() else os.path.normpath(name))


def _walk(root: Path, folder: str) -> Iterator[str]:
    try:
        with os.scandir(root / folder) as entries:
            children = sorted((entry.name, entry.is_dir(follow_symlinks=False), entry.is_file()) for entry in entries)
    except OSError as error:
        raise FileError(f"{root / folder}: {error.strerror}") from error
    for name, is_folder, is_file in children:
        if is_folder:
            yield from _walk(root, f"{folder}{name}/")
        elif is_file:
            yield folder + name


def _base(pattern: str) -> str:
    """Return the folder before the first part with a wildcard."""
    parts = pattern.split("/")
    fixed = next(k for k, part in enumerate(parts) if _WILDCARD.search(part))
    return "/".join(parts[:fixed]) or ("/" if pattern.startswith("/") else ".")


def _patterns(texts: Iterable[str]) -> tuple[tuple[bool, re.Pattern[str]], ...]:
    return tuple(("/" in text, re.compile(translate(text), re.IGNORECASE)) for text in texts)


def _matches_any(path: str, patterns: tuple[tuple[bool, re.Pattern[str]], ...]) -> bool:
    name = path.rpartition("/")[2]
    return any(pattern.match(path if whole else name) for whole, pattern in patterns)
