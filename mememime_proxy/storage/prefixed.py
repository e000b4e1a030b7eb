"""Storage view of the objects below a key prefix."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import replace

from mememime_proxy.service.ranges import ByteRange
from mememime_proxy.storage.protocol import TIMEOUT, ObjectBody, ObjectInfo, Storage, UnchangedObject


class PrefixedStorage:
    """The objects of ``storage`` whose keys begin with ``prefix``, under the rest of their keys.

    It is opened and closed together with ``storage``.
    """

    def __init__(self, storage: Storage, prefix: str) -> None:
        self.storage = storage
        self.prefix = prefix

    async def start(self) -> None:
        """Open the inner storage."""
        await self.storage.start()

    async def close(self) -> None:
        """Close the inner storage."""
        await self.storage.close()

    async def head(self, key: str, *, version: str = "") -> ObjectInfo:
        """Return what is known of the object; see ``Reader``."""
        return self._without_prefix(await self.storage.head(self.prefix + key, version=version))

    async def open(
        self,
        key: str,
        *,
        version: str = "",
        byte_range: ByteRange | None = None,
        timeout: float = TIMEOUT,  # noqa: ASYNC109 - as in ``Reader``
    ) -> ObjectBody:
        """Open the object; see ``Reader``."""
        body = await self.storage.open(self.prefix + key, version=version, byte_range=byte_range, timeout=timeout)
        body.info = self._without_prefix(body.info)
        return body

    async def open_if(
        self,
        key: str,
        *,
        if_none_match: str = "",
        if_modified_since: str = "",
        version: str = "",
        byte_range: ByteRange | None = None,
        timeout: float = TIMEOUT,  # noqa: ASYNC109 - as in ``Reader``
    ) -> ObjectBody | UnchangedObject:
        """Open the object unless it is unchanged; see ``Reader``."""
        result = await self.storage.open_if(
            self.prefix + key,
            if_none_match=if_none_match,
            if_modified_since=if_modified_since,
            version=version,
            byte_range=byte_range,
            timeout=timeout,
        )
        if isinstance(result, UnchangedObject):
            return UnchangedObject(self._without_prefix(result.info))
        result.info = self._without_prefix(result.info)
        return result

    async def put(
        self,
        key: str,
        body: bytes | AsyncIterable[bytes],
        *,
        content_type: str = "application/octet-stream",
        if_absent: bool = False,
        if_match: str = "",
    ) -> ObjectInfo:
        """Store ``body``; see ``Writer``."""
        return self._without_prefix(
            await self.storage.put(
                self.prefix + key, body, content_type=content_type, if_absent=if_absent, if_match=if_match
            )
        )

    async def delete(self, key: str) -> None:
        """Delete the object; see ``Writer``."""
        await self.storage.delete(self.prefix + key)

    async def list(self, prefix: str = "") -> AsyncIterator[ObjectInfo]:
        """Yield the objects in order of their keys; see ``Writer``."""
        async for info in self.storage.list(self.prefix + prefix):
            yield self._without_prefix(info)

    def _without_prefix(self, info: ObjectInfo) -> ObjectInfo:
        return replace(info, key=info.key.removeprefix(self.prefix))
