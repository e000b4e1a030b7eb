"""A bucket of S3, or of another server that speaks it, as a storage."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any, TypeVar

from mememime_proxy.errors import (
    ObjectNotFoundError,
    RangeNotSatisfiableError,
    StorageError,
    StorageTimeoutError,
    StorageUnavailableError,
)
from mememime_proxy.storage.conditions import http_date
from mememime_proxy.storage.protocol import ObjectBody, ObjectInfo, Span, Unchanged
from mememime_proxy.storage.resilience.attempts import RetryableError
from mememime_proxy.storage.s3.body import S3Body
from mememime_proxy.storage.s3.client import S3Client
from mememime_proxy.storage.s3.errors import FOREIGN, translated
from mememime_proxy.storage.s3.presigner import S3Presigner
from mememime_proxy.storage.s3.upload import Upload

TIMEOUT = 30.0
"""Seconds for a request that is not given its own, retries included."""
PAGE = 1000
"""Objects of one answer to a list; S3 gives no more."""
_DOTS = frozenset({".", ".."})
T = TypeVar("T")


def _nothing(*_: object) -> None:
    """An answer without a body holds nothing that would have to be given back."""


class S3Bucket:
    """A Storage on one bucket of ``client``, which is opened and closed by whoever made it.

    Reads are hedged; each request is retried as ``Attempts`` says. Keys are taken as they are.
    """

    def __init__(self, client: S3Client, bucket: str) -> None:
        self.client, self.bucket = client, bucket

    async def start(self) -> None:
        """Opens the client, if nobody has."""
        await self.client.start()

    async def close(self) -> None:
        """Nothing of its own is open."""

    async def head(self, key: str, *, version: str = "") -> ObjectInfo:
        """See Reader."""
        wanted = self._wanted(key, version)
        answer = await self._ask("head", "head_object", wanted, discard=_nothing)
        return _info(key, answer["ResponseMetadata"]["HTTPHeaders"], int(answer.get("ContentLength", 0)))

    async def open(
        self,
        key: str,
        *,
        version: str = "",
        span: Span | None = None,
        if_none_match: str = "",
        if_modified_since: str = "",
        timeout: float = TIMEOUT,  # noqa: ASYNC109 - the Protocol's
    ) -> ObjectBody | Unchanged:
        """See Reader. The size of an Unchanged is 0: S3 does not tell it there."""
        self.name(key)
        wanted: dict[str, Any] = {"ChecksumMode": "ENABLED"} if span is None else {"Range": _range(span)}
        if if_none_match:
            wanted["IfNoneMatch"] = if_none_match
        elif since := _moment(if_modified_since):
            wanted["IfModifiedSince"] = since
        doing = f"get {self.bucket}"

        async def attempt() -> S3Body | Unchanged:
            got = await self.client.direct.get(self.bucket, key, version, wanted)
            if got.response is None:
                return Unchanged(_info(key, got.headers, 0))
            try:
                start, end, size = _extent(got.headers, doing)
                info = _info(key, got.headers, size)
                body = S3Body(info, start, end, doing, self.client.stats, partial(self._rest, info, version))
                return await body.begin(got.response, got.headers)
            except BaseException:
                got.response.close()
                raise

        return await self._attempts("get", attempt, timeout, _close)

    async def _rest(self, info: ObjectInfo, version: str, start: int, end: int) -> Any:
        """aiohttp's response with the bytes from ``start`` to before ``end`` of the same state; None where the budget
        of retries does not allow it, or there is no telling whether it is the same."""
        attempts = self.client.attempts(self.bucket)
        if not info.etag or not attempts.retries.spend():
            return None
        attempts.stats.retries += 1
        wanted = {"Range": f"bytes={start}-{end - 1}", "IfMatch": info.etag}

        async def attempt() -> Any:
            got = await self.client.direct.get(self.bucket, info.key, version, wanted)
            if got.status == 206 and _extent(got.headers, self.bucket)[:2] == (start, end):
                return got.response
            if got.response is not None:
                got.response.close()
            raise StorageError(f"get {self.bucket}: no continuation")

        return await self._attempts("resume", attempt, TIMEOUT, None)

    async def put(
        self,
        key: str,
        body: bytes | AsyncIterable[bytes],
        *,
        content_type: str = "application/octet-stream",
        if_absent: bool = False,
        if_match: str = "",
    ) -> ObjectInfo:
        """See Writer. Above 8 MiB it is sent in parts, of which two are in memory at most."""
        conditions = {"IfNoneMatch": "*"} if if_absent else {"IfMatch": if_match} if if_match else {}
        upload = Upload(self, key, content_type, conditions)
        info = await upload.send(body)
        self.client.stats.bytes_written += info.size
        return info

    async def delete(self, key: str) -> None:
        """See Writer."""
        try:
            await self.ask("delete_object", self._wanted(key))
        except ObjectNotFoundError:
            return

    async def list(self, prefix: str = "") -> AsyncIterator[ObjectInfo]:
        """See Writer: a request for each page of objects."""
        wanted: dict[str, Any] = {"Bucket": self.bucket, "Prefix": prefix, "MaxKeys": PAGE}
        while True:
            page = await self.ask("list_objects_v2", wanted)
            for entry in page.get("Contents", ()):
                modified = datetime.fromisoformat(entry["LastModified"].replace("Z", "+00:00")).timestamp()
                yield ObjectInfo(
                    key=entry["Key"],
                    size=int(entry["Size"]),
                    etag=_quoted(entry.get("ETag", "")),
                    last_modified=http_date(modified),
                )
            if not page.get("IsTruncated"):
                return
            wanted["ContinuationToken"] = page["NextContinuationToken"]

    def presigner(self) -> S3Presigner:
        """See ``presigning``."""
        return S3Presigner(self)

    async def ask(
        self, operation: str, wanted: Mapping[str, Any], on_attempt: Callable[[], None] = _nothing
    ) -> dict[str, Any]:
        """One operation of the SDK, retried but not hedged: for what changes something."""
        return await self._ask(operation.partition("_")[0], operation, wanted, None, on_attempt)

    async def _ask(
        self,
        label: str,
        operation: str,
        wanted: Mapping[str, Any],
        discard: Callable[[Any], None] | None,
        on_attempt: Callable[[], None] = _nothing,
    ) -> dict[str, Any]:
        async def attempt() -> dict[str, Any]:
            on_attempt()
            found: dict[str, Any] = await getattr(self.client.sdk, operation)(**wanted)
            return found

        return await self._attempts(label, attempt, TIMEOUT, discard)

    async def _attempts(
        self,
        label: str,
        attempt: Callable[[], Awaitable[T]],
        timeout: float,  # noqa: ASYNC109
        discard: Callable[[T], None] | None,
    ) -> T:
        doing = f"{label} {self.bucket}"

        async def translating() -> T:
            try:
                return await attempt()
            except FOREIGN as error:
                ours = translated(error, doing)
            if isinstance(ours, StorageUnavailableError | StorageTimeoutError):
                raise RetryableError(ours)
            raise ours

        return await self.client.attempts(self.bucket).run(label, translating, timeout=timeout, discard=discard)

    def _wanted(self, key: str, version: str = "") -> dict[str, Any]:
        return {**self.name(key), **({"VersionId": version} if version else {})}

    def name(self, key: str) -> dict[str, Any]:
        """The object as the SDK's operations name it. ObjectNotFoundError for what cannot be one.

        Bucket and key become a path, and what is between here and the disk of a server may resolve dots in it: those
        would lead into a bucket that is not allowed.
        """
        if self.bucket in _DOTS or not key or not _DOTS.isdisjoint(key.split("/")):
            raise ObjectNotFoundError(f"{self.bucket}: no name of an object")
        return {"Bucket": self.bucket, "Key": key}


def _close(body: S3Body | Unchanged) -> None:
    if isinstance(body, S3Body):
        body.close()


def _quoted(etag: str) -> str:
    return etag if not etag or etag.endswith('"') else f'"{etag}"'


def _range(span: Span) -> str:
    if span.first is None:
        if not span.last:
            raise RangeNotSatisfiableError("the last 0 bytes")
        return f"bytes=-{span.last}"
    if span.last is not None and span.last < span.first:
        raise RangeNotSatisfiableError("the end is before the start")
    return f"bytes={span.first}-{'' if span.last is None else span.last}"


def _moment(date: str) -> datetime | None:
    """An HTTP date; None for what is none, which counts as not said (RFC 9110 13.1.3)."""
    try:
        return parsedate_to_datetime(date) if date else None
    except ValueError:
        return None


def _extent(headers: Mapping[str, str], doing: str) -> tuple[int, int, int]:
    """First byte that comes, the one behind the last, and the size of the whole object."""
    if "content-length" not in headers:
        raise StorageError(f"{doing}: the answer does not say how long it is")
    length = int(headers["content-length"])
    said = headers.get("content-range")
    if not said:  # no range was asked for, or the server does not know ranges
        return 0, length, length
    try:
        first, _, rest = said.removeprefix("bytes ").partition("-")
        last, _, size = rest.partition("/")
        start, end, whole = int(first), int(last) + 1, int(size)
    except ValueError:
        raise StorageError(f"{doing}: Content-Range {said!r}") from None
    if end - start != length or not start <= end <= whole:
        raise StorageError(f"{doing}: Content-Range {said!r} with {length} bytes")
    return start, end, whole


def _info(key: str, headers: Mapping[str, str], size: int) -> ObjectInfo:
    return ObjectInfo(
        key=key,
        size=size,
        etag=_quoted(headers.get("etag", "")),
        last_modified=headers.get("last-modified", ""),
        content_type=headers.get("content-type", ""),
        # Some servers keep what was only the upload's way of travelling.
        content_encoding=headers.get("content-encoding", "").removeprefix("aws-chunked").lstrip(", "),
        cache_control=headers.get("cache-control", ""),
        expires=headers.get("expires", ""),
        version=headers.get("x-amz-version-id", "").removeprefix("null"),
    )
