"""Local source: regular files below one folder; ``..`` and links cannot lead outside.

The descriptor that was checked is the one that is read.
"""

from __future__ import annotations

import asyncio
import base64
import errno
import hashlib
import os
import stat
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from functools import lru_cache, partial
from typing import Concatenate, ParamSpec, TypeVar

from mememime_proxy.errors import (
    MememimeError,
    OverloadError,
    SettingsError,
    SourceForbiddenError,
    SourceNotFoundError,
    SourceStatusError,
    SourceTimeoutError,
    SourceTooLargeError,
)
from mememime_proxy.formats import FORMATS
from mememime_proxy.formats.containers import CONTAINER_HEAD, sniff_container
from mememime_proxy.formats.sniff import GZIP, sniff
from mememime_proxy.service.conditional import is_modified_since
from mememime_proxy.sources.file_stream import FileStream
from mememime_proxy.sources.http.errors import EXHAUSTED
from mememime_proxy.sources.model import Original, SourceState, request_conditions
from mememime_proxy.storage.content_types import UNKNOWN, guess_content_type
from mememime_proxy.storage.local.file_body import AsyncFileReader
from mememime_proxy.storage.local.openat2 import PathOutsideRootError, RootDirectory, relative_path

_THREADS = 8
_SNIFFED = 4096
"""Bytes at the start of a file by which a picture is recognised."""
_STAT_TIMEOUT = 3.0
"""Seconds: each request calls stat first, and must have time left if it fails."""
_FORBIDDEN = {errno.ELOOP, errno.EXDEV}
"""Error numbers of openat2 and O_NOFOLLOW for links and for paths outside the root."""
_NOT_FOUND = {
    errno.ENOENT,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.ENAMETOOLONG,
    errno.EACCES,
    errno.EPERM,
    errno.EINVAL,
    errno.EILSEQ,  # a name that this file system cannot have
    errno.ENXIO,  # a socket, or a device without a driver
    errno.ENODEV,
}
"""Error numbers for a file that is missing, or that this process may not read."""

P = ParamSpec("P")
T = TypeVar("T")


def translate_os_error(error: OSError) -> MememimeError:
    """Return the source error for ``error``: a missing file 404, a failing disk 502, no free descriptor 503."""
    if error.errno in _FORBIDDEN:
        return SourceForbiddenError("the path contains a link")
    if error.errno in EXHAUSTED:
        return OverloadError(f"a resource of this machine is exhausted: {error.strerror}")
    detail = f"the file cannot be opened: {error.strerror}"
    return SourceNotFoundError(detail) if error.errno in _NOT_FOUND else SourceStatusError(detail)


def _stat_or_close(descriptor: int) -> os.stat_result:
    try:
        return os.fstat(descriptor)
    except BaseException:
        os.close(descriptor)
        raise


def _relative_path(path: str) -> bytes:
    """Return ``path`` relative to the root. SourceForbiddenError for one that leads outside."""
    try:
        return relative_path(path)
    except PathOutsideRootError as error:
        raise SourceForbiddenError(str(error)) from error
    except OSError as error:
        raise translate_os_error(error) from error


