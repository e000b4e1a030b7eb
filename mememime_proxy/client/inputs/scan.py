"""Scans local folders, patterns and lists for files, in a stable order and in bounded memory."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from mememime_proxy.client.errors import FileError
from mememime_proxy.client.inputs.content import FileContent, LocalFile
from mememime_proxy.client.inputs.name_filter import Filter
from mememime_proxy.client.inputs.path_pattern import PathPattern

_MAX_LINE = 1 << 16
_LINK_TO_FOLDER = "a link to a folder, which is not followed"
_KINDS = {stat.S_IFIFO: "a FIFO", stat.S_IFSOCK: "a socket"}


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
    left_out: str = ""
    """Why it is not uploaded; '' where it is."""


def files(origin: str, name_filter: Filter) -> Iterator[Entry]:
    """Yield the files of ``scan`` that are uploaded."""
    return (entry for entry in scan(origin, name_filter) if not entry.left_out)


def scan(origin: str, name_filter: Filter) -> Iterator[Entry]:
    """Yield the files of a folder, of a pattern (``**`` matches any folders), or the single file of that name.

    What is left out comes, too, with the reason. What cannot be looked at is an entry that cannot be opened: the scan
    goes on. Symbolic links to folders are not followed. A single file is not filtered. Raises FileError where nothing
    has that name. Blocks.
    """
    path = Path(origin)
    if os.path.isdir(path):  # noqa: PTH112 - False, and no error, where its parent cannot be read
        yield from _scan_folder(path, "", name_filter, None)
    elif os.path.lexists(path):
        yield local(path, path.name)
    elif pattern := PathPattern.parse(origin):
        yield from _scan_folder(Path(pattern.base), "", name_filter, pattern)
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


def invalid(place: str, reason: str, path: str = "") -> Entry:
    """Return an entry that fails for this reason when it is opened."""

    def fail() -> FileContent:
        raise FileError(reason)

    return Entry(place=place, path=path, open=fail)


def _listed(lines: Iterable[bytes]) -> Iterator[Entry]:
    for line in lines:
        name = os.fsdecode(line.rstrip(b"\r"))
        if name:
            yield local(Path(name), Path(name).name if Path(name).is_absolute() else os.path.normpath(name))


def _scan_folder(root: Path, folder: str, name_filter: Filter, pattern: PathPattern | None) -> Iterator[Entry]:
    """Yield the entries below a folder in the order of their names; ``folder`` ends in a slash or is ''."""
    try:
        with os.scandir(root / folder) as entries:
            children = sorted(entries, key=lambda child: child.name)
    except OSError as error:
        yield _unreadable(root / folder, folder, error)
        return
    for child in children:
        relative = folder + child.name
        try:
            is_folder = child.is_dir(follow_symlinks=False)
        except OSError as error:
            yield _unreadable(root / relative, relative, error)
            continue
        if not is_folder:
            if pattern is None or pattern.matches(relative):
                reason = name_filter.reason(relative)
                if not reason or child.is_symlink():  # the name of a link to a folder says nothing of formats
                    kind = _kind_reason(root / relative)
                    reason = kind if not reason or kind == _LINK_TO_FOLDER else reason
                yield local(root / relative, relative, left_out=reason)
        elif pattern is None or pattern.may_match_below(relative):
            if reason := name_filter.folder_reason(child.name):
                yield local(root / relative, f"{relative}/", left_out=f"{reason}, with all that is in it")
            else:
                yield from _scan_folder(root, f"{relative}/", name_filter, pattern)


def _kind_reason(path: Path) -> str:
    """Return why an entry of a folder cannot be a picture; '' for a file, and where opening it will say why."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return "a link to nothing" if path.is_symlink() else ""
    except OSError:
        return ""
    if stat.S_ISREG(mode):
        return ""
    if stat.S_ISDIR(mode):
        return _LINK_TO_FOLDER
    return f"{_KINDS.get(stat.S_IFMT(mode), 'a device')}, not a file"


def _unreadable(path: Path, relative: str, error: OSError) -> Entry:
    place = os.path.abspath(path)  # noqa: PTH100 - symbolic links are not resolved
    return invalid(place, f"cannot be read: {error.strerror or error}", relative)
