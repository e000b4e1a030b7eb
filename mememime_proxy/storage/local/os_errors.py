"""Storage errors for the error numbers of the operating system."""

from __future__ import annotations

import errno

from mememime_proxy.errors import (
    ObjectNotFoundError,
    StorageDeniedError,
    StorageError,
    StorageFullError,
    StorageUnavailableError,
)

_MISSING = {
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
_EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS, errno.EAGAIN, errno.ESTALE, errno.EHOSTDOWN}


def translate_os_error(error: OSError, *, writing: bool = False) -> StorageError:
    """Return the storage error for ``error``. An impossible name is missing for readers and denied for writers."""
    text = error.strerror or type(error).__name__
    if error.errno in _MISSING:
        return StorageDeniedError(f"no file can have this name: {text}") if writing else ObjectNotFoundError(text)
    for numbers, error_class in (
        (_DENIED, StorageDeniedError),
        (_FULL, StorageFullError),
        (_EXHAUSTED, StorageUnavailableError),
    ):
        if error.errno in numbers:
            return error_class(text)
    return StorageError(text)
