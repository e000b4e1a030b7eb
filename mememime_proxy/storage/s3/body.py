"""The bytes of an object on their way from an S3 server."""

from __future__ import annotations

import base64
import hashlib
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from types import TracebackType
from typing import Any, Protocol, Self

from mememime_proxy.errors import StorageError
from mememime_proxy.storage.protocol import CHUNK, ObjectInfo
from mememime_proxy.storage.resilience.stats import StorageStats
from mememime_proxy.storage.s3.errors import FOREIGN, translated


class _Hash(Protocol):
    def update(self, data: bytes, /) -> None: ...

    def digest(self) -> bytes: ...


class _Crc32:
    def __init__(self) -> None:
        self._value = 0

    def update(self, data: bytes, /) -> None:
        self._value = zlib.crc32(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(4, "big")


_HASHES: Mapping[str, Callable[[], _Hash]] = {
    "x-amz-checksum-crc32": _Crc32,
    "x-amz-checksum-sha1": lambda: hashlib.sha1(usedforsecurity=False),
    "x-amz-checksum-sha256": hashlib.sha256,
}


class S3Body:
    """An ObjectBody: what aiohttp has received and nobody has taken yet is all that is in memory (some 128 KiB).

    Where a connection breaks or stands still, ``rest(start, end)`` is asked for a response that goes on, once for each
    256 KiB; where it has none, that ends in the error. A body that does not match the checksum that the server sent
    raises StorageError. The connection serves again once all was read; left earlier, it is cut.
    """

    def __init__(
        self,
        info: ObjectInfo,
        start: int,
        end: int,
        doing: str,
        stats: StorageStats,
        rest: Callable[[int, int], Awaitable[Any]],
    ) -> None:
        self.info, self.start, self.end = info, start, end
        self._doing, self._stats, self._rest = doing, stats, rest
        self._left = end - start
        self._resumed = self._left + CHUNK  # what was left then
        self._first = b""
        self._response: Any = None
        self._hash: _Hash | None = None
        self._digest = ""

    async def begin(self, response: Any, headers: Mapping[str, str]) -> Self:
        """Waits for the first bytes of ``response``, aiohttp's. Raises what aiohttp raises."""
        self._response = response
        if self._left == self.info.size and headers.get("x-amz-checksum-type") != "COMPOSITE":
            name = next((name for name in _HASHES if name in headers), "")
            if name and "-" not in headers[name]:  # "…-3": of three parts' checksums, not of the bytes
                self._hash, self._digest = _HASHES[name](), headers[name]
        if self._left:
            self._first = await response.content.read(CHUNK)
        return self

    def close(self) -> None:
        """Cuts the connection, unless all was read."""
        if self._left:
            self._response.close()
        else:
            self._response.release()
        self._first = b""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while self._left:
            chunk = self._first or await self._read()
            self._first = b""
            if len(chunk) > self._left:
                raise StorageError(f"{self._doing}: {self._left} bytes were to come, {len(chunk)} came")
            self._left -= len(chunk)
            self._stats.bytes_read += len(chunk)
            if self._hash is not None:
                self._hash.update(chunk)
                if not self._left and base64.b64encode(self._hash.digest()).decode() != self._digest:
                    raise StorageError(f"{self._doing}: the checksum does not match")
            yield chunk

    async def _read(self) -> bytes:
        """At least one byte, of this response or of one that goes on where it broke off."""
        error = StorageError(f"{self._doing}: the body ended {self._left} bytes early")
        while True:
            try:
                if chunk := await self._response.content.read(CHUNK):
                    return bytes(chunk)
            except FOREIGN as caught:
                error = translated(caught, self._doing)
            self._response.close()
            if self._resumed - self._left < CHUNK:
                raise error
            self._resumed = self._left
            response = await self._rest(self.end - self._left, self.end)
            if response is None:
                raise error
            self._response = response

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
