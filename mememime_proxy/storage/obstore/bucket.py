"""Storage on Google Cloud Storage and Azure Blob Storage through obstore (extra ``cloud``)."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterable, AsyncIterator
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import obstore
from obstore import exceptions
from obstore.store import AzureStore, GCSStore

from mememime_proxy import __version__
from mememime_proxy.errors import (
    ObjectNotFoundError,
    PreconditionFailedError,
    StorageDeniedError,
    StorageError,
    StorageUnavailableError,
)
from mememime_proxy.service.conditional import Representation, if_none_match_holds
from mememime_proxy.service.ranges import ByteRange
from mememime_proxy.storage.config import AzureAccount, GoogleAccount
from mememime_proxy.storage.content_types import UNKNOWN
from mememime_proxy.storage.obstore.body import ObstoreBody, info_of_meta, info_of_result, quote_etag
from mememime_proxy.storage.obstore.errors import await_within, translating_errors
from mememime_proxy.storage.protocol import TIMEOUT, ObjectInfo, UnchangedObject

if TYPE_CHECKING:
    from obstore import GetOptions, GetResult
    from obstore.store import ClientConfig, RetryConfig

_PART = 8 << 20
"""Bytes up to which a body of unknown size is sent by one request."""
_WRITE_TIMEOUT = 300.0
_NO_NAMES = frozenset({"", ".", ".."})


def _client_options(endpoint: str) -> ClientConfig:
    return {
        "allow_http": endpoint.startswith("http://"),
        "connect_timeout": timedelta(seconds=1),
        # Between two reads. A complete body takes as long as its reader.
        "read_timeout": timedelta(seconds=10),
        "timeout": timedelta(days=1),
        "user_agent": f"mememime/{__version__}",
    }


_RETRIES: RetryConfig = {
    "max_retries": 2,
    "retry_timeout": timedelta(seconds=10),
    "backoff": {"init_backoff": timedelta(milliseconds=50), "max_backoff": timedelta(seconds=1), "base": 2},
}


class _Bucket:
    """Common part of both storages. obstore itself retries idempotent requests twice."""

    _supports_suffixes = True
    """Whether the server supports a range of the last bytes."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket
        self._open_store: GCSStore | AzureStore | None = None

    def _create_store(self) -> GCSStore | AzureStore:
        raise NotImplementedError

    @property
    def _store(self) -> GCSStore | AzureStore:
        if self._open_store is None:
            try:
                self._open_store = self._create_store()
            except (exceptions.BaseError, OSError, ValueError):
                # The library's message may quote the value, which may be a secret.
                raise StorageDeniedError("the account's key or endpoint is not accepted") from None
        return self._open_store

    async def start(self) -> None:
        """Create the store. StorageDeniedError where its configuration is not accepted."""
        self._open_store = self._store

    async def close(self) -> None:
        """Drop the store; its connections are closed with the last reader."""
        self._open_store = None

    async def head(self, key: str, *, version: str = "") -> ObjectInfo:
        """Return what is known of the object; see ``Reader``."""
        return info_of_result(key, await self._get(key, {"head": True}, version, TIMEOUT))

    async def open(
        self,
        key: str,
        *,
        version: str = "",
        byte_range: ByteRange | None = None,
        timeout: float = TIMEOUT,  # noqa: ASYNC109 - as in ``Reader``
    ) -> ObstoreBody:
        """Open the object; see ``Reader``."""
        try:
            return await self._open(key, version, byte_range, timeout, {})
        except exceptions.NotModifiedError:
            raise StorageError("status 304 without a condition") from None

    async def open_if(
        self,
        key: str,
        *,
        if_none_match: str = "",
        if_modified_since: str = "",
        version: str = "",
        byte_range: ByteRange | None = None,
        timeout: float = TIMEOUT,  # noqa: ASYNC109 - as in ``Reader``
    ) -> ObstoreBody | UnchangedObject:
        """Open the object unless it is unchanged; see ``Reader``."""
        conditions: GetOptions = {}
        if if_none_match == "*" or "," in if_none_match:
            # Azure refuses these with status 400.
            info = await self.head(key, version=version)
            if not if_none_match_holds(if_none_match, Representation(info.etag)):
                return UnchangedObject(info)
        elif if_none_match:
            conditions["if_none_match"] = if_none_match
        elif if_modified_since:
            with contextlib.suppress(ValueError):
                conditions["if_modified_since"] = parsedate_to_datetime(if_modified_since).astimezone(UTC)
        try:
            return await self._open(key, version, byte_range, timeout, conditions)
        except exceptions.NotModifiedError:
            info = await self.head(key, version=version)
            if if_none_match and if_none_match_holds(if_none_match, Representation(info.etag)):
                # It was replaced between the two requests.
                return await self.open(key, version=version, byte_range=byte_range, timeout=timeout)
            return UnchangedObject(info)

    async def _open(
        self,
        key: str,
        version: str,
        byte_range: ByteRange | None,
        timeout: float,  # noqa: ASYNC109 - as in ``Reader``
        conditions: GetOptions,
    ) -> ObstoreBody:
        """Open the object. Raises obstore's NotModifiedError where it is unchanged."""
        options = conditions.copy()
        if byte_range is not None and byte_range.first is None and not self._supports_suffixes:
            info = await self.head(key, version=version)
            options["range"], options["if_match"] = byte_range.resolve(info.size), info.etag
        elif byte_range is not None:
            options["range"] = _range_option(byte_range)
        try:
            return ObstoreBody(key, await self._get(key, options, version, timeout))
        except PreconditionFailedError:
            # It was replaced after its size was read: its end is at another offset now.
            return await self._open(key, version, byte_range, timeout, conditions)
        except StorageUnavailableError:
            # obstore has no class for status 416.
            if byte_range is not None:
                byte_range.resolve((await self.head(key, version=version)).size)
            raise

    async def put(
        self,
        key: str,
        body: bytes | AsyncIterable[bytes],
        *,
        content_type: str = UNKNOWN,
        if_absent: bool = False,
        if_match: str = "",
    ) -> ObjectInfo:
        """Store ``body``; see ``Writer``. With a condition, the complete body is held in memory."""
        try:
            _check_key(key)
        except ObjectNotFoundError as error:
            raise StorageDeniedError(error.detail) from None
        mode: Any = "create" if if_absent else "overwrite"
        if if_match:
            mode = await self._update_mode(key, if_match)
        content: bytes | _CountedBody
        if isinstance(body, bytes):
            content, size = body, len(body)
        else:
            head, rest = await _read_head(body, complete=mode != "overwrite")
            content, size = (head, len(head)) if rest is None else (_CountedBody(_chain(head, rest)), -1)
        result = await await_within(
            _WRITE_TIMEOUT,
            obstore.put_async(
                self._store,
                key,
                content,
                attributes={"Content-Type": content_type},
                mode=mode,
                use_multipart=size < 0,
            ),
        )
        return ObjectInfo(
            key=key,
            size=size if isinstance(content, bytes) else content.size,
            etag=quote_etag(result.get("e_tag")),
            content_type=content_type,
            version=result.get("version") or "",
        )

    async def delete(self, key: str) -> None:
        """Delete the object; see ``Writer``."""
        with contextlib.suppress(ObjectNotFoundError):
            _check_key(key)
            await await_within(TIMEOUT, obstore.delete_async(self._store, key))

    async def list(self, prefix: str = "") -> AsyncIterator[ObjectInfo]:
        """Yield the objects in order of their keys; see ``Writer``."""
        # obstore's prefixes are complete path segments.
        batches = obstore.list(self._store, prefix.rpartition("/")[0] or None)
        with translating_errors():
            async for batch in batches:
                for meta in batch:
                    if meta["path"].startswith(prefix):
                        yield info_of_meta(meta)

    async def _update_mode(self, key: str, etag: str) -> dict[str, str]:
        """Return obstore's mode for a put over the state with ``etag``."""
        try:
            info = await self.head(key)
        except ObjectNotFoundError:
            raise PreconditionFailedError("there is no such object") from None
        if info.etag != etag:
            raise PreconditionFailedError("the object is in another state")
        return {"e_tag": etag, "version": info.version}

    async def _get(self, key: str, options: GetOptions, version: str, timeout: float) -> GetResult:  # noqa: ASYNC109
        _check_key(key)
        if version:
            options["version"] = version
        return await await_within(timeout, obstore.get_async(self._store, key, options=options))


