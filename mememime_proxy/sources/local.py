"""Files below one folder, and nothing else: no way out by ``..`` or by links, regular files only.

The descriptor that was checked is the one that is read.
"""

from __future__ import annotations

import asyncio
import base64
import errno
import hashlib
import os
import stat
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate, parsedate_to_datetime
from functools import lru_cache, partial
from types import TracebackType
from typing import Concatenate, ParamSpec, Self, TypeVar

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
from mememime_proxy.sources.http.errors import EXHAUSTED
from mememime_proxy.sources.model import CHUNK, Original, SourceState, request_conditions
from mememime_proxy.sources.ranges import UNSATISFIABLE, byte_range
from mememime_proxy.storage.content_types import guess_content_type
from mememime_proxy.storage.local.async_reads import AsyncFileReader
from mememime_proxy.storage.local.openat2 import PathOutsideRootError, RootDirectory, relative_path

_THREADS = 8
_STAT_PATIENCE = 3.0
"""Seconds: each request looks at its file first, and has to have time left to do without."""
_FORBIDDEN = {errno.ELOOP, errno.EXDEV}
"""What openat2 and O_NOFOLLOW say of links and of ways out."""
_ABSENT = {
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
"""What the system says of files that are not there for us."""

P = ParamSpec("P")
T = TypeVar("T")


def failure(error: OSError) -> MememimeError:
    """The error of ours for what the system says of a file: not there 404, a bad disk 502, no descriptor left 503."""
    if error.errno in _FORBIDDEN:
        return SourceForbiddenError("the path leads over a link")
    if error.errno in EXHAUSTED:
        return OverloadError(f"this machine is short of something: {error.strerror}")
    detail = f"the file cannot be opened: {error.strerror}"
    return SourceNotFoundError(detail) if error.errno in _ABSENT else SourceStatusError(detail)


def _facts(descriptor: int) -> os.stat_result:
    try:
        return os.fstat(descriptor)
    except BaseException:
        os.close(descriptor)
        raise


def _relative(path: str) -> bytes:
    """``path`` relative to the root. SourceForbiddenError for what could lead anywhere else."""
    try:
        return relative_path(path)
    except PathOutsideRootError as error:
        raise SourceForbiddenError(str(error)) from error
    except OSError as error:
        raise failure(error) from error


class LocalFiles:
    """``local:///path`` below ``root``.

    A path that the kernel has in its cache is opened at once; whatever has to wait for the disk, waits in threads.
    """

    def __init__(self, root: str, *, by_parts: bool = False) -> None:
        """Raises SettingsError where ``root`` is no folder. ``by_parts``: as on a kernel without openat2."""
        try:
            self._root = RootDirectory(root, by_parts=by_parts)
        except OSError as error:
            raise SettingsError(
                f"MEMEMIME_LOCAL_FILESYSTEM_ROOT: found {root!r}, expected a folder ({error.strerror})"
            ) from error
        self._threads = ThreadPoolExecutor(_THREADS, "disk")
        self._reads = AsyncFileReader(self._threads)

    async def close(self) -> None:
        """Lets go of the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def fetch(
        self,
        path: str,
        validator: str,
        max_bytes: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the loop's timer is made only where there is a wait
    ) -> Original | SourceState:
        """The file's own descriptor, without a copy; SourceTooLargeError past ``max_bytes``.

        SourceTimeoutError where the disk needs more than ``timeout`` seconds.
        """
        return await self._prompt(timeout, self._fetch, path, validator, max_bytes)

    async def stat(self, path: str) -> SourceState:
        """Return the file's state; SourceTimeoutError where the disk needs more than a few seconds."""
        return await self._prompt(_STAT_PATIENCE, self._stat, path)

    async def stream(self, path: str, headers: Mapping[str, str]) -> LocalStream:
        """The file, or the range of it that ``headers`` ask for."""
        original = await self._prompt(None, self._fetch, path, "", 0)
        if not isinstance(original, Original):
            raise SourceStatusError(upstream=304)
        return LocalStream(original, headers, self._reads)

    async def _prompt(
        self,
        timeout: float | None,  # noqa: ASYNC109 - see ``fetch``
        work: Callable[Concatenate[bool, P], T],
        *arguments: P.args,
        **named: P.kwargs,
    ) -> T:
        """``work`` here and now where it needs no disk, else in a thread, for at most ``timeout`` seconds."""
        if self._root.supports_cached:
            try:
                return work(True, *arguments, **named)
            except BlockingIOError:
                pass
        in_thread = partial(work, False, *arguments, **named)
        try:
            async with asyncio.timeout(timeout):
                return await asyncio.get_running_loop().run_in_executor(self._threads, in_thread)
        except TimeoutError as error:
            raise SourceTimeoutError("the disk was too slow") from error

    def _open(self, path: str, *, cached: bool) -> tuple[int, os.stat_result]:
        encoded = _relative(path)
        try:
            descriptor = self._root.open(encoded, cached=cached)
            facts = _facts(descriptor)
        except OSError as error:
            if cached and isinstance(error, BlockingIOError):
                raise  # to be tried again in a thread
            raise failure(error) from error
        if not stat.S_ISREG(facts.st_mode):
            os.close(descriptor)
            raise SourceNotFoundError("this is no regular file")
        return descriptor, facts

    def _stat(self, cached: bool, path: str) -> SourceState:
        descriptor, facts = self._open(path, cached=cached)
        os.close(descriptor)
        return _state(path, facts)

    def _fetch(self, cached: bool, path: str, validator: str, max_bytes: int) -> Original | SourceState:
        descriptor, facts = self._open(path, cached=cached)
        state = _state(path, facts)
        if_none_match, if_modified_since = request_conditions(validator)
        if if_none_match == state.validator or (if_modified_since and not _newer(facts, if_modified_since)):
            os.close(descriptor)
            return state
        if max_bytes and facts.st_size > max_bytes:
            os.close(descriptor)
            raise SourceTooLargeError(f"the file has {facts.st_size} bytes, {max_bytes} are allowed")
        return Original(
            descriptor,
            facts.st_size,
            state,
            content_type=guess_content_type(path),
            fingerprint=state.validator,
        )


def _state(path: str, facts: os.stat_result) -> SourceState:
    return _state_of(path, facts.st_size, facts.st_mtime_ns, facts.st_ino, int(facts.st_mtime))


@lru_cache(maxsize=1024)
def _state_of(path: str, size: int, modified_ns: int, inode: int, modified: int) -> SourceState:
    text = f"{path}__{size}__{modified_ns}__{inode}"
    # Short: it goes out twice encoded in the ETag of every variant, and every cache on the way reads it at each hit.
    digest = hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=12).digest()
    etag = base64.urlsafe_b64encode(digest).decode()
    return SourceState(f'"{etag}"', formatdate(modified, usegmt=True))


