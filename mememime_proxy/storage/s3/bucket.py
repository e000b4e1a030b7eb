"""Storage on a bucket of S3, or of another server with its API."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator
from datetime import datetime
from email.utils import formatdate, parsedate_to_datetime
from typing import Any

from mememime_proxy.errors import ObjectNotFoundError, StorageError
from mememime_proxy.service.ranges import ByteRange
from mememime_proxy.storage.protocol import TIMEOUT, ObjectInfo, UnchangedObject
from mememime_proxy.storage.s3.body import S3Body
from mememime_proxy.storage.s3.client import S3Client
from mememime_proxy.storage.s3.operations import BucketOperations, quote_etag
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
        result = await self._operations.get(key, version, byte_range, timeout, {})
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
        return await self._operations.get(key, version, byte_range, timeout, conditions)

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
                    last_modified=formatdate(modified, usegmt=True),
                )
            if not page.get("IsTruncated"):
                return
            parameters["ContinuationToken"] = page["NextContinuationToken"]

    def presigner(self) -> S3Presigner:
        """Return the presigner for this bucket; see ``SupportsPresigning``."""
        return S3Presigner(self._operations)


def _parse_date(text: str) -> datetime | None:
    """Return an HTTP date; None for another text, which counts as no condition (RFC 9110 13.1.3)."""
    try:
        return parsedate_to_datetime(text) if text else None
    except ValueError:
        return None
