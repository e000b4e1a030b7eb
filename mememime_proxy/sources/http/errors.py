"""Source errors for the exceptions of aiohttp, the event loop and the system.

Before a connection is open, the source is unreachable (404). After that, an invalid or incomplete response is the fault
of the source (502, within the body 422). An exhausted resource of this machine never is (503).
"""

from __future__ import annotations

import errno
from collections.abc import Iterator

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError

from mememime_proxy.errors import (
    MememimeError,
    OverloadError,
    SourceError,
    SourceForbiddenError,
    SourceIncompleteError,
    SourceResponseError,
    SourceTimeoutError,
    SourceUnreachableError,
)
from mememime_proxy.sources.http.resolver import AddressBlockedError

EXHAUSTED = frozenset(
    {
        errno.EMFILE,
        errno.ENFILE,
        errno.ENOMEM,
        errno.ENOBUFS,
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EADDRNOTAVAIL,  # no local port is left
    }
)
"""Error numbers of exhausted resources of this machine."""


_NOT_REACHED = (
    aiohttp.ClientConnectorError,
    aiohttp.ServerFingerprintMismatch,
    aiohttp.TooManyRedirects,
    aiohttp.RedirectClientError,
    aiohttp.NonHttpUrlClientError,
    ValueError,  # an invalid URL; aiohttp.InvalidURL is one
)
_BROKEN = (aiohttp.ClientError, HttpProcessingError, aiohttp.EofStream)


def translate_error(error: BaseException) -> MememimeError:
    """Return the source error for ``error``; raise ``error`` itself where it is a bug in this program."""
    for inner in _chain(error):
        if isinstance(inner, MememimeError):
            return inner
        if isinstance(inner, AddressBlockedError):
            return SourceForbiddenError("the source's address is not permitted")
        if isinstance(inner, TimeoutError):
            return SourceTimeoutError("the source is too slow")
        if isinstance(inner, OSError) and inner.errno in EXHAUSTED:
            return OverloadError(f"a resource of this machine is exhausted: {inner}")
    if isinstance(error, aiohttp.ClientPayloadError):
        return SourceIncompleteError(f"the source's response ended early: {error}")
    error_class: type[SourceError]
    if isinstance(error, _NOT_REACHED):
        error_class = SourceUnreachableError
    elif isinstance(error, _BROKEN):
        error_class = SourceResponseError
    elif isinstance(error, OSError):
        error_class = SourceUnreachableError
    else:
        raise error
    return error_class(f"{type(error).__name__}: {error}")


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield ``error`` and its causes, the outermost first."""
    current: BaseException | None = error
    while current is not None:
        yield current
        wrapped = getattr(current, "_os_error", None)
        if isinstance(wrapped, OSError):
            yield wrapped
        current = current.__cause__
