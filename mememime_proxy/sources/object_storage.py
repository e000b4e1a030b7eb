"""Object storage sources: ``s3://bucket/key?version``, ``gs://`` and ``abs://``."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from functools import partial
from types import TracebackType
from typing import Self

from mememime_proxy.errors import (
    RangeNotSatisfiableError,
    SourceForbiddenError,
    SourceIncompleteError,
    SourceNotFoundError,
    SourceTooLargeError,
    StorageError,
    StorageTimeoutError,
    StorageUnavailableError,
)
from mememime_proxy.memory_budget import Permit
from mememime_proxy.service.conditional import Representation, if_range_holds
from mememime_proxy.service.ranges import ContentRange, parse_range, unsatisfied_range
from mememime_proxy.sources.arrivals import Arrivals
from mememime_proxy.sources.film_bytes import FilmDetector
from mememime_proxy.sources.http.content_coding import codings_for_clients, decode
from mememime_proxy.sources.model import Original, SourceState, request_conditions
from mememime_proxy.sources.storage_errors import translated_errors
from mememime_proxy.storage.protocol import ObjectBody, ObjectInfo, Reader, UnchangedObject
from mememime_proxy.storage.registry import Storages
from mememime_proxy.urls.source.source import SourceUrl

_BUCKET_FORBIDDEN = "this bucket is not permitted or not configured"
_OPEN_TIMEOUT = 30.0
"""Seconds until a stream's first byte, unless the request's own deadline is earlier."""


class StoredObjects:
    """Objects in the buckets of ``storages``. An original is a memfd that is written as the object arrives."""

    def __init__(
        self,
        storages: Storages,
        arrivals: Arrivals,
        *,
        max_bytes: int,
        max_inflated: int,
        films: FilmDetector | None = None,
    ) -> None:
        """``max_bytes``: of an original without another limit. ``max_inflated``: of one that was compressed.

        ``films``: reads films by ranges; None = whole, as anything else.
        """
        self._storages = storages
        self._arrivals = arrivals
        self._max_bytes = max_bytes
        self._max_inflated = max_inflated
        self._films = films
        self.schemes = storages.schemes

    async def fetch(
        self,
        source: SourceUrl,
        validator: str,
        max_bytes: int,
        timeout: float,  # noqa: ASYNC109 - for the complete fetch, not one wait
        head: int = 0,
    ) -> Original | SourceState:
        """Read the object into a memfd, or return its state where ``validator`` is the present one.

        ``head``: so many first bytes will do; 0 = all.

        SourceTooLargeError past ``max_bytes``, before a byte is read where the storage sends the size.
        """
        reader, key = self._find_reader(source)
        with translated_errors():
            async with asyncio.timeout(timeout):
                if not validator:
                    body = await reader.open(key, version=source.query, timeout=timeout)
                else:
                    if_none_match, if_modified_since = request_conditions(validator)
                    result = await reader.open_if(
                        key,
                        if_none_match=if_none_match,
                        if_modified_since=if_modified_since,
                        version=source.query,
                        timeout=timeout,
                    )
                    if isinstance(result, UnchangedObject):
                        info = result.info
                        return SourceState.of(info.etag, info.last_modified, info.cache_control, info.expires)
                    body = result
                async with body:
                    return await self._receive(source, body, max_bytes or self._max_bytes, timeout, head)

    async def _receive(
        self,
        source: SourceUrl,
        body: ObjectBody,
        limit: int,
        timeout: float,  # noqa: ASYNC109 - for the complete fetch
        head: int,
    ) -> Original:
        info = body.info
        state = SourceState.of(info.etag, info.last_modified, info.cache_control, info.expires)
        chunks, is_changed = aiter(body), False
        if self._films is not None and not info.content_encoding:
            open_range = partial(self.stream, source)
            film, chunks = await self._films.open(source.text, info.size, state, chunks, open_range)
            if film is not None:
                return film
        if info.size > limit:
            raise SourceTooLargeError(f"the original has {info.size} bytes, {limit} are allowed")
        if 0 < head < info.size and not info.content_encoding and any(request_conditions(state.validator)):
            original = await self._arrivals.receive_head(chunks, head, info.size, timeout)
            original.state, original.content_type = state, info.content_type
            return original
        arrival = await self._arrivals.begin(info.size, timeout)
        original = arrival.original
        original.state = state
        original.content_type = info.content_type
        try:
            if info.content_encoding:
                decoded = await decode(chunks, info.content_encoding, limit, self._max_inflated)
                chunks, is_changed, limit = decoded.chunks, decoded.is_changed, decoded.limit
            await arrival.receive(chunks, limit)
        except (StorageTimeoutError, StorageUnavailableError):
            original.close()
            raise
        except StorageError as error:
            original.close()
            raise SourceIncompleteError(f"the object is incomplete or damaged: {error.detail}") from error
        except BaseException:
            original.close()
            raise
        if not is_changed and original.size != info.size:
            original.close()
            raise SourceIncompleteError(f"the storage sent {original.size} bytes of {info.size}")
        return original

    async def stream(self, source: SourceUrl, headers: Mapping[str, str]) -> ObjectStream:
        """Open the object, or the range of it that the request ``headers`` name; also for status 304 and 416."""
        reader, key = self._find_reader(source)
        with translated_errors():
            return await open_stream(reader, key, source.query, headers)

    def check(self, source: SourceUrl) -> None:
        """Return if the object may be read. Raises SourceForbiddenError, SourceNotFoundError."""
        if not self._storages.permits(source.scheme, source.host):
            raise SourceForbiddenError(_BUCKET_FORBIDDEN)
        _key_of(source)

    def _find_reader(self, source: SourceUrl) -> tuple[Reader, str]:
        reader = self._storages.reader(source.scheme, source.host)
        if reader is None:
            raise SourceForbiddenError(_BUCKET_FORBIDDEN)
        return reader, _key_of(source)


def _key_of(source: SourceUrl) -> str:
    key = source.path.removeprefix("/")
    if not key:
        raise SourceNotFoundError("the source names a bucket without an object")
    return key


async def open_stream(reader: Reader, key: str, version: str, headers: Mapping[str, str]) -> ObjectStream:
    """Open an object, or the range of it that the request ``headers`` name; also for 304 and 416. StorageError."""
    byte_range = parse_range(headers.get("Range", ""))
    try:
        result = await reader.open_if(
            key,
            if_none_match=headers.get("If-None-Match", ""),
            if_modified_since=headers.get("If-Modified-Since", ""),
            version=version,
            byte_range=byte_range,
            timeout=_OPEN_TIMEOUT,
        )
    except RangeNotSatisfiableError:
        return ObjectStream(416, await reader.head(key, version=version), None)
    if isinstance(result, UnchangedObject):
        if not (headers.get("If-None-Match") or headers.get("If-Modified-Since")):
            raise StorageError("status 304 without a condition")
        return ObjectStream(304, result.info, None)
    info, if_range = result.info, headers.get("If-Range", "").strip()
    if byte_range is None:
        return ObjectStream(200, info, result)
    if not if_range or if_range_holds(if_range, Representation(info.etag, info.last_modified)):
        return ObjectStream(206, info, result)
    # The client has a part of another state: it gets the complete object.
    async with result:
        pass
    body = await reader.open(key, version=version, timeout=_OPEN_TIMEOUT)
    return ObjectStream(200, body.info, body)


class ObjectStream:
    """A ``Stream`` of an object. Unread bytes are not transferred."""

    def __init__(self, status: int, info: ObjectInfo, body: ObjectBody | None) -> None:
        self.status = status
        self._body = body
        self.size = info.size
        """Bytes of the whole object."""
        self.permit: Permit | None = None
        headers = {
            "ETag": info.etag,
            "Last-Modified": info.last_modified,
            "Content-Type": info.content_type,
            "Content-Encoding": codings_for_clients(info.content_encoding),
            "Cache-Control": info.cache_control,
            "Expires": info.expires,
            "Accept-Ranges": "bytes",
        }
        if body is not None:
            headers["Content-Length"] = str(body.end - body.start)
            if status == 206:
                headers["Content-Range"] = str(ContentRange(body.start, body.end, info.size))
        elif status == 416:
            headers |= {"Content-Length": "0", "Content-Range": unsatisfied_range(info.size)}
        self.headers: Mapping[str, str] = {name: value for name, value in headers.items() if value}

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._body is None:
            return
        try:
            async for chunk in self._body:
                yield chunk
        except StorageError as error:
            # Headers are sent: only a broken connection tells the client.
            raise ConnectionAbortedError("the object ended early") from error

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._body is not None:
            await self._body.__aexit__(kind, error, trace)
