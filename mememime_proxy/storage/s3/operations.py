"""Requests about the objects of one S3 bucket: named for the SDK, retried, with this project's errors."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, TypeVar

from mememime_proxy.errors import (
    ObjectNotFoundError,
    RangeNotSatisfiableError,
    StorageError,
    StorageTimeoutError,
    StorageUnavailableError,
)
from mememime_proxy.service.ranges import ByteRange, ContentRange, parse_content_range
from mememime_proxy.storage.protocol import TIMEOUT, ObjectInfo, UnchangedObject
from mememime_proxy.storage.resilience.attempts import RetryableError
from mememime_proxy.storage.s3.body import S3Body
from mememime_proxy.storage.s3.client import S3Client
from mememime_proxy.storage.s3.errors import FOREIGN, translate_error

_DOTS = frozenset({".", ".."})
_CHECKSUM = {"ChecksumMode": "ENABLED"}
T = TypeVar("T")


class BucketOperations:
    """Operations on ``bucket``, sent through ``client``."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self.client, self.bucket = client, bucket

    def object_parameters(self, key: str, version: str = "") -> dict[str, Any]:
        """Return the SDK's parameters that name the object. ObjectNotFoundError for a key that no object can have.

        Bucket and key become a path, and a proxy or server may resolve dots in it: these would lead into a bucket that
        is not allowed.
        """
        if self.bucket in _DOTS or not key or not _DOTS.isdisjoint(key.split("/")):
            raise ObjectNotFoundError(f"{self.bucket}: no object can have this name")
        return {"Bucket": self.bucket, "Key": key, **({"VersionId": version} if version else {})}

    async def call(
        self, operation: str, parameters: Mapping[str, Any], on_attempt: Callable[[], None] | None = None
    ) -> dict[str, Any]:
        """Call one operation of the SDK. It is retried but not hedged, so it may change something."""
        return await self._call(operation, parameters, None, on_attempt)

    async def put(
        self, key: str, body: bytes, parameters: Mapping[str, str], on_attempt: Callable[[], None]
    ) -> Mapping[str, Any]:
        """Store ``body`` in one request, with the SDK's further ``parameters``; retried, and not hedged."""

        async def attempt() -> Mapping[str, Any]:
            on_attempt()
            await self.client.require_open()
            return await self.client.direct.put(self.bucket, key, body, parameters)

        return await self.retry("put", attempt, TIMEOUT, None)

    async def head(self, key: str, version: str = "") -> ObjectInfo:
        """Return what is known of the object, without its bytes."""
        response = await self._call("head_object", self.object_parameters(key, version), _ignore, None)
        return _object_info(key, response["ResponseMetadata"]["HTTPHeaders"], int(response.get("ContentLength", 0)))

    async def _call(
        self,
        operation: str,
        parameters: Mapping[str, Any],
        discard: Callable[[Any], None] | None,
        on_attempt: Callable[[], None] | None,
    ) -> dict[str, Any]:
        async def attempt() -> dict[str, Any]:
            if on_attempt is not None:
                on_attempt()
            await self.client.require_open()
            response: dict[str, Any] = await getattr(self.client.sdk, operation)(**parameters)
            return response

        return await self.retry(operation.partition("_")[0], attempt, TIMEOUT, discard)

    async def get(
        self,
        key: str,
        version: str,
        byte_range: ByteRange | None,
        timeout: float,  # noqa: ASYNC109 - as in ``Reader``
        conditions: Mapping[str, Any],
    ) -> S3Body | UnchangedObject:
        """Open the object, hedged, with the SDK's parameters ``conditions``."""
        self.object_parameters(key)
        parameters = {**conditions, **({"Range": _range_header(byte_range)} if byte_range else _CHECKSUM)}
        operation = f"get {self.bucket}"

        async def attempt() -> S3Body | UnchangedObject:
            await self.client.require_open()
            response = await self.client.direct.get(self.bucket, key, version, parameters)
            if response.response is None:
                return UnchangedObject(_object_info(key, response.headers, 0))
            try:
                extent = _extent(response.headers, operation)
                info = _object_info(key, response.headers, extent.size or 0)
                resume = partial(self._resume, info, version)
                body = S3Body(info, extent.start, extent.end, operation, self.client.stats, resume)
                return await body.begin(response.response, response.headers)
            except BaseException:
                response.response.close()
                raise

        return await self.retry("get", attempt, timeout, _close)

    async def _resume(self, info: ObjectInfo, version: str, start: int, end: int) -> Any:
        """Return aiohttp's response with the bytes from ``start`` to before ``end`` of the same state.

        None where the budget for retries is spent, or where the state cannot be told apart from others.
        """
        attempts = self.client.attempts(self.bucket)
        if not info.etag or not attempts.retries.spend():
            return None
        attempts.stats.retries += 1
        parameters = {"Range": f"bytes={start}-{end - 1}", "IfMatch": info.etag}

        async def attempt() -> Any:
            response = await self.client.direct.get(self.bucket, info.key, version, parameters)
            if response.status == 206:
                extent = _extent(response.headers, self.bucket)
                if (extent.start, extent.end) == (start, end):
                    return response.response
            if response.response is not None:
                response.response.close()
            raise StorageError(f"get {self.bucket}: the server does not continue the body")

        return await self.retry("resume", attempt, TIMEOUT, None)

    async def retry(
        self,
        label: str,
        attempt: Callable[[], Awaitable[T]],
        timeout: float,  # noqa: ASYNC109 - all attempts together
        discard: Callable[[T], None] | None,
    ) -> T:
        """Return the result of ``attempt``, made again and hedged as ``Attempts`` says, with translated errors."""

        async def translated() -> T:
            try:
                return await attempt()
            except FOREIGN as caught:
                error = translate_error(caught, f"{label} {self.bucket}")
            if isinstance(error, StorageUnavailableError | StorageTimeoutError):
                raise RetryableError(error)
            raise error

        return await self.client.attempts(self.bucket).run(label, translated, timeout=timeout, discard=discard)


