"""Finds files: folders, patterns and lists on this machine, in a stable order and without holding them all."""

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
from mememime_proxy.client.inputs.content import Content, LocalFile
from mememime_proxy.formats import FORMATS

_MAGIC = re.compile(r"[*?[]")
_PICTURES = (*(f"*{kind.extension}" for kind in FORMATS.values()), "*.jpeg", "*.tif", "*.heif")
_LONGEST_LINE = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One file to upload, with what is wanted for it alone; nothing is opened yet."""

    place: str
    """Its absolute path or URL: the same text for the same file in every run."""
    path: str
    """Below the folder, pattern or prefix that was named, parts divided by ``/``."""
    open: Callable[[], Content] = field(compare=False, repr=False)
    """Raises FileError where there is nothing. Blocks."""
    alias: str = ""
    tags: tuple[str, ...] = ()
    focal: tuple[float, float] | None = None
    preset: str = ""


class Filter:
    """Which names are wanted: any of the included patterns, none of the excluded ones.

    A pattern without a slash is held against the file's name, one with a slash against its path; capitals do not
    matter, and ``*`` stands for slashes, too. Without included patterns all kinds of pictures are wanted.
    """

    def __init__(self, include: Sequence[str] = (), exclude: Sequence[str] = ()) -> None:
        self._include = _patterns(include or _PICTURES)
        self._exclude = _patterns(exclude)

    def wants(self, path: str) -> bool:
        """Whether the file with this path is to be uploaded."""
        return _fits(path, self._include) and not _fits(path, self._exclude)


def files(origin: str, wanted: Filter) -> Iterator[Entry]:
    """The files of a folder, of a pattern (``**`` for any folders between), or the one file of that name.

    Links to folders are not followed. FileError where there is nothing of that name, or a folder cannot be read. A file
    that is named is taken, whatever the filter says. Blocks.
    """
    path = Path(origin)
    if path.is_dir():
        for each in _walk(path, ""):
            if wanted.wants(each):
                yield local(Path(origin, each), each)
    elif path.exists():
        yield local(path, path.name)
    elif _MAGIC.search(origin):
        base = _base(origin)
        for found in sorted(glob.iglob(origin, recursive=True)):  # noqa: PTH207 - a whole path, absolute or not
            below = os.path.relpath(found, base).replace(os.sep, "/")
            if Path(found).is_file() and wanted.wants(below):
                yield local(Path(found), below)
    else:
        raise FileError(f"{origin}: there is no such file or folder")


def listed(stream: BinaryIO, separator: bytes = b"\n") -> Iterator[Entry]:
    """The files that a list names, one a line, or divided by another byte (as ``find -print0`` does). Blocks.

    A relative path is below the working folder and stays the entry's path; of an absolute one that is the name.
    """
    left = b""
    while chunk := stream.read1(1 << 16) if hasattr(stream, "read1") else stream.read(1 << 16):
        *lines, left = (left + chunk).split(separator)
        yield from _named(lines)
        if len(left) > _LONGEST_LINE:
            raise FileError(f"a line of the list is longer than {_LONGEST_LINE} bytes")
    yield from _named([left])


def local(path: Path, below: str, **wanted: object) -> Entry:
    """The entry of one file of this machine."""
    place = os.path.abspath(path)  # noqa: PTH100 - a link stays a file of its own
    return Entry(place=place, path=below, open=lambda: LocalFile(path), **wanted)  # type: ignore[arg-type]


def _named(lines: Iterable[bytes]) -> Iterator[Entry]:
    for line in lines:
        name = os.fsdecode(line.rstrip(b"\r"))
        if name:
            yield local(Path(name), Path(name).name if Path(name).is_absolute() else os.path.normpath(name))


def _walk(root: Path, below: str) -> Iterator[str]:
    try:
        with os.scandir(root / below) as entries:
            found = sorted((entry.name, entry.is_dir(follow_symlinks=False), entry.is_file()) for entry in entries)
    except OSError as error:
        raise FileError(f"{root / below}: {error.strerror}") from error
    for name, is_folder, is_file in found:
        if is_folder:
            yield from _walk(root, f"{below}{name}/")
        elif is_file:
            yield below + name


def _base(pattern: str) -> str:
    """The folder in front of the first part with a wildcard."""
    parts = pattern.split("/")
    fixed = next(k for k, part in enumerate(parts) if _MAGIC.search(part))
    return "/".join(parts[:fixed]) or ("/" if pattern.startswith("/") else ".")


def _patterns(texts: Iterable[str]) -> tuple[tuple[bool, re.Pattern[str]], ...]:
    return tuple(("/" in text, re.compile(translate(text), re.IGNORECASE)) for text in texts)


def _fits(path: str, patterns: tuple[tuple[bool, re.Pattern[str]], ...]) -> bool:
    name = path.rpartition("/")[2]
    return any(pattern.match(path if whole else name) for whole, pattern in patterns)
