"""Google Cloud Storage and Azure Blob Storage, both by obstore (extra ``cloud``)."""

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
    StorageUnavailableError,
)
from mememime_proxy.storage.conditions import bounds, holds
from mememime_proxy.storage.config import AzureAccount, GoogleAccount
from mememime_proxy.storage.content_types import UNKNOWN
from mememime_proxy.storage.obstore.body import CloudBody, facts, listed, quoted
from mememime_proxy.storage.obstore.errors import translated, within
from mememime_proxy.storage.protocol import ObjectInfo, Span, Unchanged

if TYPE_CHECKING:
    from obstore import GetOptions, GetResult
    from obstore.store import ClientConfig, RetryConfig

_PART = 8 << 20
"""Bytes up to which a body of unknown size is sent by one request."""
_WRITING = 300.0
_ASKING = 30.0


def _client(endpoint: str) -> ClientConfig:
    return {
        "allow_http": endpoint.startswith("http://"),
        "connect_timeout": timedelta(seconds=1),
        # Between two reads. The whole of a body takes as long as its reader.
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
    """What both have in common. The client's own retries: two, for what may be sent twice."""

    _knows_suffixes = True
    """Whether the last bytes of an object can be asked for without knowing its size."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket
        self._opened: GCSStore | AzureStore | None = None

    def _open(self) -> GCSStore | AzureStore:
        raise NotImplementedError

    @property
    def _store(self) -> GCSStore | AzureStore:
        if self._opened is None:
            try:
                self._opened = self._open()
            except (exceptions.BaseError, OSError, ValueError):
                # The library's text may quote what it found, and that may be a secret.
                raise StorageDeniedError("the account's key or endpoint is not accepted") from None
        return self._opened

    async def start(self) -> None:
        """Reads the configuration. StorageDeniedError where it is not accepted."""
        self._opened = self._store

    async def close(self) -> None:
        """Connections end with the last reader."""
        self._opened = None

    async def head(self, key: str, *, version: str = "") -> ObjectInfo:
        """What is known of the object, without its bytes."""
        found = await self._get(key, {"head": True}, version, _ASKING)
        return facts(key, found)

    async def open(
        self,
        key: str,
        *,
        version: str = "",
        span: Span | None = None,
        if_none_match: str = "",
        if_modified_since: str = "",
        timeout: float = 30.0,  # noqa: ASYNC109 - see ``Reader``
    ) -> CloudBody | Unchanged:
        """The object, or that it is unchanged; see ``Reader``."""
        asked: GetOptions = {}
        if if_none_match:
            asked["if_none_match"] = if_none_match
        elif if_modified_since:
            with contextlib.suppress(ValueError):
                asked["if_modified_since"] = parsedate_to_datetime(if_modified_since).astimezone(UTC)
        if span is not None and span.first is None and not self._knows_suffixes:
            info = await self.head(key, version=version)
            start, end = bounds(span, info.size)
            asked["range"], asked["if_match"] = (start, end), info.etag
        elif span is not None:
            asked["range"] = _range(span)
        try:
            return CloudBody(key, await self._get(key, asked, version, timeout))
        except exceptions.NotModifiedError:
            info = await self.head(key, version=version)
            if if_none_match and not holds(if_none_match, info.etag):
                # It changed between the two requests.
                return await self.open(key, version=version, span=span, timeout=timeout)
            return Unchanged(info)
        except PreconditionFailedError:
            # It changed since its size was told: its end is elsewhere now.
            return await self.open(
                key,
                version=version,
                span=span,
                if_none_match=if_none_match,
                if_modified_since=if_modified_since,
                timeout=timeout,
            )
        except StorageUnavailableError:
            # obstore has no class for 416.
            if span is not None:
                bounds(span, (await self.head(key, version=version)).size)
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
        """Stores ``body``; see ``Writer``. With a condition, the whole body is held in memory."""
        mode: Any = "create" if if_absent else "overwrite"
        if if_match:
            mode = await self._state(key, if_match)
        sent: Any = body
        size = len(body) if isinstance(body, bytes) else -1
        if not isinstance(body, bytes):
            head, rest = await _begin(body, whole=mode != "overwrite")
            sent = head if rest is None else _joined(head, rest)
            size = len(head) if rest is None else -1
        counted = _Counted(sent) if size < 0 else sent
        work = obstore.put_async(
            self._store,
            key,
            counted,
            attributes={"Content-Type": content_type},
            mode=mode,
            use_multipart=size < 0,
        )
        done = await within(_WRITING, work)
        return ObjectInfo(
            key=key,
            size=counted.size if isinstance(counted, _Counted) else size,
            etag=quoted(done.get("e_tag")),
            content_type=content_type,
            version=done.get("version") or "",
        )

    async def delete(self, key: str) -> None:
        """The object is gone, whether it was there or not."""
        with contextlib.suppress(ObjectNotFoundError):
            await within(_ASKING, obstore.delete_async(self._store, key))

    async def list(self, prefix: str = "") -> AsyncIterator[ObjectInfo]:
        """Every object whose key begins with ``prefix``, in order of keys."""
        # The library's prefixes end at a slash.
        batches = obstore.list(self._store, prefix.rpartition("/")[0] or None)
        with translated():
            async for batch in batches:
                for meta in batch:
                    if meta["path"].startswith(prefix):
                        yield listed(meta)

    async def _state(self, key: str, etag: str) -> dict[str, str]:
        try:
            info = await self.head(key)
        except ObjectNotFoundError:
            raise PreconditionFailedError("there is no such object") from None
        if info.etag != etag:
            raise PreconditionFailedError("the object is in another state")
        return {"e_tag": etag, "version": info.version}

    async def _get(self, key: str, asked: GetOptions, version: str, timeout: float) -> GetResult:  # noqa: ASYNC109
        if version:
            asked["version"] = version
        return await within(timeout, obstore.get_async(self._store, key, options=asked))


class GoogleBucket(_Bucket):
    """``gs://``. With an endpoint and without a key, requests are not signed."""

    def __init__(self, account: GoogleAccount, bucket: str) -> None:
        super().__init__(bucket)
        self._account = account

    def _open(self) -> GCSStore:
        account, config = self._account, {}
        if account.key:
            config["service_account_key"] = account.key
        if account.endpoint:
            config["base_url"] = account.endpoint.rstrip("/")
            if not account.key:
                # Reads go without any signature then. Writes cannot, so they carry a token that means nothing.
                config |= {"skip_signature": "true", "bearer_token": "none"}
        return GCSStore(
            self._bucket,
            config=config,  # type: ignore[arg-type]
            client_options=_client(account.endpoint),
            retry_config=_RETRIES,
        )


class AzureContainer(_Bucket):
    """``abs://``."""

    _knows_suffixes = False

    def __init__(self, account: AzureAccount, container: str) -> None:
        super().__init__(container)
        self._account = account

    def _open(self) -> AzureStore:
        account = self._account
        config = {"account_name": account.name}
        if account.key:
            config["account_key"] = account.key
        if account.endpoint:
            config["endpoint"] = account.endpoint.rstrip("/")
        return AzureStore(
            self._bucket,
            config=config,  # type: ignore[arg-type]
            client_options=_client(account.endpoint),
            retry_config=_RETRIES,
        )


class _Counted:
    """Counts what passes."""

    def __init__(self, body: AsyncIterable[bytes]) -> None:
        self._body = body
        self.size = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._body:
            self.size += len(chunk)
            yield chunk


async def _begin(body: AsyncIterable[bytes], *, whole: bool) -> tuple[bytes, AsyncIterator[bytes] | None]:
    """The first bytes of ``body``, and what brings the rest; None where there is none."""
    head, chunks = bytearray(), aiter(body)
    async for chunk in chunks:
        head += chunk
        if len(head) > _PART and not whole:
            return bytes(head), chunks
    return bytes(head), None


async def _joined(head: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield head
    async for chunk in rest:
        yield chunk


def _range(span: Span) -> Any:
    if span.first is None:
        return {"suffix": span.last or 0}
    return {"offset": span.first} if span.last is None else (span.first, span.last + 1)