class LocalFiles:
    """Source ``local:///path``: files below ``root``.

    A path that is in the kernel's cache is opened at once; what has to wait for the disk runs in a thread.
    """

    def __init__(self, root: str, *, by_parts: bool = False, films: bool = False) -> None:
        """Open ``root``. SettingsError where it is no folder. ``by_parts``: as on a kernel without openat2.

        ``films``: films and sound have no limit of bytes, since what is needed of them is read in place.
        """
        self._films = films
        try:
            self._root = RootDirectory(root, by_parts=by_parts)
        except OSError as error:
            raise SettingsError(
                f"MEMEMIME_LOCAL_FILESYSTEM_ROOT: found {root!r}, expected a folder ({error.strerror})"
            ) from error
        self._threads = ThreadPoolExecutor(_THREADS, "disk")
        self._file_reader = AsyncFileReader(self._threads)

    async def close(self) -> None:
        """Stop the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def fetch(
        self,
        path: str,
        validator: str,
        max_bytes: int,
        timeout: float | None = None,  # noqa: ASYNC109 - a timer is created only for a wait
    ) -> Original | SourceState:
        """Open the file without copying it, or return its state where ``validator`` is the present one.

        SourceTooLargeError past ``max_bytes``; SourceTimeoutError where the disk needs more than ``timeout`` seconds.
        """
        return await self._run(timeout, self._fetch, path, validator, max_bytes)

    async def stat(self, path: str) -> SourceState:
        """Return the file's state; SourceTimeoutError where the disk needs more than a few seconds."""
        return await self._run(_STAT_TIMEOUT, self._stat, path)

    async def stream(self, path: str, headers: Mapping[str, str]) -> FileStream:
        """Open the file, or the range of it that the request ``headers`` name, as a stream."""
        original = await self._run(None, self._fetch, path, "", 0)
        if not isinstance(original, Original):
            raise SourceStatusError(upstream=304)
        if original.content_type == UNKNOWN:
            try:
                original.content_type = await self._sniff(original.fd)
            except BaseException:
                original.close()
                raise
        return FileStream(original, headers, self._file_reader.read)

    async def _sniff(self, descriptor: int) -> str:
        """Return the media type of a file whose name does not tell it: that of a picture by its first bytes."""
        head = await self._file_reader.read(descriptor, _SNIFFED, 0)
        name = sniff(head)
        # The stream of gzip may be a drawing, or anything else.
        return FORMATS[name].mime if name is not None and not head.startswith(GZIP) else UNKNOWN

    async def _run(
        self,
        timeout: float | None,  # noqa: ASYNC109 - see ``fetch``
        work: Callable[Concatenate[bool, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run ``work`` at once where the kernel's cache suffices, else in a thread within ``timeout`` seconds."""
        if self._root.supports_cached:
            try:
                return work(True, *args, **kwargs)
            except BlockingIOError:
                pass
        in_thread = partial(work, False, *args, **kwargs)
        try:
            async with asyncio.timeout(timeout):
                return await asyncio.get_running_loop().run_in_executor(self._threads, in_thread)
        except TimeoutError as error:
            raise SourceTimeoutError("the disk is too slow") from error

    def _open(self, path: str, *, cached: bool) -> tuple[int, os.stat_result]:
        encoded = _relative_path(path)
        try:
            descriptor = self._root.open(encoded, cached=cached)
            status = _stat_or_close(descriptor)
        except OSError as error:
            if cached and isinstance(error, BlockingIOError):
                raise  # opened again in a thread
            raise translate_os_error(error) from error
        if not stat.S_ISREG(status.st_mode):
            os.close(descriptor)
            raise SourceNotFoundError("this is no regular file")
        return descriptor, status

    def _is_film(self, descriptor: int, *, cached: bool) -> bool:
        """Whether a file is a film or sound. BlockingIOError where ``cached``: it is read in a thread."""
        if not self._films:
            return False
        try:
            if cached:
                raise BlockingIOError
            return sniff_container(os.pread(descriptor, CONTAINER_HEAD, 0)) is not None
        except OSError as error:
            os.close(descriptor)
            if cached:
                raise
            raise translate_os_error(error) from error

    def _stat(self, cached: bool, path: str) -> SourceState:
        descriptor, status = self._open(path, cached=cached)
        os.close(descriptor)
        return _state(path, status)

    def _fetch(self, cached: bool, path: str, validator: str, max_bytes: int) -> Original | SourceState:
        descriptor, status = self._open(path, cached=cached)
        state = _state(path, status)
        if_none_match, if_modified_since = request_conditions(validator)
        if if_none_match == state.validator or (
            if_modified_since and not is_modified_since(if_modified_since, state.last_modified)
        ):
            os.close(descriptor)
            return state
        if max_bytes and status.st_size > max_bytes and not self._is_film(descriptor, cached=cached):
            os.close(descriptor)
            raise SourceTooLargeError(f"the file has {status.st_size} bytes, {max_bytes} are allowed")
        return Original(
            descriptor,
            status.st_size,
            state,
            content_type=guess_content_type(path),
        )


def _state(path: str, status: os.stat_result) -> SourceState:
    return _state_of(path, status.st_size, status.st_mtime_ns, status.st_ino, int(status.st_mtime))


@lru_cache(maxsize=1024)
def _state_of(path: str, size: int, modified_ns: int, inode: int, modified: int) -> SourceState:
    text = f"{path}__{size}__{modified_ns}__{inode}"
    # Short: the ETag of every variant contains it, encoded twice.
    digest = hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=12).digest()
    etag = base64.urlsafe_b64encode(digest).decode()
    return SourceState(f'"{etag}"', formatdate(modified, usegmt=True))
