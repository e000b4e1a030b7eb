"""Body of an object from an S3 server."""

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
from mememime_proxy.storage.s3.errors import FOREIGN, translate_error


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
    """An ``ObjectBody``. Only what aiohttp has received and the reader has not taken is in memory (about 128 KiB).

    Where a connection breaks or stalls, ``resume(start, end)`` returns a response with the missing bytes, or None; it
    is called at most once for each 256 KiB. A body that does not match the server's checksum raises StorageError. The
    connection is reused once all was read, and closed otherwise.
    """

    def __init__(
        self,
        info: ObjectInfo,
        start: int,
        end: int,
        operation: str,
        stats: StorageStats,
        resume: Callable[[int, int], Awaitable[Any]],
    ) -> None:
        self.info, self.start, self.end = info, start, end
        self._operation, self._stats, self._resume = operation, stats, resume
        self._remaining = end - start
        self._resumed_at = self._remaining + CHUNK  # bytes that remained then
        self._first_chunk = b""
        self._response: Any = None
        self._hash: _Hash | None = None
        self._checksum = ""

    async def begin(self, response: Any, headers: Mapping[str, str]) -> Self:
        """Wait for the first bytes of aiohttp's ``response``. Raises what aiohttp raises."""
        self._response = response
        if self._remaining == self.info.size and headers.get("x-amz-checksum-type") != "COMPOSITE":
            name = next((name for name in _HASHES if name in headers), "")
            if name and "-" not in headers[name]:  # "…-3": checksum of three parts' checksums, not of the bytes
                self._hash, self._checksum = _HASHES[name](), headers[name]
        if self._remaining:
            self._first_chunk = await response.content.read(CHUNK)
        return self

    def close(self) -> None:
        """Release the connection where all was read, else close it."""
        if self._remaining:
            self._response.close()
        else:
            self._response.release()
        self._first_chunk = b""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while self._remaining:
            chunk = self._first_chunk or await self._read()
            self._first_chunk = b""
            if len(chunk) > self._remaining:
                raise StorageError(f"{self._operation}: {self._remaining} bytes expected, {len(chunk)} received")
            self._remaining -= len(chunk)
            self._stats.bytes_read += len(chunk)
            if self._hash is not None:
                self._hash.update(chunk)
                if not self._remaining and base64.b64encode(self._hash.digest()).decode() != self._checksum:
                    raise StorageError(f"{self._operation}: the checksum does not match")
            yield chunk

    async def _read(self) -> bytes:
        """Return at least one byte, of this response or of one that continues it."""
        error = StorageError(f"{self._operation}: the body ended {self._remaining} bytes early")
        while True:
            try:
                if chunk := await self._response.content.read(CHUNK):
                    return bytes(chunk)
            except FOREIGN as caught:
                error = translate_error(caught, self._operation)
            self._response.close()
            if self._resumed_at - self._remaining < CHUNK:
                raise error
            self._resumed_at = self._remaining
            response = await self._resume(self.end - self._remaining, self.end)
            if response is None:
                raise error
            self._response = response

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
