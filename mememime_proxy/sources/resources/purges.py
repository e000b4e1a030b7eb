"""Purges of the resource service, which a proxy reads by their numbers."""

from __future__ import annotations

from urllib.parse import urlencode

import msgspec

from mememime_proxy.errors import SourceStatusError
from mememime_proxy.sources.resources.session import ResourceSession

EXPIRED = 410
"""Status where purges behind the number are no longer in the log."""
_ANSWER = 5.0
"""Seconds for an answer, beside those that it may wait for a purge."""
_MAX_BYTES = 8 << 20
"""Bytes of an answer: a thousand purges with the longest names take a quarter of it."""


class FeedPurge(msgspec.Struct, frozen=True):
    """A purge in the log of the service."""

    number: int
    source: str
    created: int
    """Milliseconds since 1970."""


class FeedPage(msgspec.Struct, frozen=True):
    """An answer of the service."""

    log: str
    """Name of the log; numbers of another one say nothing."""
    purges: list[FeedPurge]
    next: int
    """The number behind which the next page begins."""
    head: int
    """The last number."""
    now: int
    """The service's time when it answered, in milliseconds since 1970."""


_decoder = msgspec.json.Decoder(FeedPage)


class PurgeClient:
    """Reads the feed. SourceStatusError, whose ``upstream`` is 503 where the service does not answer."""

    def __init__(self, session: ResourceSession) -> None:
        """``session`` is open while requests are sent."""
        self._session = session

    async def read(self, after: int | None, wait: float = 0) -> FeedPage:
        """Return the purges behind the number ``after``, or wait for the first one; None = behind the last one.

        ``upstream`` is EXPIRED where one is missing.
        """
        query = urlencode({"wait": f"{wait:g}"} | ({} if after is None else {"after": after}))
        status, body = await self._session.get(f"/purges?{query}", wait + _ANSWER, _MAX_BYTES)
        if status != 200:
            raise SourceStatusError(f"the resource service answered {status} to a reader of purges", upstream=status)
        try:
            return _decoder.decode(body)
        except (ValueError, RecursionError) as error:
            raise SourceStatusError(f"the purges of the resource service: {error}", upstream=503) from error
