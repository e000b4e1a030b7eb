"""What errors of aiohttp, the event loop and the system mean for a request.

Before there is a connection the source is unreachable (404). Behind it, a source that breaks off or breaks the rules is
at fault (502, and 422 within the body). What this process lacks itself is never blamed on a source (503).
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
"""Error numbers that say what this machine lacks."""


_NOT_REACHED = (
    aiohttp.ClientConnectorError,
    aiohttp.ServerFingerprintMismatch,
    aiohttp.TooManyRedirects,
    aiohttp.RedirectClientError,
    aiohttp.NonHttpUrlClientError,
    ValueError,  # an address that cannot be asked; aiohttp.InvalidURL is one
)
_BROKEN = (aiohttp.ClientError, HttpProcessingError, aiohttp.EofStream)


def translate(error: BaseException) -> MememimeError:
    """The error of ours that ``error`` stands for; raises ``error`` itself where it is a mistake in the program."""
    for inner in _chain(error):
        if isinstance(inner, MememimeError):
            return inner
        if isinstance(inner, AddressBlockedError):
            return SourceForbiddenError("the source's address is not permitted")
        if isinstance(inner, TimeoutError):
            return SourceTimeoutError("the source was too slow")
        if isinstance(inner, OSError) and inner.errno in EXHAUSTED:
            return OverloadError(f"this machine is short of something: {inner}")
    if isinstance(error, aiohttp.ClientPayloadError):
        return SourceIncompleteError(f"the source's answer ended early: {error}")
    kind: type[SourceError]
    if isinstance(error, _NOT_REACHED):
        kind = SourceUnreachableError
    elif isinstance(error, _BROKEN):
        kind = SourceResponseError
    elif isinstance(error, OSError):
        kind = SourceUnreachableError
    else:
        raise error
    return kind(f"{type(error).__name__}: {error}")


def _chain(error: BaseException) -> Iterator[BaseException]:
    """``error`` and what it was made from, the outermost first."""
    current: BaseException | None = error
    while current is not None:
        yield current
        wrapped = getattr(current, "_os_error", None)
        if isinstance(wrapped, OSError):
            yield wrapped
        current = current.__cause__
