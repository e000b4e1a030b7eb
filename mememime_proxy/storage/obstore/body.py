"""Objects as obstore brings them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import TracebackType
from typing import TYPE_CHECKING, Self

from mememime_proxy.errors import StorageError
from mememime_proxy.storage.conditions import http_date
from mememime_proxy.storage.obstore.errors import translated
from mememime_proxy.storage.protocol import CHUNK, ObjectInfo

if TYPE_CHECKING:
    from obstore import GetResult, ObjectMeta

_PIECE = 1 << 16


class CloudBody:
    """An object on its way; the library reads on only while somebody reads here."""

    def __init__(self, key: str, found: GetResult) -> None:
        self.info = facts(key, found)
        self.start, self.end = found.range
        self._found: GetResult | None = found

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left, found = self.end - self.start, self._found
        if found is None:
            raise StorageError("the object is closed, or was read already")
        with translated():
            async for buffer in found.stream(min_chunk_size=_PIECE):
                chunk = bytes(buffer)
                left -= len(chunk)
                for start in range(0, len(chunk), CHUNK):
                    yield chunk[start : start + CHUNK]
        if left:
            raise StorageError(f"{left} bytes are missing at the end")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._found = None


def quoted(etag: str | None) -> str:
    """An entity tag as HTTP has it; '' for none."""
    if not etag:
        return ""
    return etag if etag.startswith(('"', "W/")) else f'"{etag}"'


def facts(key: str, found: GetResult) -> ObjectInfo:
    """What an answer tells of its object."""
    meta, said = found.meta, found.attributes
    return ObjectInfo(
        key=key,
        size=meta["size"],
        etag=quoted(meta["e_tag"]),
        last_modified=http_date(meta["last_modified"].timestamp()),
        content_type=said.get("Content-Type", ""),
        content_encoding=said.get("Content-Encoding", ""),
        cache_control=said.get("Cache-Control", ""),
        version=meta["version"] or "",
    )


def listed(meta: ObjectMeta) -> ObjectInfo:
    """What a list tells of an object."""
    return ObjectInfo(
        key=meta["path"],
        size=meta["size"],
        etag=quoted(meta["e_tag"]),
        last_modified=http_date(meta["last_modified"].timestamp()),
        version=meta["version"] or "",
    )
