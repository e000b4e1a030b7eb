"""Write of one object to S3, with one request or in parts."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import zlib
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from mememime_proxy.errors import ObjectNotFoundError, PreconditionFailedError, StorageError, StorageFullError
from mememime_proxy.storage.protocol import ObjectInfo
from mememime_proxy.storage.s3.operations import BucketOperations

PART = 8 << 20
LATER_PART = 64 << 20
"""Size of the parts after the first thousand: S3 takes 10,000 parts, and objects may have more than 80 GB."""
_SMALL_PARTS, _PARTS = 1000, 10_000
_HASH_IN_THREAD = 1 << 18
"""Bytes above which a hash is computed in a thread."""
_ABORT_TIMEOUT = 5.0
_LastRequest = Callable[[Callable[[], None]], Awaitable[Mapping[str, Any]]]
"""Its argument is called at each attempt."""


class S3Upload:
    """One put. Nothing is visible before its last request; a failed or cancelled upload is aborted on the server."""

    def __init__(
        self, operations: BucketOperations, key: str, content_type: str, conditions: Mapping[str, str]
    ) -> None:
        self._operations, self._key, self._content_type = operations, key, content_type
        self._conditions = dict(conditions)
        self._object = operations.object_parameters(key)

    async def send(self, body: bytes | AsyncIterable[bytes]) -> ObjectInfo:
        """Store ``body`` and return the object's new state."""
        parts = _slice(body) if isinstance(body, bytes) else _collect_parts(body)
        try:
            first = await anext(parts, b"")
            second = await anext(parts, b"")
            return await (self._send_parts([first, second], parts) if second else self._send_at_once(first))
        finally:
            await parts.aclose()

    async def _send_at_once(self, body: bytes) -> ObjectInfo:
        md5 = await _md5(body)
        parameters = self._conditions | {
            "ContentType": self._content_type,
            "ContentMD5": base64.b64encode(md5).decode(),
            # Servers that support it store it and send it with the object.
            "ChecksumCRC32": base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode(),
        }  # fmt: skip
        put = partial(self._operations.put, self._key, body, parameters)
        return await self._finish(put, f'"{md5.hex()}"', len(body))

    async def _send_parts(self, first_parts: list[bytes], parts: AsyncGenerator[bytes, None]) -> ObjectInfo:
        call, digests, size = self._operations.call, b"", 0
        part_list: list[dict[str, Any]] = []
        created = await call("create_multipart_upload", self._object | {"ContentType": self._content_type})
        upload: dict[str, Any] = self._object | {"UploadId": created["UploadId"]}
        try:
            while first_parts or (first_parts := [await anext(parts, b"")])[0]:
                part, number = first_parts.pop(0), len(part_list) + 1
                if number > _PARTS:
                    raise StorageFullError(f"more than {size} bytes")  # noqa: TRY301 - aborted like any other failure
                md5 = await _md5(part)
                response = await call(
                    "upload_part",
                    upload | {"PartNumber": number, "Body": part, "ContentMD5": base64.b64encode(md5).decode()},
                )
                part_list.append({"PartNumber": number, "ETag": response["ETag"]})
                digests, size = digests + md5, size + len(part)
            digest = hashlib.md5(digests, usedforsecurity=False).hexdigest()
            parameters = upload | self._conditions | {"MultipartUpload": {"Parts": part_list}}
            complete = partial(call, "complete_multipart_upload", parameters)
            return await self._finish(complete, f'"{digest}-{len(part_list)}"', size)
        except BaseException:
            await asyncio.shield(asyncio.ensure_future(self._abort(upload)))
            raise

    async def _abort(self, upload: Mapping[str, Any]) -> None:
        with contextlib.suppress(StorageError, TimeoutError):
            async with asyncio.timeout(_ABORT_TIMEOUT):
                await self._operations.call("abort_multipart_upload", upload)

    async def _finish(self, send: _LastRequest, etag: str, size: int) -> ObjectInfo:
        """Send the request that makes the object visible.

        Where a retry fails on its condition, or for a missing upload, an earlier attempt may have been carried out and
        its response lost: the object is looked up then.
        """
        attempts: list[None] = []
        try:
            response = await send(lambda: attempts.append(None))
        except (PreconditionFailedError, ObjectNotFoundError):
            if len(attempts) == 1:
                raise
            with contextlib.suppress(ObjectNotFoundError):
                info = await self._operations.head(self._key)
                if info.etag == etag and info.size == size:
                    return info
            raise
        return ObjectInfo(
            key=self._key,
            size=size,
            etag=response.get("ETag") or etag,
            content_type=self._content_type,
            version=response.get("VersionId", "").removeprefix("null"),
        )


async def _md5(data: bytes) -> bytes:
    """Return the MD5 that S3 requires for a body; not for security."""
    if len(data) <= _HASH_IN_THREAD:
        return hashlib.md5(data, usedforsecurity=False).digest()
    return (await asyncio.to_thread(hashlib.md5, data, usedforsecurity=False)).digest()


def _part_size(index: int) -> int:
    return PART if index < _SMALL_PARTS else LATER_PART


async def _slice(body: bytes) -> AsyncGenerator[bytes, None]:
    index = start = 0
    while start < len(body):
        end = start + _part_size(index)
        yield body if end >= len(body) and not start else body[start:end]
        index, start = index + 1, end


async def _collect_parts(body: AsyncIterable[bytes]) -> AsyncGenerator[bytes, None]:
    """Yield parts of full size, and the rest."""
    index, part = 0, bytearray()
    async for chunk in body:
        part += chunk
        while len(part) >= (size := _part_size(index)):
            yield bytes(part[:size])
            del part[:size]
            index += 1
    if part:
        yield bytes(part)
