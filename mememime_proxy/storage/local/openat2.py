"""Opening what is below one folder, and nothing else: no way out by ``..``, none over links.

The kernel resolves the path (``openat2`` with RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS); where it cannot, each part is
opened below the one before without following links.
"""

from __future__ import annotations

import ctypes
import errno
import os
import weakref
from typing import Final

FILE: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY | os.O_NOFOLLOW
"""Opens a file for reading; what is none, neither blocks nor becomes a terminal."""
DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW
"""Opens a folder, to work in it and to sync it."""
_OPENAT2 = 437
_RESOLVE = 0x08 | 0x04 | 0x02  # BENEATH, NO_SYMLINKS, NO_MAGICLINKS of linux/openat2.h
_RESOLVE_CACHED = 0x20  # Linux 5.12: EAGAIN instead of asking the disk
_STEP = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_MAX_PATH = 4096


class OutsideError(ValueError):
    """A path that does not stay below the root, or names nothing there."""


class _OpenHow(ctypes.Structure):
    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


_HOW = {
    (flags, cached): _OpenHow(flags, 0, _RESOLVE | (_RESOLVE_CACHED if cached else 0))
    for flags in (FILE, DIRECTORY)
    for cached in (False, True)
}
_libc = ctypes.CDLL(None, use_errno=True)


def openat2(root: int, path: bytes, flags: int, *, cached: bool) -> int:
    """The system call; ``flags`` are FILE or DIRECTORY. OSError; BlockingIOError where ``cached`` is not enough."""
    how = _HOW[flags, cached]
    descriptor = _libc.syscall(_OPENAT2, root, path, ctypes.byref(how), ctypes.sizeof(how))
    if descriptor < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return int(descriptor)


def _open_by_parts(root: int, path: bytes, flags: int) -> int:
    here = os.dup(root)
    try:
        *folders, name = path.split(b"/")
        for folder in folders:
            below = os.open(folder, _STEP, dir_fd=here)
            os.close(here)
            here = below
        return os.open(name, flags, dir_fd=here)
    finally:
        os.close(here)


def relative(path: str) -> bytes:
    """``path`` as the system wants it, relative to the root and without empty parts.

    OutsideError for what could lead anywhere else; OSError (ENAMETOOLONG) for what no system call takes.
    """
    parts = [part for part in path.split("/") if part not in {"", "."}]
    if ".." in parts or "\0" in path or not parts:
        raise OutsideError("the path does not stay below the root")
    encoded = "/".join(parts).encode("utf-8", "surrogateescape")
    if len(encoded) >= _MAX_PATH:
        raise OSError(errno.ENAMETOOLONG, "the path is too long")
    return encoded


class Beneath:
    """One folder as a place to open things in."""

    def __init__(self, root: str, *, by_parts: bool = False) -> None:
        """Raises OSError where ``root`` is no folder. ``by_parts``: as on a kernel without openat2."""
        self.root = os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        # A thread that still looks for a file keeps this object, and so the folder's descriptor: were it closed under
        # the thread, its number could be another folder by then.
        weakref.finalize(self, os.close, self.root)
        self._by_parts = by_parts
        self.asks_cache = not by_parts
        """Whether the kernel can be asked for what it has at hand, and for nothing else."""

    def open(self, path: bytes, flags: int = FILE, *, cached: bool = False) -> int:
        """A descriptor of ``path``, which came from ``relative``. ``flags``: FILE or DIRECTORY.

        OSError as the system says: ELOOP for a link, EXDEV for a way out. BlockingIOError where ``cached`` is asked for
        and the kernel would have to wait for the disk, or does not know this question; ``asks_cache`` is False then.
        """
        if not self._by_parts:
            try:
                return openat2(self.root, path, flags, cached=cached)
            except OSError as error:
                if cached and error.errno in {errno.EINVAL, errno.ENOSYS, errno.EPERM}:
                    self.asks_cache = False
                    raise BlockingIOError from error
                # Old kernels do not have the call, some containers' filters refuse it.
                if error.errno not in {errno.ENOSYS, errno.EPERM}:
                    raise
                self._by_parts = True
        return _open_by_parts(self.root, path, flags)
