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
import tempfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from mememime_proxy.errors import SettingsError

_HEAD = 1 << 15
"""Bytes at the start of a file with key and headers: a path has up to 16 KiB, the headers have a few."""
_NAME = re.compile(r"[0-9a-f]{32}(?:\.[0-9]{10})?", re.ASCII)
"""An entry, or a response in progress: without its file it is sent and not cached."""
_LEVEL = re.compile(r"[0-9a-f]{1,2}", re.ASCII)
_TAG = re.compile(rb"\r\n(?:Cache-Tag|x-amz-meta-cache-tag|Surrogate-Key):[ \t]*([^\r\n]*)\r\n", re.IGNORECASE)
_PASSES = 2
_VERSION = b"\0" * 8
"""Overwrites the version at the start of the header; versions count from 1 (``ngx_http_cache.h``)."""


_POSITION = Path("temp", "mememime-purges")
"""In the folder whose files it is about, so that it goes with them. From ``temp`` NGINX removes no foreign files."""


@dataclass(frozen=True, slots=True)
class FeedPosition:
    """How far the purges of the resource service were read."""

    log: str
    """Name of the log."""
    number: int


class CacheFolder:
    """The folder of a ``proxy_cache_path``. Only files with names of cache entries are touched."""

    def __init__(self, root: str) -> None:
        """Raise SettingsError unless ``root`` is a folder that may be read and written."""
        self._root = Path(root)
        if not self._root.is_dir() or not os.access(self._root, os.R_OK | os.W_OK | os.X_OK):
            raise SettingsError(f"MEMEMIME_NGINX_CACHE_PATH: found {root!r}, expected a folder to read and write")

    def purge(self, tags: Collection[str]) -> int:
        """Remove the files with any of the tags and return their number.

        Blocks: each file is read, once for all tags; call it in a thread.
        """
        return self._remove({tag.encode("ascii") for tag in tags})

    def purge_all(self) -> int:
        """Remove all files that have a tag and return their number. Blocks as ``purge``."""
        return self._remove(None)

    def read_position(self) -> FeedPosition | None:
        """Return the purges that the files are free of; None = that was never written. Blocks. OSError."""
        try:
            log, _, number = (self._root / _POSITION).read_text("ascii").strip().partition(" ")
            return FeedPosition(log, int(number))
        except (FileNotFoundError, ValueError):
            return None

    def write_position(self, position: FeedPosition) -> None:
        """Remember the purges that the files are free of, whole or not at all. Blocks. OSError."""
        path = self._root / _POSITION
        path.parent.mkdir(exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}-")
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(f"{position.log} {position.number}\n")
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def _remove(self, tags: set[bytes] | None) -> int:
        return sum(self._remove_files(tags) for _ in range(_PASSES))

    def _remove_files(self, tags: set[bytes] | None) -> int:
        count = 0
        for path in _files(os.fspath(self._root)):
            try:
                if _has_tag(path, tags):
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


def _has_tag(path: str, tags: set[bytes] | None) -> bool:
    """Whether a file has one of the tags; None = any tag."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return False
        head = os.pread(descriptor, _HEAD, 0)
    finally:
        os.close(descriptor)
    headers = head[max(0, head.find(b"\nKEY: ")) :].partition(b"\r\n\r\n")[0] + b"\r\n"
    own = {tag for line in _TAG.findall(headers) for tag in line.replace(b",", b" ").split()}
    return bool(own if tags is None else own & tags)


def _invalidate(path: str) -> None:
    """Make the file a miss for processes that have it open; responses in progress continue."""
    # A file that may be removed but not written is a miss a second later.
    with contextlib.suppress(PermissionError):
        descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            os.pwrite(descriptor, _VERSION, 0)
        finally:
            os.close(descriptor)