class GoogleBucket(_Bucket):
    """A Google Cloud Storage bucket (``gs://``). With an endpoint and without a key, requests are not signed."""

    def __init__(self, account: GoogleAccount, bucket: str) -> None:
        super().__init__(bucket)
        self._account = account

    def _create_store(self) -> GCSStore:
        account, config = self._account, {}
        if account.key:
            config["service_account_key"] = account.key
        if account.endpoint:
            config["base_url"] = account.endpoint.rstrip("/")
            if not account.key:
                # Reads are not signed then. obstore signs each write, here with a token without meaning.
                config |= {"skip_signature": "true", "bearer_token": "none"}
        return GCSStore(
            self._bucket,
            config=config,  # type: ignore[arg-type]
            client_options=_client_options(account.endpoint),
            retry_config=_RETRIES,
        )


class AzureContainer(_Bucket):
    """An Azure Blob Storage container (``abs://``)."""

    _supports_suffixes = False

    def __init__(self, account: AzureAccount, container: str) -> None:
        super().__init__(container)
        self._account = account

    def _create_store(self) -> AzureStore:
        account = self._account
        config = {"account_name": account.name}
        if account.key:
            config["account_key"] = account.key
        if account.endpoint:
            config["endpoint"] = account.endpoint.rstrip("/")
        return AzureStore(
            self._bucket,
            config=config,  # type: ignore[arg-type]
            client_options=_client_options(account.endpoint),
            retry_config=_RETRIES,
        )


def _check_key(key: str) -> None:
    """Raise ObjectNotFoundError for a key that obstore refuses, or takes for another one (``/k`` for ``k``)."""
    if not _NO_NAMES.isdisjoint(key.split("/")):
        raise ObjectNotFoundError("no object can have this name")


class _CountedBody:
    """A body that counts its bytes."""

    def __init__(self, body: AsyncIterable[bytes]) -> None:
        self._body = body
        self.size = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._body:
            self.size += len(chunk)
            yield chunk


async def _read_head(body: AsyncIterable[bytes], *, complete: bool) -> tuple[bytes, AsyncIterator[bytes] | None]:
    """Return the first bytes of ``body`` and an iterator over the rest; None where there is no rest.

    ``complete``: return all bytes.
    """
    head, chunks = bytearray(), aiter(body)
    async for chunk in chunks:
        head += chunk
        if len(head) > _PART and not complete:
            return bytes(head), chunks
    return bytes(head), None


async def _chain(head: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield head
    async for chunk in rest:
        yield chunk


def _range_option(byte_range: ByteRange) -> Any:
    if byte_range.first is None:
        return {"suffix": byte_range.last or 0}
    return {"offset": byte_range.first} if byte_range.last is None else (byte_range.first, byte_range.last + 1)
