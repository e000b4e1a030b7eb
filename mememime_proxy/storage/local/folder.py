"""Objects as files below one folder: keys are paths, a write is visible only once it is whole."""

from __future__ import annotations

import asyncio
import contextlib
import os
import stat
import time
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import ParamSpec, Self, TypeVar

from mememime_proxy.errors import (
    ObjectNotFoundError,
    StorageDeniedError,
    StorageError,
    StorageTimeoutError,
    StorageUnavailableError,
)
from mememime_proxy.storage import content_types
from mememime_proxy.storage.conditions import bounds, http_date, is_unchanged
from mememime_proxy.storage.local.async_reads import Reads
from mememime_proxy.storage.local.atomic_writes import PRIVATE, Place, Upload, content_type
from mememime_proxy.storage.local.openat2 import Beneath, OutsideError, relative
from mememime_proxy.storage.local.os_errors import failure
from mememime_proxy.storage.local.walk import files
from mememime_proxy.storage.protocol import CHUNK, ObjectInfo, Span, Unchanged

_THREADS = 8
_STALE = 3600.0
"""Seconds after which an upload that nobody writes to belongs to a process that is gone."""
_LISTED = 256
"""Files that one visit to a thread looks at."""
P = ParamSpec("P")
T = TypeVar("T")


def _path(key: str) -> bytes:
    """OutsideError for a key that is no plain path: each object has one name, and uploads have none."""
    path = relative(key)
    if path != key.encode("utf-8", "surrogateescape") or path.partition(b"/")[0] == PRIVATE:
        raise OutsideError("the key is no plain path")
    return path


def _existing(key: str) -> bytes:
    """The path of an object that may be there. ObjectNotFoundError for a key that none can have."""
    try:
        return _path(key)
    except OutsideError as error:
        raise ObjectNotFoundError(str(error)) from error
    except OSError as error:
        raise failure(error) from error


