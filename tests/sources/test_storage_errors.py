import errno

import pytest

from mememime_proxy import errors
from mememime_proxy.errors import (
    OverloadError,
    RangeNotSatisfiableError,
    SourceNotFoundError,
    SourceResponseError,
    SourceTimeoutError,
    StorageDeniedError,
    StorageError,
    StorageTimeoutError,
    StorageUnavailableError,
)
from mememime_proxy.sources.storage_errors import translate_storage_error, translated_errors


def test_each_storage_error_has_a_source_error():
    for kind in errors.error_classes(StorageError).values():
        assert isinstance(translate_storage_error(kind()), errors.SourceError)
    assert translate_storage_error(errors.ObjectNotFoundError()).status == 404
    assert translate_storage_error(StorageDeniedError()).status == 403
    assert translate_storage_error(StorageUnavailableError()).status == 502
    assert translate_storage_error(StorageTimeoutError()).status == 504
    assert type(translate_storage_error(RangeNotSatisfiableError())) is SourceResponseError


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (TimeoutError(), SourceTimeoutError),
        (errors.ObjectNotFoundError(), SourceNotFoundError),
        (OSError(errno.EMFILE, "too many open files"), OverloadError),
        (OSError(errno.EIO, "broken"), OSError),
    ],
)
def test_errors_of_a_block_are_those_of_a_source(error, kind):
    with pytest.raises(kind), translated_errors():
        raise error
