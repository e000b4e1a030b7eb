"""The files of a folder and its folders, in order."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator

from mememime_proxy.storage.local.openat2 import DIRECTORY, Beneath

_NO_NAMES = {b"", b".", b".."}
_NO_FOLDER = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG}


def files(below: Beneath, prefix: bytes, private: bytes) -> Iterator[tuple[bytes, os.stat_result]]:
    """Path and facts of each regular file whose path begins with ``prefix``, ordered by the paths' bytes.

    The folder ``private`` at the top is left out, and so are links. Of each open folder the names are held, no more.
    What appears or goes meanwhile may be there or not.
    """
    start = prefix.rpartition(b"/")[0]
    parts = start.split(b"/") if b"/" in prefix else []
    if not _NO_NAMES.isdisjoint(parts) or parts[:1] == [private] or b"\0" in prefix:
        return
    try:
        here = below.open(start or b".", DIRECTORY)
    except OSError as error:
        if error.errno in _NO_FOLDER:
            return
        raise
    yield from _files(here, start + b"/" if start else b"", prefix, private)


def _files(here: int, above: bytes, prefix: bytes, private: bytes) -> Iterator[tuple[bytes, os.stat_result]]:
    """Closes ``here``."""
    try:
        with os.scandir(here) as entries:
            # A folder's files come where "name/" comes, which may be behind a file "name.jpg" or "name-2".
            names = sorted(
                os.fsencode(entry.name) + (b"/" if entry.is_dir(follow_symlinks=False) else b"") for entry in entries
            )
        for name in names:
            path = above + name
            if not (path.startswith(prefix) or prefix.startswith(path)) or path == private + b"/":
                continue
            try:
                if name.endswith(b"/"):
                    yield from _files(os.open(name[:-1], DIRECTORY, dir_fd=here), path, prefix, private)
                    continue
                facts = os.stat(name, dir_fd=here, follow_symlinks=False)
            except (FileNotFoundError, NotADirectoryError):
                continue
            if stat.S_ISREG(facts.st_mode):
                yield path, facts
    finally:
        os.close(here)
