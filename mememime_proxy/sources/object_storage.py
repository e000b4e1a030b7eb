"""Originals in object storages: ``s3://bucket/key?version``, ``gs://`` and ``abs://`` alike."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Mapping
from types import TracebackType
from typing import Self

from mememime_proxy.errors import (
    MememimeError,
    ObjectNotFoundError,
    OverloadError,
    RangeNotSatisfiableError,
    SourceForbiddenError,
    SourceIncompleteError,
    SourceNotFoundError,
    SourceResponseError,
    SourceStatusError,
    SourceTimeoutError,
    SourceTooLargeError,
    StorageDeniedError,
    StorageError,
    StorageTimeoutError,
    StorageUnavailableError,
)
from mememime_proxy.memfd import memfd
from mememime_proxy.service.ranges import ByteRange
from mememime_proxy.sources.http.content_coding import inflate, is_plain
from mememime_proxy.sources.http.errors import EXHAUSTED
from mememime_proxy.sources.model import Inflow, Original, SourceState, request_conditions
from mememime_proxy.sources.ranges import requested
from mememime_proxy.storage.protocol import ObjectBody, ObjectInfo, Reader, UnchangedObject
from mememime_proxy.storage.registry import Storages
from mememime_proxy.urls.source.source import SourceUrl

_OPENING = 30.0
"""Seconds until a stream's first byte, where the request's own deadline does not come before."""


def failure(error: StorageError) -> MememimeError:
    """What an error of a storage means to whoever wanted an original."""
    if isinstance(error, ObjectNotFoundError):
        return SourceNotFoundError(f"there is no such object: {error.detail}")
    if isinstance(error, StorageDeniedError):
        return SourceStatusError(f"the storage refuses: {error.detail}", upstream=403)
    if isinstance(error, StorageTimeoutError):
        return SourceTimeoutError(error.detail)
    if isinstance(error, StorageUnavailableError):
        return SourceStatusError(error.detail, upstream=503)
    return SourceResponseError(error.detail)


class StoredObjects:
    """Objects of all buckets that ``storages`` may read. An original is a memfd that fills as the object arrives."""

    def __init__(self, storages: Storages, *, max_bytes: int, max_inflated: int) -> None:
        """``max_bytes``, ``max_inflated``: of an original where nothing else limits it, and of one that came packed."""
        self._storages = storages
        self._max_bytes = max_bytes
        self._max_inflated = max_inflated
        self.schemes = storages.schemes

    async def fetch(
        self,
        source: SourceUrl,
        validator: str,
        max_bytes: int,
        timeout: float,  # noqa: ASYNC109 - the whole of a fetch, not one wait
    ) -> Original | SourceState:
        """The object's bytes in a memfd; SourceTooLargeError past ``max_bytes``, before a byte is read if it can be."""
        reader, key = self._reader(source)
        if_none_match, if_modified_since = request_conditions(validator)
        try:
            async with asyncio.timeout(timeout):
                found = await reader.open_if(
                    key,
                    version=source.query,
                    if_none_match=if_none_match,
                    if_modified_since=if_modified_since,
                    timeout=timeout,
                )
                if isinstance(found, UnchangedObject):
                    return _state(found.info)
                async with found:
                    return await self._receive(source.text, found, max_bytes or self._max_bytes)
        except TimeoutError as error:
            raise SourceTimeoutError("the storage was too slow") from error
        except StorageError as error:
            raise failure(error) from error
        except OSError as error:
            if error.errno in EXHAUSTED:
                raise OverloadError(f"this machine is short of something: {error.strerror}") from error
            raise

    async def _receive(self, text: str, body: ObjectBody, limit: int) -> Original:
        info = body.info
        if info.size > limit:
            raise SourceTooLargeError(f"the original has {info.size} bytes, {limit} are allowed")
        chunks = aiter(body)
        packed = not is_plain(info.content_encoding.strip().lower())
        if packed:
            chunks, limit = inflate(chunks, info.content_encoding.strip().lower()), min(limit, self._max_inflated)
        original = Original(
            memfd("original"),
            0,
            _state(info),
            content_type=info.content_type,
            fingerprint=f"{text} {info.etag or info.last_modified or info.size}",
        )
        inflow = Inflow(original.fd, limit)
        try:
            await inflow.take(chunks)
        except (StorageTimeoutError, StorageUnavailableError):
            original.close()
            raise
        except StorageError as error:
            original.close()
            raise SourceIncompleteError(f"the object ended early, or is not what it was: {error.detail}") from error
        except BaseException:
            original.close()
            raise
        if not packed and inflow.size != info.size:
            original.close()
            raise SourceIncompleteError(f"the storage sent {inflow.size} bytes of {info.size}")
        original.size = inflow.size
        return original

    async def stream(self, source: SourceUrl, asked: Mapping[str, str]) -> StoredStream:
        """The object, or the range of it that ``asked`` (request headers) wants; 304 and 416 are streams as well."""
        reader, key = self._reader(source)
        span = requested(asked.get("Range", ""))
        with _translated():
            try:
                found = await self._open(reader, key, source.query, asked, span)
            except RangeNotSatisfiableError:
                return StoredStream(416, await reader.head(key, version=source.query), None)
            if isinstance(found, UnchangedObject):
                return StoredStream(304, found.info, None)
            held = asked.get("If-Range", "")
            if span is not None and held and held not in {found.info.etag, found.info.last_modified}:
                # Another state than the one that the client has a part of: it gets all of this one.
                await found.__aexit__(None, None, None)
                found, span = await reader.open(key, version=source.query, timeout=_OPENING), None
            return StoredStream(200 if span is None else 206, found.info, found)

    async def _open(
        self, reader: Reader, key: str, version: str, asked: Mapping[str, str], span: ByteRange | None
    ) -> ObjectBody | UnchangedObject:
        tags = asked.get("If-None-Match", "")
        return await reader.open_if(
            key,
            version=version,
            byte_range=span,
            if_none_match=tags,
            # RFC 9110 13.1.3: with If-None-Match, the date does not count.
            if_modified_since="" if tags else asked.get("If-Modified-Since", ""),
            timeout=_OPENING,
        )

    def _reader(self, source: SourceUrl) -> tuple[Reader, str]:
        reader = self._storages.reader(source.scheme, source.host)
        if reader is None:
            raise SourceForbiddenError("this bucket is not permitted, or nobody answers for it")
        key = source.path.removeprefix("/")
        if not key:
            raise SourceNotFoundError("the source names a bucket and no object")
        return reader, key