class Folder:
    """Files below ``root`` as a ``Storage``. Links are not followed, and nothing outside is ever touched.

    Keys are paths without empty parts, ``.`` and ``..``; where ``a`` is an object, ``a/b`` cannot be one. Content types
    are kept as an extended attribute, where the file system has these; else the name tells them. Versions do not exist.
    """

    def __init__(self, root: str, *, sync: bool = True, writes: bool = True) -> None:
        """``sync`` False: much faster; a write may be lost or cut short when the machine (not the process) crashes.

        ``writes`` False: nothing is ever written, and nothing need be writable.
        """
        self._root = root
        self._sync = sync
        self._writes = writes
        self._next_sweep = 0.0

    async def start(self) -> None:
        """Creates the folder where it is missing. StorageError where that cannot be, or it cannot be written."""
        self._threads = ThreadPoolExecutor(_THREADS, "storage")
        self._reads = Reads(self._threads)
        await self._in_thread(True, self._open_root)

    def _open_root(self) -> None:
        Path(self._root).mkdir(parents=True, exist_ok=True)
        self._place = Place(self._root, sync=self._sync) if self._writes else None
        self._below = self._place.below if self._place is not None else Beneath(self._root)

    def _for_writing(self) -> Place:
        if self._place is None:
            raise StorageDeniedError("the folder was opened to be read")
        return self._place

    async def close(self) -> None:
        """Lets go of the threads; writes that were given up clean up behind themselves."""
        self._threads.shutdown(wait=False)

    async def head(self, key: str, *, version: str = "") -> ObjectInfo:
        """What is known of the object, without its bytes."""
        with await self._opened(key, version, None) as body:
            return body.info

    async def open(
        self,
        key: str,
        *,
        version: str = "",
        span: Span | None = None,
        if_none_match: str = "",
        if_modified_since: str = "",
        timeout: float = 30.0,  # noqa: ASYNC109 - see ``Reader``
    ) -> FileBody | Unchanged:
        """The file, or that it is unchanged; see ``Reader``."""
        body = await self._opened(key, version, timeout)
        try:
            if is_unchanged(body.info, if_none_match, if_modified_since):
                body.close()
                return Unchanged(body.info)
            body.start, body.end = bounds(span, body.info.size)
        except BaseException:
            body.close()
            raise
        return body

    async def put(
        self,
        key: str,
        body: bytes | AsyncIterable[bytes],
        *,
        content_type: str = content_types.UNKNOWN,
        if_absent: bool = False,
        if_match: str = "",
    ) -> ObjectInfo:
        """Stores ``body``; see ``Writer``. It is on the disk, and so is its name, when this returns."""
        place = self._for_writing()
        try:
            path = _path(key)
        except OutsideError as error:
            raise StorageDeniedError(str(error)) from error
        except OSError as error:
            raise failure(error, writing=True) from error
        allowed = partial(self._is_state, path, if_match) if if_match else _always
        said = "" if content_type == content_types.of_name(key) else content_type
        if time.monotonic() >= self._next_sweep:
            self._next_sweep = time.monotonic() + _STALE
            await self._in_thread(True, place.sweep, _STALE)
        upload = Upload(place)
        try:
            if isinstance(body, bytes):
                facts = await self._in_thread(True, _write_and_finish, upload, body, path, said, allowed, not if_absent)
            else:
                await self._in_thread(True, upload.write, b"")
                async for chunk in body:
                    await self._in_thread(True, upload.write, chunk)
                facts = await self._in_thread(True, upload.finish, path, said, allowed, replace=not if_absent)
        except BaseException:
            upload.unwanted = True
            # A thread of its own: the one that writes may wait for the disk, and this task may be cancelled again.
            await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._threads, upload.give_up))
            raise
        if facts is None:
            raise StorageUnavailableError("the upload was given up")
        return _info(key, facts, content_type)

    def _is_state(self, path: bytes, etag: str) -> bool:
        try:
            descriptor = self._below.open(path)
        except FileNotFoundError:
            return False
        try:
            return _etag(os.fstat(descriptor)) == etag
        finally:
            os.close(descriptor)

    async def delete(self, key: str) -> None:
        """The object is gone, and folders that were there for it alone."""
        with contextlib.suppress(ObjectNotFoundError):
            await self._in_thread(False, self._for_writing().remove, _existing(key))

    async def list(self, prefix: str = "") -> AsyncIterator[ObjectInfo]:
        """Every object whose key begins with ``prefix``, in order of keys; one folder after the other is read."""
        found = self._walk(prefix)
        while batch := await self._in_thread(False, lambda: list(islice(found, _LISTED))):
            for info in batch:
                yield info

    def _walk(self, prefix: str) -> Iterator[ObjectInfo]:
        for path, facts in files(self._below, prefix.encode("utf-8", "surrogateescape"), PRIVATE):
            yield _info(path.decode("utf-8", "surrogateescape"), facts, "")

    async def _opened(self, key: str, version: str, timeout: float | None) -> FileBody:  # noqa: ASYNC109
        path = _existing(key)
        if version:
            raise ObjectNotFoundError("a folder keeps no versions")
        if self._below.asks_cache:
            try:
                return self._open_file(key, path, cached=True)
            except BlockingIOError:
                pass
        try:
            async with asyncio.timeout(timeout):
                return await self._in_thread(False, self._open_file, key, path)
        except TimeoutError as error:
            raise StorageTimeoutError("the disk was too slow") from error

    def _open_file(self, key: str, path: bytes, *, cached: bool = False) -> FileBody:
        try:
            descriptor = self._below.open(path, cached=cached)
        except BlockingIOError:
            raise
        except OSError as error:
            raise failure(error) from error
        try:
            facts = os.fstat(descriptor)
            said = content_type(descriptor) or content_types.of_name(key)
        except BaseException:
            os.close(descriptor)
            raise
        if not stat.S_ISREG(facts.st_mode):
            os.close(descriptor)
            raise ObjectNotFoundError("this is no regular file")
        return FileBody(descriptor, _info(key, facts, said), self)

    async def read(self, descriptor: int, size: int, offset: int) -> bytes:
        """At most ``size`` bytes at ``offset``: see ``Reads``."""
        try:
            return await self._reads.read(descriptor, size, offset)
        except OSError as error:
            raise failure(error) from error

    async def _in_thread(self, writing: bool, work: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, partial(work, *arguments, **named))
        except OSError as error:
            raise failure(error, writing=writing) from error


def _always() -> bool:
    return True


def _write_and_finish(
    upload: Upload, body: bytes, path: bytes, said: str, allowed: Callable[[], bool], replace: bool
) -> os.stat_result | None:
    upload.write(body)
    return upload.finish(path, said, allowed, replace=replace)


def _etag(facts: os.stat_result) -> str:
    # Every write makes a new file, so its number and time tell states apart; size and time those of edits by others.
    return f'"{facts.st_ino:x}-{facts.st_size:x}-{facts.st_mtime_ns:x}"'


def _info(key: str, facts: os.stat_result, said: str) -> ObjectInfo:
    return ObjectInfo(
        key=key,
        size=facts.st_size,
        etag=_etag(facts),
        last_modified=http_date(facts.st_mtime),
        content_type=said,
    )


class FileBody:
    """A file on its way, read piece by piece as somebody wants it."""

    def __init__(self, descriptor: int, info: ObjectInfo, folder: Folder) -> None:
        self.info = info
        self.start, self.end = 0, info.size
        self._descriptor = descriptor
        self._folder = folder

    async def __aiter__(self) -> AsyncIterator[bytes]:
        position = self.start
        while position < self.end:
            chunk = await self._folder.read(self._descriptor, min(CHUNK, self.end - position), position)
            if not chunk:
                raise StorageError("the file became shorter")
            position += len(chunk)
            yield chunk

    def close(self) -> None:
        """Closes the file, once."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        # One that a thread opened for somebody who is gone.
        self.close()
