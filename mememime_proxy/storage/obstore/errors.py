"""What obstore says, in the storage's own errors."""

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

_DETAIL = 300
"""Characters of a foreign error that are passed on: its first line, which tells what was asked for."""

T = TypeVar("T")


def translate(error: BaseException) -> StorageError:
    """The error of ours for one of obstore's; raises ``error`` itself where it is none."""
    text = str(error).partition("\n")[0][:_DETAIL]
    if isinstance(error, FileNotFoundError):
        return ObjectNotFoundError(text)
    if isinstance(error, (exceptions.AlreadyExistsError, exceptions.PreconditionError)):
        return PreconditionFailedError(text)
    if isinstance(error, (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError)):
        return StorageDeniedError(text)
    if isinstance(error, (exceptions.InvalidPathError, exceptions.UnknownConfigurationKeyError)):
        return StorageDeniedError(text)
    if isinstance(error, (exceptions.GenericError, ConnectionError)):
        # What is left has no class of its own: no connection, no credentials, an answer 5xx after all retries.
        return StorageUnavailableError(text)
    if isinstance(error, exceptions.BaseError):
        return StorageError(text)
    raise error


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Translates the errors that come out of the block."""
    try:
        yield
    except (exceptions.BaseError, OSError) as error:
        raise translate(error) from None


async def within(seconds: float, work: Awaitable[T]) -> T:
    """``work`` in time, its errors translated. NotModifiedError, which is none, comes through."""
    try:
        async with asyncio.timeout(seconds):
            try:
                return await work
            except exceptions.NotModifiedError:
                raise
            except (exceptions.BaseError, OSError) as error:
                if isinstance(error, TimeoutError):
                    raise
                raise translate(error) from None
    except TimeoutError:
        raise StorageTimeoutError(f"no answer within {seconds:g} s") from None