def _close(result: S3Body | UnchangedObject) -> None:
    if isinstance(result, S3Body):
        result.close()


def _range_header(byte_range: ByteRange) -> str:
    first, last = byte_range.first, byte_range.last
    # S3 ignores such a header and sends the complete object.
    if last is not None and last < (1 if first is None else first):
        raise RangeNotSatisfiableError("the range has no bytes")
    return str(byte_range)


def _extent(headers: Mapping[str, str], operation: str) -> ContentRange:
    """Return which bytes of the object the response has; the size is known."""
    if "content-length" not in headers:
        raise StorageError(f"{operation}: the response has no Content-Length")
    length = int(headers["content-length"])
    header = headers.get("content-range")
    if not header:  # no range was requested, or the server does not support ranges
        return ContentRange(0, length, length)
    extent = parse_content_range(header)
    if extent is None or extent.size is None or extent.end - extent.start != length:
        raise StorageError(f"{operation}: Content-Range {header!r} with {length} bytes")
    return extent


def _object_info(key: str, headers: Mapping[str, str], size: int) -> ObjectInfo:
    """Return what response ``headers`` (names in lower case) say of the object."""
    return ObjectInfo(
        key=key,
        size=size,
        etag=quote_etag(headers.get("etag", "")),
        last_modified=headers.get("last-modified", ""),
        content_type=headers.get("content-type", ""),
        # Some servers store the coding of the upload itself.
        content_encoding=headers.get("content-encoding", "").removeprefix("aws-chunked").lstrip(", "),
        cache_control=headers.get("cache-control", ""),
        expires=headers.get("expires", ""),
        version=headers.get("x-amz-version-id", "").removeprefix("null"),
    )


def quote_etag(etag: str) -> str:
    """Return ``etag`` in quotes; '' for none."""
    return etag if not etag or etag.endswith('"') else f'"{etag}"'


def _ignore(_: object) -> None:
    """Discard a response without a body: nothing has to be closed."""
