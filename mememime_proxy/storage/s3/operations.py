"""Requests about the objects of one S3 bucket: named for the SDK, retried, with this project's errors."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from mememime_proxy.errors import ObjectNotFoundError, StorageTimeoutError, StorageUnavailableError
from mememime_proxy.storage.protocol import TIMEOUT, ObjectInfo
from mememime_proxy.storage.resilience.attempts import RetryableError
from mememime_proxy.storage.s3.client import S3Client
from mememime_proxy.storage.s3.errors import FOREIGN, translate_error

_DOTS = frozenset({".", ".."})
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

    async def head(self, key: str, version: str = "") -> ObjectInfo:
        """Return what is known of the object, without its bytes."""
        response = await self._call("head_object", self.object_parameters(key, version), _ignore, None)
        return object_info(key, response["ResponseMetadata"]["HTTPHeaders"], int(response.get("ContentLength", 0)))

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
            response: dict[str, Any] = await getattr(self.client.sdk, operation)(**parameters)
            return response

        return await self.retry(operation.partition("_")[0], attempt, TIMEOUT, discard)

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


def object_info(key: str, headers: Mapping[str, str], size: int) -> ObjectInfo:
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
