import errno
import os

from mememime_proxy.errors import (
    ObjectNotFoundError,
    StorageDeniedError,
    StorageError,
    StorageFullError,
    StorageUnavailableError,
)
from mememime_proxy.storage.local.os_errors import translate_os_error


def test_each_error_number_has_a_storage_error():
    expected = {
        errno.ENOENT: ObjectNotFoundError,
        errno.EACCES: StorageDeniedError,
        errno.ELOOP: StorageDeniedError,
        errno.ENOSPC: StorageFullError,
        errno.EDQUOT: StorageFullError,
        errno.EMFILE: StorageUnavailableError,
        errno.EIO: StorageError,
    }
    for number in errno.errorcode:
        error = translate_os_error(OSError(number, os.strerror(number)))
        assert isinstance(error, StorageError)
        assert type(error) is expected.get(number, type(error))
        assert error.detail == os.strerror(number)


def test_impossible_name_is_missing_for_readers_and_denied_for_writers():
    error = OSError(errno.ENAMETOOLONG, "too long")
    assert type(translate_os_error(error)) is ObjectNotFoundError
    assert type(translate_os_error(error, writing=True)) is StorageDeniedError
