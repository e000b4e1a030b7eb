"""Opening of paths below one folder: ``..`` and links cannot lead outside.

The kernel resolves the path (``openat2`` with RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS). Where it cannot, each part is
opened below its parent without following links.
"""

from __future__ import annotations

import ctypes
import errno
import os
import weakref
from typing import Final

FILE: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY | os.O_NOFOLLOW
"""Flags for reading a file; a device or FIFO neither blocks nor becomes a terminal."""
DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW
"""Flags for a folder, to open and sync it."""
_OPENAT2 = 437
_RESOLVE = 0x08 | 0x04 | 0x02  # BENEATH, NO_SYMLINKS, NO_MAGICLINKS of linux/openat2.h
_RESOLVE_CACHED = 0x20  # Linux 5.12: EAGAIN instead of a read from the disk
_STEP = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_MAX_PATH = 4096


class PathOutsideRootError(ValueError):
    """The path leads outside the root, or names nothing below it."""


class _OpenHow(ctypes.Structure):
    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


_HOW = {
    (flags, cached): _OpenHow(flags, 0, _RESOLVE | (_RESOLVE_CACHED if cached else 0))
    for flags in (FILE, DIRECTORY)
    for cached in (False, True)
}
_libc = ctypes.CDLL(None, use_errno=True)


def openat2(root: int, path: bytes, flags: int, *, cached: bool) -> int:
    """Call ``openat2`` with FILE or DIRECTORY as ``flags`` and return the descriptor.

    Raises OSError; BlockingIOError where ``cached`` is set and the path is not in the kernel's cache.
    """
    how = _HOW[flags, cached]
    descriptor = _libc.syscall(_OPENAT2, root, path, ctypes.byref(how), ctypes.sizeof(how))
    if descriptor < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return int(descriptor)


def _open_by_parts(root: int, path: bytes, flags: int) -> int:
    parent = os.dup(root)
    try:
        *folders, name = path.split(b"/")
        for folder in folders:
            child = os.open(folder, _STEP, dir_fd=parent)
            os.close(parent)
            parent = child
        return os.open(name, flags, dir_fd=parent)
    finally:
        os.close(parent)


def relative_path(path: str) -> bytes:
    """Return ``path`` encoded for system calls, relative to the root and without empty parts.

    PathOutsideRootError for a path with ``..`` or without a name; OSError (ENAMETOOLONG) for one that is too long.
    """
    parts = [part for part in path.split("/") if part not in {"", "."}]
    if ".." in parts or "\0" in path or not parts:
        raise PathOutsideRootError("the path leads outside the root")
    encoded = "/".join(parts).encode("utf-8", "surrogateescape")
    if len(encoded) >= _MAX_PATH:
        raise OSError(errno.ENAMETOOLONG, "the path is too long")
    return encoded


class RootDirectory:
    """A folder below which paths are opened."""

    def __init__(self, root: str, *, by_parts: bool = False) -> None:
        """Open ``root``. Raises OSError where it is no folder. ``by_parts``: as on a kernel without openat2."""
        self.descriptor = os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        # A thread that still opens a file holds this object, and so the descriptor: if it were closed under the
        # thread, its number could belong to another folder by then.
        weakref.finalize(self, os.close, self.descriptor)
        self._by_parts = by_parts
        self.supports_cached = not by_parts
        """Whether the kernel can open a path from its cache only (RESOLVE_CACHED)."""

    def open(self, path: bytes, flags: int = FILE, *, cached: bool = False) -> int:
        """Open ``path``, a result of ``relative_path``, with FILE or DIRECTORY as ``flags``; return the descriptor.

        Raises OSError: ELOOP for a link, EXDEV for a path outside the root. BlockingIOError where ``cached`` is set and
        the kernel would have to read from the disk, or does not support it; ``supports_cached`` is False then.
        """
        if not self._by_parts:
            try:
                return openat2(self.descriptor, path, flags, cached=cached)
            except OSError as error:
                if cached and error.errno in {errno.EINVAL, errno.ENOSYS, errno.EPERM}:
                    self.supports_cached = False
                    raise BlockingIOError from error
                # Old kernels do not have the call, some containers' filters refuse it.
                if error.errno not in {errno.ENOSYS, errno.EPERM}:
                    raise
                self._by_parts = True
        return _open_by_parts(self.descriptor, path, flags)
