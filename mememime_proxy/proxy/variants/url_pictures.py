"""The pictures that URLs name beside their original: watermarks and masks, fetched as originals are."""

from __future__ import annotations

import asyncio

from mememime_proxy.errors import MememimeError, OverloadError, WatermarkError
from mememime_proxy.plan import Plan
from mememime_proxy.proxy.cache.originals import FetchedOriginal, OriginalCache
from mememime_proxy.proxy.model import SourceKey, VariantRequest
from mememime_proxy.sources.model import Original


class UrlPictures:
    """Fetches the pictures of a plan, with the guards of originals. Those of a few URLs are held in memory."""

    def __init__(self, cache: OriginalCache, max_bytes: int) -> None:
        """``max_bytes``: of one picture; 0 = no limit."""
        self._cache = cache
        self._max_bytes = max_bytes

    async def fetch(
        self,
        plan: Plan,
        timeout: float,  # noqa: ASYNC109 - of all fetches, which run at once
    ) -> tuple[Original, ...]:
        """Return the pictures in the order of ``Plan.pictures``.

        Raises WatermarkError, which names the URL, where one cannot be had, and OverloadError.
        """
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._fetch(url, timeout)) for url in plan.pictures]
        found = [task.result() for task in tasks]
        for each in found:
            if isinstance(each, MememimeError):
                raise each
        return tuple(each.original for each in found if isinstance(each, FetchedOriginal))

    async def fetch_fallback(self, url: str, timeout: float) -> FetchedOriginal:  # noqa: ASYNC109 - of the fetch
        """Return a picture that stands for an original. Raises MememimeError."""
        found = await self._fetch(url, timeout)
        if isinstance(found, MememimeError):
            raise found
        return found

    async def fetched_for(self, request: VariantRequest, plan: Plan) -> tuple[Original, ...]:
        """Return the pictures of ``plan``, which may have options beside those of the request's; see ``fetch``."""
        if request.pictures is not None and plan.pictures == request.plan.pictures:
            return await request.pictures
        return await self.fetch(plan, request.remaining_seconds())

    async def _fetch(self, url: str, timeout: float) -> FetchedOriginal | MememimeError:  # noqa: ASYNC109 - as above
        try:
            fetched = await self._cache.fetch_if_changed(SourceKey.of(url), "", self._max_bytes, timeout)
        except OverloadError as error:
            return error
        except (MememimeError, TimeoutError) as error:
            detail = error.detail if isinstance(error, MememimeError) else "it took too long"
            return WatermarkError(f"the picture {url[:200]!r}: {detail}")
        if not isinstance(fetched, FetchedOriginal) or fetched.original.film is not None or not fetched.original.size:
            return WatermarkError(f"the picture {url[:200]!r}: found no picture")
        return fetched