def _newer(facts: os.stat_result, date: str) -> bool:
    try:
        return int(facts.st_mtime) > parsedate_to_datetime(date).timestamp()
    except (TypeError, ValueError):
        return True


class LocalStream:
    """A file on its way through, read piece by piece."""

    def __init__(self, original: Original, asked: Mapping[str, str], reads: AsyncFileReader) -> None:
        self._original = original
        self._reads = reads
        size = original.size
        self.status = 200
        headers = {
            "ETag": original.state.validator,
            "Last-Modified": original.state.last_modified,
            "Accept-Ranges": "bytes",
            "Content-Type": original.content_type,
        }
        self.headers: Mapping[str, str] = headers
        self._position, self._end = 0, size
        candidates = {tag.strip().removeprefix("W/") for tag in asked.get("If-None-Match", "").split(",")}
        dated = asked.get("If-Modified-Since", "") if "If-None-Match" not in asked else ""
        if not candidates.isdisjoint({original.state.validator, "*"}) or (
            dated and not _newer(os.fstat(original.fd), dated)
        ):
            self.status, self._end = 304, 0
            return
        held = asked.get("If-Range", "")
        wanted = byte_range(asked.get("Range", ""), size)
        if wanted is None or (held and held not in {original.state.validator, original.state.last_modified}):
            headers["Content-Length"] = str(size)
        elif wanted == UNSATISFIABLE:
            self.status, self._end = 416, 0
            headers |= {"Content-Range": f"bytes */{size}", "Content-Length": "0"}
        else:
            self.status = 206
            self._position, self._end = wanted
            headers["Content-Range"] = f"bytes {self._position}-{self._end - 1}/{size}"
            headers["Content-Length"] = str(self._end - self._position)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while self._position < self._end:
            wanted = min(CHUNK, self._end - self._position)
            chunk = await self._reads.read(self._original.fd, wanted, self._position)
            if not chunk:
                # The file was cut short meanwhile: ending the connection tells the client, silence would not.
                raise ConnectionAbortedError("the file became shorter")
            self._position += len(chunk)
            yield chunk

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._original.close()
