"""Writing one object to S3, at once or in parts."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import zlib
from collections.abc import AsyncGenerator, AsyncIterable, Mapping
from typing import TYPE_CHECKING, Any

from mememime_proxy.errors import (
    ObjectNotFoundError,
    PreconditionFailedError,
    StorageError,
    StorageFullError,
)
from mememime_proxy.storage.protocol import ObjectInfo

if TYPE_CHECKING:
    from mememime_proxy.storage.s3.bucket import S3Bucket

PART = 8 << 20
LATER_PART = 64 << 20
"""Size of the parts after the first thousand: S3 takes 10,000 parts, and objects may have more than 80 GB."""
_SMALL_PARTS, _PARTS = 1000, 10_000
_AT_ONCE = 1 << 18
"""Bytes above which a hash is made in a thread."""
_ABORT = 5.0


class Upload:
    """One put. Nothing is visible before its last request; what failed or was cancelled is aborted at the server."""

    def __init__(self, bucket: S3Bucket, key: str, content_type: str, conditions: Mapping[str, str]) -> None:
        self._bucket, self._key, self._type, self._conditions = bucket, key, content_type, dict(conditions)
        self._name = bucket.name(key)

    async def send(self, body: bytes | AsyncIterable[bytes]) -> ObjectInfo:
        """Stores the body and says what is there now."""
        parts = _slices(body) if isinstance(body, bytes) else _gathered(body)
        try:
            first = await anext(parts, b"")
            second = await anext(parts, b"")
            return await (self._parts([first, second], parts) if second else self._whole(first))
        finally:
            await parts.aclose()

    async def _whole(self, body: bytes) -> ObjectInfo:
        md5 = await _md5(body)
        wanted = self._name | self._conditions | {
            "Body": body,
            "ContentType": self._type,
            "ContentMD5": base64.b64encode(md5).decode(),
            # Kept by servers that know it, and sent along when the object is read.
            "ChecksumCRC32": base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode(),
        }  # fmt: skip
        return await self._finish("put_object", wanted, f'"{md5.hex()}"', len(body))

    async def _parts(self, head: list[bytes], rest: AsyncGenerator[bytes, None]) -> ObjectInfo:
        ask, digests, size = self._bucket.ask, b"", 0
        sent: list[dict[str, Any]] = []
        begun = await ask("create_multipart_upload", self._name | {"ContentType": self._type})
        wanted: dict[str, Any] = self._name | {"UploadId": begun["UploadId"]}
        try:
            while head or (head := [await anext(rest, b"")])[0]:
                part, number = head.pop(0), len(sent) + 1
                if number > _PARTS:
                    raise StorageFullError(f"more than {size} bytes")  # noqa: TRY301 - aborted like any other failure
                md5 = await _md5(part)
                answer = await ask(
                    "upload_part",
                    wanted | {"PartNumber": number, "Body": part, "ContentMD5": base64.b64encode(md5).decode()},
                )
                sent.append({"PartNumber": number, "ETag": answer["ETag"]})
                digests, size = digests + md5, size + len(part)
            whole = hashlib.md5(digests, usedforsecurity=False).hexdigest()
            return await self._finish(
                "complete_multipart_upload",
                wanted | self._conditions | {"MultipartUpload": {"Parts": sent}},
                f'"{whole}-{len(sent)}"',
                size,
            )
        except BaseException:
            await asyncio.shield(asyncio.ensure_future(self._abort(wanted)))
            raise

    async def _abort(self, wanted: Mapping[str, Any]) -> None:
        with contextlib.suppress(StorageError, TimeoutError):
            async with asyncio.timeout(_ABORT):
                await self._bucket.ask("abort_multipart_upload", wanted)

    async def _finish(self, operation: str, wanted: Mapping[str, Any], etag: str, size: int) -> ObjectInfo:
        """The request that makes the object visible.

        Where a retry is told that the condition does not hold, or that there is no such upload, an earlier attempt may
        have been carried out with its answer lost: the object is looked at then.
        """
        attempts: list[None] = []
        try:
            found = await self._bucket.ask(operation, wanted, lambda: attempts.append(None))
        except (PreconditionFailedError, ObjectNotFoundError):
            if len(attempts) == 1:
                raise
            with contextlib.suppress(ObjectNotFoundError):
                info = await self._bucket.head(self._key)
                if info.etag == etag and info.size == size:
                    return info
            raise
        return ObjectInfo(
            key=self._key,
            size=size,
            etag=found.get("ETag") or etag,
            content_type=self._type,
            version=found.get("VersionId", "").removeprefix("null"),
        )


async def _md5(data: bytes) -> bytes:
    """MD5 as S3 wants it for what is sent; not for security."""
    if len(data) <= _AT_ONCE:
        return hashlib.md5(data, usedforsecurity=False).digest()
    return (await asyncio.to_thread(hashlib.md5, data, usedforsecurity=False)).digest()


def _part_size(number: int) -> int:
    return PART if number < _SMALL_PARTS else LATER_PART


async def _slices(body: bytes) -> AsyncGenerator[bytes, None]:
    number = start = 0
    while start < len(body):
        end = start + _part_size(number)
        yield body if end >= len(body) and not start else body[start:end]
        number, start = number + 1, end


async def _gathered(body: AsyncIterable[bytes]) -> AsyncGenerator[bytes, None]:
    """Parts of full size, and what is left."""
    number, part = 0, bytearray()
    async for chunk in body:
        part += chunk
        while len(part) >= (size := _part_size(number)):
            yield bytes(part[:size])
            del part[:size]
            number += 1
    if part:
        yield bytes(part)
