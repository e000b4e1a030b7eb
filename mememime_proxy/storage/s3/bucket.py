"""Storage on a bucket of S3, or of another server with its API."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any

from mememime_proxy.errors import ObjectNotFoundError, RangeNotSatisfiableError, StorageError
from mememime_proxy.service.conditional import format_http_date
from mememime_proxy.service.ranges import ByteRange, ContentRange, parse_content_range
from mememime_proxy.storage.protocol import TIMEOUT, ObjectInfo, UnchangedObject
from mememime_proxy.storage.s3.body import S3Body
from mememime_proxy.storage.s3.client import S3Client
from mememime_proxy.storage.s3.operations import BucketOperations, object_info, quote_etag
from mememime_proxy.storage.s3.presigner import S3Presigner
from mememime_proxy.storage.s3.upload import S3Upload

PAGE = 1000
"""Objects in one page of a list; S3 sends no more."""


class S3Bucket:
    """A ``Storage`` on one bucket of ``client``, which its owner opens and closes.

    Reads are hedged, and each request is retried as ``Attempts`` says. Keys may have any characters.
    """

    def __init__(self, client: S3Client, bucket: str) -> None:
        self.client, self.bucket = client, bucket
        self._operations = BucketOperations(client, bucket)

    async def start(self) -> None:
        """Open the client, unless it is open."""
        await self.client.start()

    async def close(self) -> None:
        """Do nothing: the client has another owner."""

    async def head(self, key: str, *, version: str = "") -> ObjectInfo:
        """Return what is known of the object; see ``Reader``."""
        return await self._operations.head(key, version)

    async def open(
        self,
        key: str,
        *,
        version: str = "",
        byte_range: ByteRange | None = None,
        timeout: float = TIMEOUT,  # noqa: ASYNC109 - as in ``Reader``
    ) -> S3Body:
        """Open the object; see ``Reader``."""
        result = await self._get(key, version, byte_range, timeout, {})
        if isinstance(result, UnchangedObject):
            raise StorageError(f"get {self.bucket}: status 304 without a condition")
        return result

    async def open_if(
        self,
        key: str,
        *,
        if_none_match: str = "",
        if_modified_since: str = "",
        version: str = "",
        byte_range: ByteRange | None = None,
        timeout: float = TIMEOUT,  # noqa: ASYNC109 - as in ``Reader``
    ) -> S3Body | UnchangedObject:
        """Open the object unless it is unchanged; see ``Reader``. S3 does not send the size of an unchanged one."""
        conditions: dict[str, Any] = {}
        if if_none_match:
            conditions["IfNoneMatch"] = if_none_match
        elif date := _parse_date(if_modified_since):
            conditions["IfModifiedSince"] = date
        return await self._get(key, version, byte_range, timeout, conditions)

    async def _get(
        self,
        key: str,
        version: str,
        byte_range: ByteRange | None,
        timeout: float,  # noqa: ASYNC109 - as in ``Reader``
        conditions: Mapping[str, Any],
    ) -> S3Body | UnchangedObject:
        self._operations.object_parameters(key)
        parameters = {**conditions, **({"Range": _range_header(byte_range)} if byte_range else _CHECKSUM)}
        operation = f"get {self.bucket}"

        async def attempt() -> S3Body | UnchangedObject:
            response = await self.client.direct_get.get(self.bucket, key, version, parameters)
            if response.response is None:
                return UnchangedObject(object_info(key, response.headers, 0))
            try:
                extent = _extent(response.headers, operation)
                info = object_info(key, response.headers, extent.size or 0)
                resume = partial(self._resume, info, version)
                body = S3Body(info, extent.start, extent.end, operation, self.client.stats, resume)
                return await body.begin(response.response, response.headers)
            except BaseException:
                response.response.close()
                raise

        return await self._operations.retry("get", attempt, timeout, _close)

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
            response = await self.client.direct_get.get(self.bucket, info.key, version, parameters)
            if response.status == 206:
                extent = _extent(response.headers, self.bucket)
                if (extent.start, extent.end) == (start, end):
                    return response.response
            if response.response is not None:
                response.response.close()
            raise StorageError(f"get {self.bucket}: the server does not continue the body")

        return await self._operations.retry("resume", attempt, TIMEOUT, None)

    async def put(
        self,
        key: str,
        body: bytes | AsyncIterable[bytes],
        *,
        content_type: str = "application/octet-stream",
        if_absent: bool = False,
        if_match: str = "",
    ) -> ObjectInfo:
        """Store ``body``; see ``Writer``. Above 8 MiB it is sent in parts, of which two are in memory at most."""
        conditions = {"IfNoneMatch": "*"} if if_absent else {"IfMatch": if_match} if if_match else {}
        info = await S3Upload(self._operations, key, content_type, conditions).send(body)
        self.client.stats.bytes_written += info.size
        return info

    async def delete(self, key: str) -> None:
        """Delete the object; see ``Writer``."""
        try:
            await self._operations.call("delete_object", self._operations.object_parameters(key))
        except ObjectNotFoundError:
            return

    async def list(self, prefix: str = "") -> AsyncIterator[ObjectInfo]:
        """Yield the objects in order of their keys; one request for each page."""
        parameters: dict[str, Any] = {"Bucket": self.bucket, "Prefix": prefix, "MaxKeys": PAGE}
        while True:
            page = await self._operations.call("list_objects_v2", parameters)
            for entry in page.get("Contents", ()):
                modified = datetime.fromisoformat(entry["LastModified"].replace("Z", "+00:00")).timestamp()
                yield ObjectInfo(
                    key=entry["Key"],
                    size=int(entry["Size"]),
                    etag=quote_etag(entry.get("ETag", "")),
                    last_modified=format_http_date(modified),
                )
            if not page.get("IsTruncated"):
                return
            parameters["ContinuationToken"] = page["NextContinuationToken"]

    def presigner(self) -> S3Presigner:
        """Return the presigner for this bucket; see ``SupportsPresigning``."""
        return S3Presigner(self._operations)


_CHECKSUM = {"ChecksumMode": "ENABLED"}


def _close(result: S3Body | UnchangedObject) -> None:
    if isinstance(result, S3Body):
        result.close()


def _range_header(byte_range: ByteRange) -> str:
    first, last = byte_range.first, byte_range.last
    # S3 ignores such a header and sends the complete object.
    if last is not None and last < (1 if first is None else first):
        raise RangeNotSatisfiableError("the range has no bytes")
    return str(byte_range)


def _parse_date(text: str) -> datetime | None:
    """Return an HTTP date; None for another text, which counts as no condition (RFC 9110 13.1.3)."""
    try:
        return parsedate_to_datetime(text) if text else None
    except ValueError:
        return None


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
