"""Atomic writes below a folder: files are written under a temporary name and moved when they are complete.

A temporary file is in ``.tmp`` below the root. When it is complete and synced it is renamed, or linked where nothing
may be replaced, and the folder is synced. Whoever creates, removes or replaces a name holds a lock on that name, which
the kernel releases when the process dies.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import secrets
import struct
import threading
import time
import weakref
import zlib
from collections.abc import Callable, Iterator
from typing import Final

from mememime_proxy.errors import PreconditionFailedError
from mememime_proxy.storage.content_types import write_content_type
from mememime_proxy.storage.local.openat2 import DIRECTORY, RootDirectory

TEMPORARY: Final = b".tmp"
_LOCK = ".lock"
_CREATE_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
_ATTEMPTS = 16
"""How often a folder may be removed again between its creation and its first file."""
_LOCKS = 1 << 20


class FolderWriter:
    """Creates, moves and removes files below ``root``. All methods block: call them in a thread. They raise OSError."""

    def __init__(self, root: str, *, sync: bool = True) -> None:
        self.root = RootDirectory(root)
        self._sync = sync
        with contextlib.suppress(FileExistsError):
            os.mkdir(TEMPORARY, dir_fd=self.root.descriptor)
        self._temporary = self.root.open(TEMPORARY, DIRECTORY)
        weakref.finalize(self, os.close, self._temporary)

    def create(self, temporary: str) -> int:
        """Create a temporary file and return its descriptor."""
        return os.open(temporary, _CREATE_FLAGS, 0o666, dir_fd=self._temporary)

    def remove_abandoned(self, age: float) -> None:
        """Remove temporary files without a write for ``age`` seconds: their writers have ended."""
        oldest = time.time() - age
        with os.scandir(self._temporary) as entries:
            for entry in entries:
                with contextlib.suppress(FileNotFoundError):
                    if entry.name != _LOCK and entry.stat(follow_symlinks=False).st_mtime < oldest:
                        os.unlink(entry.name, dir_fd=self._temporary)

    def remove(self, path: bytes) -> None:
        """Remove the file, and each folder above it that is empty then."""
        with self._locked(path):
            folder, _, name = path.rpartition(b"/")
            with self._open_folder(folder) as descriptor:
                os.unlink(name, dir_fd=descriptor)
                self.sync(descriptor)
            while folder:
                folder, _, name = folder.rpartition(b"/")
                with self._open_folder(folder) as descriptor:
                    try:
                        os.rmdir(name, dir_fd=descriptor)
                    except OSError as error:
                        if error.errno in {errno.ENOTEMPTY, errno.EEXIST, errno.EBUSY}:
                            return
                        raise
                    self.sync(descriptor)

    def publish(self, temporary: str, path: bytes, condition: Callable[[], bool], *, replace: bool) -> None:
        """Move a temporary file to ``path`` where ``condition()`` is true; the name is locked meanwhile.

        PreconditionFailedError where it is false, or where the name exists and ``replace`` is False.
        """
        folder, _, name = path.rpartition(b"/")
        with self._locked(path):
            if not condition():
                raise PreconditionFailedError("the object is in another state")
            for attempts_left in reversed(range(_ATTEMPTS)):
                try:
                    with self._ensure_folder(folder) as descriptor:
                        self._move(temporary, name, descriptor, replace=replace)
                        self.sync(descriptor)
                        return
                except FileNotFoundError:
                    # The last other object of the folder was deleted, and the folder with it.
                    if not attempts_left:
                        raise

    def _move(self, temporary: str, name: bytes, folder: int, *, replace: bool) -> None:
        if replace:
            os.rename(temporary, name, src_dir_fd=self._temporary, dst_dir_fd=folder)
            return
        try:
            os.link(temporary, name, src_dir_fd=self._temporary, dst_dir_fd=folder, follow_symlinks=False)
        except FileExistsError as error:
            raise PreconditionFailedError("the object exists already") from error
        os.unlink(temporary, dir_fd=self._temporary)

    def discard(self, temporary: str) -> None:
        """Remove a temporary file; a missing one is no error."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=self._temporary)

    def sync(self, descriptor: int) -> None:
        """Wait until the file or folder is on the disk, unless the writer was made with ``sync=False``."""
        if self._sync:
            os.fsync(descriptor)

    @contextlib.contextmanager
    def _open_folder(self, path: bytes) -> Iterator[int]:
        descriptor = self.root.open(path or b".", DIRECTORY)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    @contextlib.contextmanager
    def _ensure_folder(self, path: bytes) -> Iterator[int]:
        """Open the folder; create it where it is missing."""
        try:
            descriptor = self.root.open(path or b".", DIRECTORY)
        except FileNotFoundError:
            descriptor = self._create_folder(path)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def _create_folder(self, path: bytes) -> int:
        descriptor = self.root.open(b".", DIRECTORY)
        for part in path.split(b"/"):
            try:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(part, dir_fd=descriptor)
                    self.sync(descriptor)
                child = os.open(part, DIRECTORY, dir_fd=descriptor)
            finally:
                os.close(descriptor)
            descriptor = child
        return descriptor

    @contextlib.contextmanager
    def _locked(self, path: bytes) -> Iterator[None]:
        """Lock the name against writers of all processes: one byte of one file, chosen by the name's hash."""
        descriptor = os.open(_LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666, dir_fd=self._temporary)
        try:
            # Locks of descriptors, not of processes: threads exclude each other as well. struct flock of fcntl(2).
            lock = struct.pack("hhqqi", fcntl.F_WRLCK, os.SEEK_SET, zlib.crc32(path) % _LOCKS, 1, 0)
            fcntl.fcntl(descriptor, fcntl.F_OFD_SETLKW, lock)
            yield
        finally:
            os.close(descriptor)


class TemporaryFile:
    """A file without a public name. Its methods exclude each other, so it can be discarded during a write."""

    def __init__(self, writer: FolderWriter) -> None:
        self._writer = writer
        self._name = secrets.token_hex(16)
        self._descriptor = -1
        self._lock = threading.Lock()
        self.cancelled = False
        """Set it from any thread: nothing more is written, and the file never becomes visible."""

    def write(self, chunk: bytes) -> None:
        """Append ``chunk``. The first call creates the file, also with an empty chunk."""
        with self._lock:
            if self._descriptor < 0 and not self.cancelled:
                self._descriptor = self._writer.create(self._name)
            view = memoryview(chunk)
            while view and not self.cancelled:
                view = view[os.write(self._descriptor, view) :]

    def publish(
        self, path: bytes, content_type: str, condition: Callable[[], bool], *, replace: bool
    ) -> os.stat_result | None:
        """Sync the bytes, make the file visible at ``path`` and return its status; None where it is cancelled."""
        with self._lock:
            if self._descriptor < 0:
                return None
            write_content_type(self._descriptor, path.decode("utf-8", "surrogateescape"), content_type)
            self._writer.sync(self._descriptor)
            status = os.fstat(self._descriptor)
            if self.cancelled:
                return None
            self._writer.publish(self._name, path, condition, replace=replace)
            self._close()
            return status

    def discard(self) -> None:
        """Remove the file, unless it was published."""
        with self._lock:
            if self._descriptor >= 0:
                self._close()
                self._writer.discard(self._name)

    def _close(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        os.close(descriptor)
