"""What the system says of files, in the storage's own errors."""

from __future__ import annotations

import errno

from mememime_proxy.errors import (
    ObjectNotFoundError,
    StorageDeniedError,
    StorageError,
    StorageFullError,
    StorageUnavailableError,
)

_ABSENT = {
    errno.ENOENT,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.ENAMETOOLONG,
    errno.EINVAL,
    errno.EILSEQ,
    errno.ENXIO,
    errno.ENODEV,
}
_DENIED = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ELOOP, errno.EXDEV}
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_SHORT = {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS, errno.EAGAIN, errno.ESTALE, errno.EHOSTDOWN}


def failure(error: OSError, *, writing: bool = False) -> StorageError:
    """The error of ours for what the system says. A name that cannot be is missing to readers, denied to writers."""
    text = error.strerror or type(error).__name__
    if error.errno in _ABSENT:
        return StorageDeniedError(f"no file can have this name: {text}") if writing else ObjectNotFoundError(text)
    for numbers, kind in ((_DENIED, StorageDeniedError), (_FULL, StorageFullError), (_SHORT, StorageUnavailableError)):
        if error.errno in numbers:
            return kind(text)
    return StorageError(text)
