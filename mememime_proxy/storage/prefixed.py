"""A part of a storage that looks like a whole one."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import replace

from mememime_proxy.storage.protocol import ObjectBody, ObjectInfo, Span, Storage, Unchanged


class Prefixed:
    """The objects of ``storage`` whose keys begin with ``prefix``, without it. Opened and closed with the storage."""

    def __init__(self, storage: Storage, prefix: str) -> None:
        self.storage = storage
        self.prefix = prefix

    async def start(self) -> None:
        """See ``Storage``."""
        await self.storage.start()

    async def close(self) -> None:
        """See ``Storage``."""
        await self.storage.close()

    async def head(self, key: str, *, version: str = "") -> ObjectInfo:
        """See ``Reader``."""
        return self._short(await self.storage.head(self.prefix + key, version=version))

    async def open(
        self,
        key: str,
        *,
        version: str = "",
        span: Span | None = None,
        if_none_match: str = "",
        if_modified_since: str = "",
        timeout: float = 30.0,  # noqa: ASYNC109 - as in Reader
    ) -> ObjectBody | Unchanged:
        """See ``Reader``."""
        found = await self.storage.open(
            self.prefix + key,
            version=version,
            span=span,
            if_none_match=if_none_match,
            if_modified_since=if_modified_since,
            timeout=timeout,
        )
        if isinstance(found, Unchanged):
            return Unchanged(self._short(found.info))
        found.info = self._short(found.info)
        return found

    async def put(
        self,
        key: str,
        body: bytes | AsyncIterable[bytes],
        *,
        content_type: str = "application/octet-stream",
        if_absent: bool = False,
        if_match: str = "",
    ) -> ObjectInfo:
        """See ``Writer``."""
        return self._short(
            await self.storage.put(
                self.prefix + key, body, content_type=content_type, if_absent=if_absent, if_match=if_match
            )
        )

    async def delete(self, key: str) -> None:
        """See ``Writer``."""
        await self.storage.delete(self.prefix + key)

    async def list(self, prefix: str = "") -> AsyncIterator[ObjectInfo]:
        """See ``Writer``."""
        async for info in self.storage.list(self.prefix + prefix):
            yield self._short(info)

    def _short(self, info: ObjectInfo) -> ObjectInfo:
        return replace(info, key=info.key.removeprefix(self.prefix))
