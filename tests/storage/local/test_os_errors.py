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


def test_every_number_of_the_system_has_its_error():
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


def test_a_name_that_cannot_be_is_missing_to_readers_and_denied_to_writers():
    error = OSError(errno.ENAMETOOLONG, "too long")
    assert type(translate_os_error(error)) is ObjectNotFoundError
    assert type(translate_os_error(error, writing=True)) is StorageDeniedError
