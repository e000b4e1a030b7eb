"""Purge of NGINX's cache: removes the cache files whose stored headers contain the tag of a source.

A cache file begins with a binary header, a line ``KEY: …`` and the response headers of the service. For NGINX a missing
file is a miss. But it holds frequently used files open, and would serve them for another second. It reads their header
each time, and an unknown version in it is a miss, too. The folder is read twice: a file that appears after the first
pass belongs to a request that was in progress.
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
"""Bytes at the start of a file with key and headers: a path has up to 16 KiB, the headers have a few."""
_NAME = re.compile(r"[0-9a-f]{32}(?:\.[0-9]{10})?", re.ASCII)
"""An entry, or a response in progress: without its file it is sent and not cached."""
_LEVEL = re.compile(r"[0-9a-f]{1,2}", re.ASCII)
_TAG = re.compile(rb"\r\n(?:Cache-Tag|Surrogate-Key):[ \t]*([^\r\n]*)\r\n", re.IGNORECASE)
_PASSES = 2
_VERSION = b"\0" * 8
"""Overwrites the version at the start of the header; versions count from 1 (``ngx_http_cache.h``)."""


class CacheFolder:
    """The folder of a ``proxy_cache_path``. Only files with names of cache entries are touched."""

    def __init__(self, root: str) -> None:
        """Raise SettingsError unless ``root`` is a folder that may be read and written."""
        self._root = Path(root)
        if not self._root.is_dir() or not os.access(self._root, os.R_OK | os.W_OK | os.X_OK):
            raise SettingsError(f"MEMEMIME_NGINX_CACHE_PATH: found {root!r}, expected a folder to read and write")

    def purge(self, tag: str) -> int:
        """Remove the files with ``tag`` and return their number. Blocks: each file is read; call it in a thread."""
        tag_bytes = tag.encode("ascii")
        return sum(self._remove_files(tag_bytes) for _ in range(_PASSES))

    def _remove_files(self, tag: bytes) -> int:
        count = 0
        for path in _files(os.fspath(self._root)):
            try:
                if _has_tag(path, tag):
                    _invalidate(path)
                    Path(path).unlink()
                    count += 1
            except OSError:
                continue  # NGINX removed it, or it may not be read
        return count


def _files(folder: str) -> Iterator[str]:
    """Yield each cache file below ``folder``. Links are not followed, and other files are ignored."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if _LEVEL.fullmatch(entry.name):
                    yield from _files(entry.path)
            elif _NAME.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                yield entry.path


def _has_tag(path: str, tag: bytes) -> bool:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return False
        head = os.pread(descriptor, _HEAD, 0)
    finally:
        os.close(descriptor)
    headers = head[max(0, head.find(b"\nKEY: ")) :].partition(b"\r\n\r\n")[0] + b"\r\n"
    return any(tag in tags.replace(b",", b" ").split() for tags in _TAG.findall(headers))


def _invalidate(path: str) -> None:
    """Make the file a miss for processes that have it open; responses in progress continue."""
    # A file that may be removed but not written is a miss a second later.
    with contextlib.suppress(PermissionError):
        descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            os.pwrite(descriptor, _VERSION, 0)
        finally:
            os.close(descriptor)
