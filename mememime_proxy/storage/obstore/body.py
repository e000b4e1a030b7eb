"""Body and info of an object from obstore."""

from __future__ import annotations

from collections.abc import AsyncIterator
from email.utils import formatdate
from types import TracebackType
from typing import TYPE_CHECKING, Self

from mememime_proxy.errors import StorageError
from mememime_proxy.storage.obstore.errors import translating_errors
from mememime_proxy.storage.protocol import CHUNK, ObjectInfo

if TYPE_CHECKING:
    from obstore import GetResult, ObjectMeta

_MIN_BUFFER = 1 << 16


class ObstoreBody:
    """An ``ObjectBody``. obstore reads on only while the body is iterated."""

    def __init__(self, key: str, result: GetResult) -> None:
        self.info = info_of_result(key, result)
        self.start, self.end = result.range
        self._result: GetResult | None = result

    async def __aiter__(self) -> AsyncIterator[bytes]:
        remaining, result = self.end - self.start, self._result
        if result is None:
            raise StorageError("the object is closed, or was read already")
        with translating_errors():
            async for buffer in result.stream(min_chunk_size=_MIN_BUFFER):
                data = bytes(buffer)
                remaining -= len(data)
                for start in range(0, len(data), CHUNK):
                    yield data[start : start + CHUNK]
        if remaining:
            raise StorageError(f"the body ended {remaining} bytes early")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._result = None


def quote_etag(etag: str | None) -> str:
    """Return ``etag`` in the form of the HTTP header; '' for none."""
    if not etag:
        return ""
    return etag if etag.startswith(('"', "W/")) else f'"{etag}"'


def info_of_result(key: str, result: GetResult) -> ObjectInfo:
    """Return what the result of a GET says of its object."""
    meta, attributes = result.meta, result.attributes
    return ObjectInfo(
        key=key,
        size=meta["size"],
        etag=quote_etag(meta["e_tag"]),
        last_modified=formatdate(meta["last_modified"].timestamp(), usegmt=True),
        content_type=attributes.get("Content-Type", ""),
        content_encoding=attributes.get("Content-Encoding", ""),
        cache_control=attributes.get("Cache-Control", ""),
        version=meta["version"] or "",
    )


def info_of_meta(meta: ObjectMeta) -> ObjectInfo:
    """Return what a list says of an object."""
    return ObjectInfo(
        key=meta["path"],
        size=meta["size"],
        etag=quote_etag(meta["e_tag"]),
        last_modified=formatdate(meta["last_modified"].timestamp(), usegmt=True),
        version=meta["version"] or "",
    )
