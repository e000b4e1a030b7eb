"""Has the next segments of a stream made while a player plays the one that it asked for."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace

from msgspec import structs

from mememime_proxy.errors import MememimeError
from mememime_proxy.formats.stream_members import MemberKind, next_member, parse_member
from mememime_proxy.proxy.model import NO_CONDITIONS, SpanRecorder, VariantProvider, VariantRequest
from mememime_proxy.proxy.variants.films import FilmPool
from mememime_proxy.proxy.variants.keys import VariantKeys, key_with_headers


class LookAhead:
    """Renders in advance: after a segment the next ones of the same rendition, as long as a worker for films is idle.

    There is one such task for each worker at most. Errors end it: the request for the segment will meet them.
    """

    def __init__(
        self, films: FilmPool, keys: VariantKeys, count: int, timeout: float, provider: VariantProvider
    ) -> None:
        """``count``: of segments; ``timeout``: seconds for each; ``provider``: the one that requests go to."""
        self._films = films
        self._keys = keys
        self._count = count
        self._timeout = timeout
        self._provider = provider
        self._tasks: dict[bytes, asyncio.Task[None]] = {}
        """By the keys of the variants that they begin with."""

    def follow(self, request: VariantRequest) -> None:
        """Begin with the segments that follow the member of a stream that was asked for; of others there are none."""
        if not self._count:
            return
        following = self._following(request)
        if following is None or following.key in self._tasks or len(self._tasks) >= self._films.idle_workers():
            return
        task = asyncio.create_task(self._make(following))
        self._tasks[following.key] = task
        task.add_done_callback(lambda _: self._tasks.pop(following.key, None))

    async def _make(self, request: VariantRequest | None) -> None:
        with contextlib.suppress(MememimeError):
            for _ in range(self._count):
                if request is None or not self._films.idle_workers():
                    return
                await self._provider.get(request)
                request = self._following(request)

    def _following(self, request: VariantRequest) -> VariantRequest | None:
        """Return the request for the segment that follows; None where that of ``request`` is of no segment."""
        plan = request.plan
        member = parse_member(plan.media.member, ())
        if member.kind is not MemberKind.SEGMENT:
            return None
        plan = replace(plan, media=replace(plan.media, member=next_member(member)))
        key, headers = self._keys.key(plan), request.source.headers
        return structs.replace(
            request,
            plan=plan,
            key=key_with_headers(key, headers) if headers else key,
            deadline=asyncio.get_running_loop().time() + self._timeout,
            conditions=NO_CONDITIONS,
            spans=SpanRecorder(),
        )

    async def close(self) -> None:
        """End what is under way."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
