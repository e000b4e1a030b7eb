"""Storage errors for the exceptions of obstore."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Iterator
from typing import TypeVar

from obstore import exceptions

from mememime_proxy.errors import (
    ObjectNotFoundError,
    PreconditionFailedError,
    StorageDeniedError,
    StorageError,
    StorageTimeoutError,
    StorageUnavailableError,
)

_MAX_DETAIL = 300
"""Characters of an obstore message that are passed on: its first line, which names the request."""

T = TypeVar("T")


def translate_error(error: BaseException) -> StorageError:
    """Return the storage error for ``error``; raise ``error`` itself where it is not one of obstore's."""
    text = str(error).partition("\n")[0][:_MAX_DETAIL]
    if isinstance(error, FileNotFoundError):
        return ObjectNotFoundError(text)
    if isinstance(error, (exceptions.AlreadyExistsError, exceptions.PreconditionError)):
        return PreconditionFailedError(text)
    if isinstance(error, (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError)):
        return StorageDeniedError(text)
    if isinstance(error, (exceptions.InvalidPathError, exceptions.UnknownConfigurationKeyError)):
        return StorageDeniedError(text)
    if isinstance(error, (exceptions.GenericError, ConnectionError)):
        # Errors without a class of their own: no connection, no credentials, status 5xx after all retries.
        return StorageUnavailableError(text)
    if isinstance(error, exceptions.BaseError):
        return StorageError(text)
    raise error


@contextlib.contextmanager
def translating_errors() -> Iterator[None]:
    """Translate the errors that the block raises."""
    try:
        yield
    except (exceptions.BaseError, OSError) as error:
        raise translate_error(error) from None


async def await_within(seconds: float, work: Awaitable[T]) -> T:
    """Return the result of ``work``, with translated errors. NotModifiedError is raised as it is."""
    try:
        async with asyncio.timeout(seconds):
            try:
                return await work
            except exceptions.NotModifiedError:
                raise
            except (exceptions.BaseError, OSError) as error:
                if isinstance(error, TimeoutError):
                    raise
                raise translate_error(error) from None
    except TimeoutError:
        raise StorageTimeoutError(f"no answer within {seconds:g} s") from None
