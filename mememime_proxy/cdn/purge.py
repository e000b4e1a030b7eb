"""Removes what NGINX keeps of one source: the cache files whose stored headers carry the source's tag.

Such a file begins with a binary head, a line ``KEY: …`` and the headers as the service sent them. NGINX takes a file
that is gone for a miss, so nobody has to be told; but it keeps those open that it reads often, and would go on with
them for a second. It reads their head each time: one with a version that it does not know is a miss, too. The folder is
read twice: a file that appeared behind the first look belongs to a request that was on its way.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from mememime_proxy.errors import SettingsError

_HEAD = 1 << 15
"""Bytes at the start of a file that hold key and headers: a path has up to 16 KiB, the headers a few."""
_NAME = re.compile(r"[0-9a-f]{32}(?:\.[0-9]{10})?", re.ASCII)
"""An entry, or an answer that is still being written: without its file it is answered and not kept."""
_LEVEL = re.compile(r"[0-9a-f]{1,2}", re.ASCII)
_TAG = re.compile(rb"\r\n(?:Cache-Tag|Surrogate-Key):[ \t]*([^\r\n]*)\r\n", re.IGNORECASE)
_LOOKS = 2
_VERSION = b"\0" * 8
"""In place of the version, which the head begins with; versions count from 1 (``ngx_http_cache.h``)."""


class CacheFolder:
    """The folder of a ``proxy_cache_path``. Only names that NGINX gives count: other files are left alone."""

    def __init__(self, root: str) -> None:
        """Raises SettingsError unless ``root`` is a folder that may be read and changed."""
        self._root = Path(root)
        if not self._root.is_dir() or not os.access(self._root, os.R_OK | os.W_OK | os.X_OK):
            raise SettingsError(f"MEMEMIME_NGINX_CACHE_PATH: found {root!r}, expected a folder to read and write")

    def purge(self, tag: str) -> int:
        """Removes the files of ``tag``; their number. Blocks: for a thread. Costs one short read for each file."""
        wanted = tag.encode("ascii")
        return sum(self._sweep(wanted) for _ in range(_LOOKS))

    def _sweep(self, wanted: bytes) -> int:
        count = 0
        for path in _files(os.fspath(self._root)):
            try:
                if _carries(path, wanted):
                    _spoil(path)
                    Path(path).unlink()
                    count += 1
            except OSError:
                continue  # NGINX was faster, or the file is not for us
        return count


def _files(folder: str) -> Iterator[str]:
    """Every cache file below ``folder``; no link is followed, no other file is looked at."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if _LEVEL.fullmatch(entry.name):
                    yield from _files(entry.path)
            elif _NAME.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                yield entry.path


def _carries(path: str, wanted: bytes) -> bool:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return False
        head = os.pread(descriptor, _HEAD, 0)
    finally:
        os.close(descriptor)
    headers = head[max(0, head.find(b"\nKEY: ")) :].partition(b"\r\n\r\n")[0] + b"\r\n"
    return any(wanted in found.replace(b",", b" ").split() for found in _TAG.findall(headers))


def _spoil(path: str) -> None:
    """Makes whoever has the file open take it for a miss; answers that are on their way from it go on as they were."""
    # A file that may be removed but not changed is forgotten a second later.
    with contextlib.suppress(PermissionError):
        descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            os.pwrite(descriptor, _VERSION, 0)
        finally:
            os.close(descriptor)
