"""Bytes as file descriptors: anonymous files in memory, sealed where others read them, mapped where they are large."""

from __future__ import annotations

import contextlib
import fcntl
import mmap
import os
from typing import Final

Buffer = bytes | bytearray | memoryview | mmap.mmap
"""Bytes of an original as a worker sees them, or of a result before it is sent."""

SEALS: Final = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
"""What a sealed memfd has."""
_COPIED: Final = 1 << 16
"""Bytes up to which copying an original is cheaper than mapping it."""


def memfd(name: str, content: Buffer = b"") -> int:
    """Return a new anonymous file that holds ``content``; the caller closes it."""
    descriptor = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        if len(content):
            write_all(descriptor, content)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def fixed(name: str, size: int) -> int:
    """Return a new anonymous file of ``size`` bytes, all zero, which no process can make longer or shorter."""
    descriptor = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        os.ftruncate(descriptor, size)
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def write_all(descriptor: int, content: Buffer) -> None:
    """Write all of ``content``; OSError (EFBIG) past the process's file size limit."""
    count = os.write(descriptor, content)
    total = len(content)
    while count < total:
        count += os.write(descriptor, memoryview(content)[count:])


def seal(descriptor: int) -> None:
    """Seal this memfd: no process can change or shorten it any more."""
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, SEALS)


def read_only(descriptor: int) -> int:
    """Return a descriptor of the same file with which its bytes cannot be changed; OSError where there is none.

    It is the same one where it is open for reading alone, or of a memfd, which is sealed; else the caller closes it.
    """
    if fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
        return descriptor
    try:
        if fcntl.fcntl(descriptor, fcntl.F_GET_SEALS) & SEALS != SEALS:
            seal(descriptor)
    except OSError:
        # No memfd, or one that cannot be sealed.
        return os.open(f"/proc/self/fd/{descriptor}", os.O_RDONLY | os.O_CLOEXEC)
    return descriptor


def read_all(descriptor: int, size: int) -> bytes:
    """Return the first ``size`` bytes; raises EOFError where there are fewer."""
    content = os.pread(descriptor, size, 0)
    if len(content) == size:
        return content
    parts, length = [content], len(content)
    while length < size:
        part = os.pread(descriptor, size - length, length)
        if not part:
            raise EOFError("a file ended early")
        parts.append(part)
        length += len(part)
    return b"".join(parts)


def view(descriptor: int) -> Buffer:
    """Return the file's bytes: mapped, not copied, unless they are few.

    Where another process shortens a mapped file meanwhile, reading the missing part is a SIGBUS: it ends the worker,
    and so one request. Sealed memfds cannot be shortened. Measured, CPU for reading every byte once: a mapping costs
    10 µs plus 0.1 ms a megabyte, ``pread`` 1 µs plus 0.05 to 0.2 ms a megabyte, and it holds the original twice.
    """
    size = os.fstat(descriptor).st_size
    if size <= _COPIED:
        return os.pread(descriptor, size, 0)
    return memoryview(mmap.mmap(descriptor, size, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ))


def close_all(descriptors: list[int]) -> None:
    """Close every one."""
    for descriptor in descriptors:
        with contextlib.suppress(OSError):
            os.close(descriptor)
