"""Errors of a storage, as errors of a source."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mememime_proxy.errors import (
    MememimeError,
    ObjectNotFoundError,
    OverloadError,
    SourceNotFoundError,
    SourceResponseError,
    SourceStatusError,
    SourceTimeoutError,
    StorageDeniedError,
    StorageError,
    StorageTimeoutError,
    StorageUnavailableError,
)
from mememime_proxy.sources.http.errors import EXHAUSTED


@contextmanager
def translated_errors() -> Iterator[None]:
    """Raise the source error for an error of the storage in the block, a timeout, or a resource that is exhausted."""
    try:
        yield
    except TimeoutError as error:
        raise SourceTimeoutError("the storage is too slow") from error
    except StorageError as error:
        raise translate_storage_error(error) from error
    except OSError as error:
        if error.errno in EXHAUSTED:
            raise OverloadError(f"a resource of this machine is exhausted: {error.strerror}") from error
        raise


def translate_storage_error(error: StorageError) -> MememimeError:
    """Return the source error for an error of a storage."""
    if isinstance(error, ObjectNotFoundError):
        return SourceNotFoundError(f"there is no such object: {error.detail}")
    if isinstance(error, StorageDeniedError):
        return SourceStatusError(f"the storage denies access: {error.detail}", upstream=403)
    if isinstance(error, StorageTimeoutError):
        return SourceTimeoutError(error.detail)
    if isinstance(error, StorageUnavailableError):
        return SourceStatusError(error.detail, upstream=503)
    return SourceResponseError(error.detail)
