"""Walk over the files of a folder tree in order of their paths."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator

from mememime_proxy.storage.local.openat2 import DIRECTORY, RootDirectory

_NO_NAMES = {b"", b".", b".."}
_NO_FOLDER = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG}


def walk_files(root: RootDirectory, prefix: bytes, excluded: bytes) -> Iterator[tuple[bytes, os.stat_result]]:
    """Yield path and status of each regular file whose path begins with ``prefix``, ordered by the paths' bytes.

    The top-level folder ``excluded`` is left out, and so are links. Only the names of open folders are in memory. A
    file that appears or goes meanwhile may be yielded or not.
    """
    folder = prefix.rpartition(b"/")[0]
    parts = folder.split(b"/") if b"/" in prefix else []
    if not _NO_NAMES.isdisjoint(parts) or parts[:1] == [excluded] or b"\0" in prefix:
        return
    try:
        descriptor = root.open(folder or b".", DIRECTORY)
    except OSError as error:
        if error.errno in _NO_FOLDER:
            return
        raise
    yield from _walk_folder(descriptor, folder + b"/" if folder else b"", prefix, excluded)


def _walk_folder(
    descriptor: int, folder: bytes, prefix: bytes, excluded: bytes
) -> Iterator[tuple[bytes, os.stat_result]]:
    """Yield the files below an open folder, and close it."""
    try:
        with os.scandir(descriptor) as entries:
            # A folder's files sort as "name/", which may be after a file "name.jpg" or "name-2".
            names = sorted(
                os.fsencode(entry.name) + (b"/" if entry.is_dir(follow_symlinks=False) else b"") for entry in entries
            )
        for name in names:
            path = folder + name
            if not (path.startswith(prefix) or prefix.startswith(path)) or path == excluded + b"/":
                continue
            try:
                if name.endswith(b"/"):
                    child = os.open(name[:-1], DIRECTORY, dir_fd=descriptor)
                    yield from _walk_folder(child, path, prefix, excluded)
                    continue
                status = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
            except (FileNotFoundError, NotADirectoryError):
                continue
            if stat.S_ISREG(status.st_mode):
                yield path, status
    finally:
        os.close(descriptor)
