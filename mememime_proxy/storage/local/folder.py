"""Storage on a local folder: keys are paths, a write is visible only when it is complete."""

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
from typing import ParamSpec, TypeVar

from mememime_proxy.errors import (
    ObjectNotFoundError,
    StorageDeniedError,
    StorageTimeoutError,
    StorageUnavailableError,
)
from mememime_proxy.service.conditional import Decision, Preconditions, Representation, evaluate
from mememime_proxy.service.ranges import ByteRange
from mememime_proxy.storage.content_types import UNKNOWN, read_content_type
from mememime_proxy.storage.local.atomic_writes import TEMPORARY, FolderWriter, TemporaryFile
from mememime_proxy.storage.local.file_body import AsyncFileReader, FileBody, file_etag, file_info
from mememime_proxy.storage.local.openat2 import PathOutsideRootError, RootDirectory, relative_path
from mememime_proxy.storage.local.os_errors import translate_os_error
from mememime_proxy.storage.local.walk import walk_files
from mememime_proxy.storage.protocol import TIMEOUT, ObjectInfo, UnchangedObject

_THREADS = 8
_ABANDONED = 3600.0
"""Seconds without a write after which a temporary file is taken to be abandoned."""
_BATCH = 256
"""Files that one call in a thread lists."""
P = ParamSpec("P")
T = TypeVar("T")


def _path(key: str) -> bytes:
    """Return the path of ``key``. PathOutsideRootError for a key that is no plain path, or is in ``.tmp``."""
    path = relative_path(key)
    if path != key.encode("utf-8", "surrogateescape") or path.partition(b"/")[0] == TEMPORARY:
        raise PathOutsideRootError("the key is no plain path")
    return path