def _state(info: ObjectInfo) -> SourceState:
    return SourceState.of(info.etag, info.last_modified, info.cache_control, info.expires)


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except StorageError as error:
        raise failure(error) from error


class StoredStream:
    """An object on its way through. What is not read is not fetched."""

    def __init__(self, status: int, info: ObjectInfo, body: ObjectBody | None) -> None:
        self.status = status
        self._body = body
        known = {
            "ETag": info.etag,
            "Last-Modified": info.last_modified,
            "Content-Type": info.content_type,
            "Content-Encoding": info.content_encoding,
            "Cache-Control": info.cache_control,
            "Expires": info.expires,
            "Accept-Ranges": "bytes",
        }
        if body is not None:
            known["Content-Length"] = str(body.end - body.start)
            if status == 206:
                known["Content-Range"] = f"bytes {body.start}-{body.end - 1}/{info.size}"
        elif status == 416:
            known |= {"Content-Length": "0", "Content-Range": f"bytes */{info.size}"}
        self.headers: Mapping[str, str] = {name: value for name, value in known.items() if value}

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._body is None:
            return
        try:
            async for chunk in self._body:
                yield chunk
        except StorageError as error:
            # Headers are sent: only the broken connection can tell the client.
            raise ConnectionAbortedError("the object ended early") from error

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._body is not None:
            await self._body.__aexit__(kind, error, trace)
