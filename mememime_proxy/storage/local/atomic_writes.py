"""Where a folder's objects get their names: whole files are moved there, never written there.

An upload is a file in ``.tmp`` below the root. Once it is whole and synced it is renamed, or linked where nothing may
be replaced, and the folder is synced. Whoever gives, takes or replaces a name holds a lock on that name, which the
kernel releases when its owner dies.
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
from mememime_proxy.storage.local.openat2 import DIRECTORY, Beneath

PRIVATE: Final = b".tmp"
_LOCK = ".lock"
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
_TRIES = 16
"""How often a folder may be taken away again between its creation and its first file."""
_CONTENT_TYPE = "user.mime_type"
"""The extended attribute that the freedesktop.org shared MIME database names."""
_BUCKETS = 1 << 20


class Place:
    """The folder's side of writing. Everything here blocks, and belongs into a thread. Errors: OSError."""

    def __init__(self, root: str, *, sync: bool = True) -> None:
        self.below = Beneath(root)
        self._sync = sync
        with contextlib.suppress(FileExistsError):
            os.mkdir(PRIVATE, dir_fd=self.below.root)
        self._private = self.below.open(PRIVATE, DIRECTORY)
        weakref.finalize(self, os.close, self._private)

    def create(self, temporary: str) -> int:
        """A new file that nobody sees."""
        return os.open(temporary, _NEW, 0o666, dir_fd=self._private)

    def sweep(self, age: float) -> None:
        """Removes uploads that nobody has written to for ``age`` seconds: their writers died."""
        oldest = time.time() - age
        with os.scandir(self._private) as entries:
            for entry in entries:
                with contextlib.suppress(FileNotFoundError):
                    if entry.name != _LOCK and entry.stat(follow_symlinks=False).st_mtime < oldest:
                        os.unlink(entry.name, dir_fd=self._private)

    def remove(self, path: bytes) -> None:
        """Takes the name away, and folders above that are empty then."""
        with self._locked(path):
            folder, _, name = path.rpartition(b"/")
            with self._folder(folder) as here:
                os.unlink(name, dir_fd=here)
                self._synced(here)
            while folder:
                folder, _, name = folder.rpartition(b"/")
                with self._folder(folder) as here:
                    try:
                        os.rmdir(name, dir_fd=here)
                    except OSError as error:
                        if error.errno in {errno.ENOTEMPTY, errno.EEXIST, errno.EBUSY}:
                            return
                        raise
                    self._synced(here)

    def put(self, temporary: str, path: bytes, allowed: Callable[[], bool], *, replace: bool) -> None:
        """Moves an upload to its name where ``allowed()`` says so while nobody else can give that name.

        PreconditionFailedError where it does not, or something has the name that is not to be replaced.
        """
        folder, _, name = path.rpartition(b"/")
        with self._locked(path):
            if not allowed():
                raise PreconditionFailedError("the object is in another state")
            for left in reversed(range(_TRIES)):
                try:
                    with self._made(folder) as here:
                        self._move(temporary, name, here, replace=replace)
                        self._synced(here)
                        return
                except FileNotFoundError:
                    # Somebody deleted the last other object of a folder, and the folder with it.
                    if not left:
                        raise

    def _move(self, temporary: str, name: bytes, folder: int, *, replace: bool) -> None:
        private = self._private
        if replace:
            os.rename(temporary, name, src_dir_fd=private, dst_dir_fd=folder)
            return
        try:
            os.link(temporary, name, src_dir_fd=private, dst_dir_fd=folder, follow_symlinks=False)
        except FileExistsError as error:
            raise PreconditionFailedError("the object is there already") from error
        os.unlink(temporary, dir_fd=private)

    def discard(self, temporary: str) -> None:
        """Removes an upload that is not wanted any more."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=self._private)

    def sync(self, descriptor: int) -> None:
        """Returns when the bytes are on the disk."""
        if self._sync:
            os.fsync(descriptor)

    @contextlib.contextmanager
    def _folder(self, path: bytes) -> Iterator[int]:
        descriptor = self.below.open(path or b".", DIRECTORY)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    @contextlib.contextmanager
    def _made(self, path: bytes) -> Iterator[int]:
        """The folder, created where it is missing."""
        try:
            descriptor = self.below.open(path or b".", DIRECTORY)
        except FileNotFoundError:
            descriptor = self._make(path)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def _make(self, path: bytes) -> int:
        here = self.below.open(b".", DIRECTORY)
        for part in path.split(b"/"):
            try:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(part, dir_fd=here)
                    self._synced(here)
                below = os.open(part, DIRECTORY, dir_fd=here)
            finally:
                os.close(here)
            here = below
        return here

    def _synced(self, folder: int) -> None:
        if self._sync:
            os.fsync(folder)

    @contextlib.contextmanager
    def _locked(self, path: bytes) -> Iterator[None]:
        """One writer at a time for one name, in all processes: a byte of one file, which hardly two names share."""
        descriptor = os.open(_LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666, dir_fd=self._private)
        try:
            # Locks of descriptors, not of processes: threads exclude each other as well. struct flock of fcntl(2).
            wanted = struct.pack("hhqqi", fcntl.F_WRLCK, os.SEEK_SET, zlib.crc32(path) % _BUCKETS, 1, 0)
            fcntl.fcntl(descriptor, fcntl.F_OFD_SETLKW, wanted)
            yield
        finally:
            os.close(descriptor)


class Upload:
    """A file that has no name yet. Its calls exclude each other, so it can be given up while a thread writes to it."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._name = secrets.token_hex(16)
        self._descriptor = -1
        self._lock = threading.Lock()
        self.unwanted = False
        """Set it, and nothing more is written, nor ever becomes visible; for any thread, without a wait."""

    def write(self, chunk: bytes) -> None:
        """Appends ``chunk``; the first one, an empty one too, creates the file."""
        with self._lock:
            if self._descriptor < 0 and not self.unwanted:
                self._descriptor = self._place.create(self._name)
            view = memoryview(chunk)
            while view and not self.unwanted:
                view = view[os.write(self._descriptor, view) :]

    def finish(
        self, path: bytes, content_type: str, allowed: Callable[[], bool], *, replace: bool
    ) -> os.stat_result | None:
        """Makes the bytes last, and the file visible at ``path``; what it is then. None where it is unwanted."""
        with self._lock:
            if self._descriptor < 0:
                return None
            if content_type:
                # Some file systems have no attributes: the name tells the content's type there, or nothing does.
                with contextlib.suppress(OSError):
                    os.setxattr(self._descriptor, _CONTENT_TYPE, content_type.encode())
            self._place.sync(self._descriptor)
            facts = os.fstat(self._descriptor)
            if self.unwanted:
                return None
            self._place.put(self._name, path, allowed, replace=replace)
            self._close()
            return facts

    def give_up(self) -> None:
        """Leaves nothing behind, unless it is finished."""
        with self._lock:
            if self._descriptor >= 0:
                self._close()
                self._place.discard(self._name)

    def _close(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        os.close(descriptor)


def content_type(descriptor: int) -> str:
    """What a writer said of the content; '' where nobody did."""
    try:
        return os.getxattr(descriptor, _CONTENT_TYPE).decode("ascii", "replace")
    except OSError:
        return ""