class Folder:
    """Files below ``root`` as a ``Storage``. Links are not followed, and nothing outside the root is touched.

    Keys are paths without empty parts, ``.`` and ``..``; where ``a`` is an object, ``a/b`` cannot be one. Content types
    are stored as an extended attribute; where the file system has none, they come from the name. There are no versions.
    """

    def __init__(self, root: str, *, sync: bool = True, writes: bool = True) -> None:
        """``sync`` False: much faster, but a crash of the machine (not of the process) may lose or truncate a write.

        ``writes`` False: nothing is written, and the folder may be read-only.
        """
        self._root_path = root
        self._sync = sync
        self._writes = writes
        self._next_cleanup = 0.0

    async def start(self) -> None:
        """Create the folder where it is missing. StorageError where it cannot be created or written."""
        self._threads = ThreadPoolExecutor(_THREADS, "storage")
        self._file_reader = AsyncFileReader(self._threads)
        await self._run_in_thread(True, self._open_root)

    def _open_root(self) -> None:
        Path(self._root_path).mkdir(parents=True, exist_ok=True)
        self._writer = FolderWriter(self._root_path, sync=self._sync) if self._writes else None
        self._root = self._writer.root if self._writer is not None else RootDirectory(self._root_path)

    def _require_writer(self) -> FolderWriter:
        if self._writer is None:
            raise StorageDeniedError("the folder is opened for reading only")
        return self._writer

    async def close(self) -> None:
        """Stop the threads; cancelled writes still remove their temporary files."""
        self._threads.shutdown(wait=False)

    async def head(self, key: str, *, version: str = "") -> ObjectInfo:
        """Return what is known of the object, without its bytes."""
        with await self._open(key, version, None) as body:
            return body.info

    async def open(
        self,
        key: str,
        *,
        version: str = "",
        byte_range: ByteRange | None = None,
        timeout: float = TIMEOUT,  # noqa: ASYNC109 - as in ``Reader``
    ) -> FileBody:
        """Open the file; see ``Reader``."""
        return (await self._open(key, version, timeout)).select(byte_range)

    async def open_if(
        self,
        key: str,
        *,
        if_none_match: str = "",
        if_modified_since: str = "",
        version: str = "",
        byte_range: ByteRange | None = None,
        timeout: float = TIMEOUT,  # noqa: ASYNC109 - as in ``Reader``
    ) -> FileBody | UnchangedObject:
        """Open the file unless it is unchanged; see ``Reader``."""
        body = await self._open(key, version, timeout)
        conditions = Preconditions(if_none_match=if_none_match, if_modified_since=if_modified_since)
        current = Representation(body.info.etag, body.info.last_modified)
        if evaluate(conditions, current) is Decision.NOT_MODIFIED:
            body.close()
            return UnchangedObject(body.info)
        return body.select(byte_range)

    async def put(
        self,
        key: str,
        body: bytes | AsyncIterable[bytes],
        *,
        content_type: str = UNKNOWN,
        if_absent: bool = False,
        if_match: str = "",
    ) -> ObjectInfo:
        """Store ``body``; see ``Writer``. Bytes and name are on the disk when this returns."""
        writer = self._require_writer()
        try:
            path = _path(key)
        except PathOutsideRootError as error:
            raise StorageDeniedError(str(error)) from error
        except OSError as error:
            raise translate_os_error(error, writing=True) from error
        condition = partial(self._has_etag, path, if_match) if if_match else _always
        if time.monotonic() >= self._next_cleanup:
            self._next_cleanup = time.monotonic() + _ABANDONED
            await self._run_in_thread(True, writer.remove_abandoned, _ABANDONED)
        file = TemporaryFile(writer)
        try:
            if isinstance(body, bytes):
                status = await self._run_in_thread(
                    True, _write_and_publish, file, body, path, content_type, condition, not if_absent
                )
            else:
                await self._run_in_thread(True, file.write, b"")
                async for chunk in body:
                    await self._run_in_thread(True, file.write, chunk)
                status = await self._run_in_thread(
                    True, file.publish, path, content_type, condition, replace=not if_absent
                )
        except BaseException:
            file.cancelled = True
            # In another thread: the one that writes may wait for the disk, and this task may be cancelled again.
            await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._threads, file.discard))
            raise
        if status is None:
            raise StorageUnavailableError("the write was cancelled")
        return file_info(key, status, content_type)

    def _has_etag(self, path: bytes, etag: str) -> bool:
        try:
            descriptor = self._root.open(path)
        except FileNotFoundError:
            return False
        try:
            return file_etag(os.fstat(descriptor)) == etag
        finally:
            os.close(descriptor)

    async def delete(self, key: str) -> None:
        """Delete the object, and the folders that were there for it alone."""
        with contextlib.suppress(ObjectNotFoundError):
            await self._run_in_thread(False, self._remove, key)

    def _remove(self, key: str) -> None:
        with contextlib.suppress(PathOutsideRootError):
            self._require_writer().remove(_path(key))

    async def list(self, prefix: str = "") -> AsyncIterator[ObjectInfo]:
        """Yield each object whose key begins with ``prefix``, in order of keys; reads one folder after the other."""
        infos = self._walk(prefix)
        while batch := await self._run_in_thread(False, lambda: list(islice(infos, _BATCH))):
            for info in batch:
                yield info

    def _walk(self, prefix: str) -> Iterator[ObjectInfo]:
        for path, status in walk_files(self._root, prefix.encode("utf-8", "surrogateescape"), TEMPORARY):
            yield file_info(path.decode("utf-8", "surrogateescape"), status, "")

    async def _open(self, key: str, version: str, timeout: float | None) -> FileBody:  # noqa: ASYNC109
        if version:
            raise ObjectNotFoundError("a folder has no versions")
        if self._root.supports_cached:
            try:
                return self._open_file(key, cached=True)
            except BlockingIOError:
                pass
        try:
            async with asyncio.timeout(timeout):
                return await self._run_in_thread(False, self._open_file, key)
        except TimeoutError as error:
            raise StorageTimeoutError("the disk is too slow") from error

    def _open_file(self, key: str, *, cached: bool = False) -> FileBody:
        try:
            descriptor = self._root.open(_path(key), cached=cached)
        except BlockingIOError:
            raise
        except PathOutsideRootError as error:
            raise ObjectNotFoundError(str(error)) from error
        except OSError as error:
            raise translate_os_error(error) from error
        try:
            status = os.fstat(descriptor)
            media_type = read_content_type(descriptor, key)
        except BaseException:
            os.close(descriptor)
            raise
        if not stat.S_ISREG(status.st_mode):
            os.close(descriptor)
            raise ObjectNotFoundError("this is no regular file")
        return FileBody(descriptor, file_info(key, status, media_type), self._file_reader)

    async def _run_in_thread(self, writing: bool, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, partial(work, *args, **kwargs))
        except OSError as error:
            raise translate_os_error(error, writing=writing) from error


def _always() -> bool:
    return True


def _write_and_publish(
    file: TemporaryFile, body: bytes, path: bytes, content_type: str, condition: Callable[[], bool], replace: bool
) -> os.stat_result | None:
    file.write(body)
    return file.publish(path, content_type, condition, replace=replace)
