"""Sources of the resource service: ``alias://name`` and ``asset://sha256``.

The service tells which asset a name stands for. Its bytes are read from the storage of assets, and verified against
their digest before they are used; films and sound are read by ranges where that is possible.
"""

from __future__ import annotations

import asyncio
import hashlib
import mmap
import os
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TypeVar

from mememime_proxy.errors import (
    ObjectNotFoundError,
    SourceNotFoundError,
    SourceResponseError,
    SourceStatusError,
    SourceTooLargeError,
    StorageError,
    StorageTimeoutError,
    StorageUnavailableError,
)
from mememime_proxy.service.conditional import Decision, Representation, evaluate
from mememime_proxy.sources.arrivals import Arrival, Arrivals
from mememime_proxy.sources.config import ResourcesConfig
from mememime_proxy.sources.file_stream import FileStream, read_conditions
from mememime_proxy.sources.film_bytes import FilmDetector
from mememime_proxy.sources.model import Original, SourceState
from mememime_proxy.sources.object_storage import ObjectStream, open_stream
from mememime_proxy.sources.resources.alias_client import (
    AliasClient,
    AssetReference,
    LookupResult,
    alias_path,
    asset_path,
    film_facts_path,
)
from mememime_proxy.sources.resources.purges import PurgeClient
from mememime_proxy.sources.resources.session import ResourceSession
from mememime_proxy.sources.storage_errors import translated_errors
from mememime_proxy.storage.asset_keys import asset_key
from mememime_proxy.storage.protocol import ObjectInfo, Reader
from mememime_proxy.urls.source.source import SourceUrl

SCHEMES = frozenset({"alias", "asset"})
_DIGEST = re.compile(r"[0-9a-f]{64}")
_STREAM_TIMEOUT = 30.0
"""Seconds until a stream has its bytes, unless the request's own deadline is earlier."""
_FACTS_TIMEOUT = 2.0
"""Seconds for what is known of a film: without it, it is found out again."""
_MAX_FACTS = 64 << 10
_T = TypeVar("_T")
_HASH_IN_THREAD = 1 << 20
"""Bytes above which a digest is computed in a thread; below, it takes less than a millisecond."""


class _WrongBytesError(SourceResponseError):
    """The stored bytes do not have the digest that the service announced."""


def _path(source: SourceUrl) -> str:
    """Return the service's path for ``source``. SourceNotFoundError for a name that nothing can have."""
    name = source.host + source.path
    if source.text != f"{source.scheme}://{name}":
        raise SourceNotFoundError(f"{source.scheme}:// has neither versions nor other spellings")
    if source.scheme == "asset":
        if not _DIGEST.fullmatch(name):
            raise SourceNotFoundError(f"found {name[:80]!r}, expected 64 hexadecimal digits in lower case")
        return asset_path(name)
    if any(part in {"", ".", ".."} for part in name.split("/")):
        raise SourceNotFoundError("the alias has an empty part or one of dots")
    return alias_path(name)


def _etag(target: AssetReference) -> str:
    """Return the entity tag of a name's state: its asset, and the settings of the alias that may change pixels.

    The version of the alias does not count: an alias that points to a former asset again is in the former state.
    """
    if target.focus is None and not target.preset:
        return f'"{target.sha256}"'
    settings = hashlib.blake2b(repr((target.focus, target.preset)).encode(), digest_size=8).hexdigest()
    return f'"{target.sha256}-{settings}"'


class ResourceObjects:
    """Assets by alias or digest. An original is a memfd of verified bytes."""

    def __init__(
        self,
        config: ResourcesConfig,
        storage: Reader,
        arrivals: Arrivals,
        *,
        max_bytes: int,
        films: FilmDetector | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``storage``: the storage of assets. ``max_bytes``: of an original without another limit.

        ``films``: reads films and sound by ranges; None = whole, as anything else.
        """
        self._session = ResourceSession(config)
        self._aliases = AliasClient(config, self._session, clock)
        self.purges = PurgeClient(self._session)
        """What the service tells of changes."""
        self._storage = storage
        self._arrivals = arrivals
        self._max_bytes = max_bytes
        self._films = films

    async def start(self) -> None:
        """Open the session to the resource service."""
        await self._session.start()

    async def close(self) -> None:
        """Close the session."""
        await self._aliases.close()
        await self._session.close()

    def forget(self, source: SourceUrl) -> None:
        """Drop what is known of ``source``: the next look-up asks the service."""
        try:
            self._aliases.forget(_path(source))
        except SourceStatusError:
            return

    def forget_all(self) -> None:
        """Drop what is known of all sources."""
        self._aliases.forget_all()

    async def stat(self, source: SourceUrl) -> SourceState | None:
        """Return the present state where it is known. SourceNotFoundError where it is known that there is none."""
        result = self._aliases.cached(_path(source))
        return None if result is None else SourceState(_etag(result.target), stale=result.stale)

    def use_key(self, api_key: str) -> None:
        """Use another API key for requests that begin now."""
        self._session.api_key = api_key

    async def fetch(
        self,
        source: SourceUrl,
        validator: str,
        max_bytes: int,
        timeout: float,  # noqa: ASYNC109 - for the complete fetch, not one wait
    ) -> Original | SourceState:
        """Read and verify the asset, or return its state where ``validator`` is the present one.

        SourceResponseError where the stored bytes have another digest; SourceTooLargeError past ``max_bytes``, before a
        byte is read; SourceNotFoundError where the name stands for nothing; SourceStatusError (503) where the service
        cannot be asked.
        """
        path = _path(source)
        with translated_errors():
            async with asyncio.timeout(timeout):
                result = await self._aliases.look_up(path)
                return await self._read_present(
                    path, result, lambda found: self._fetch_target(found, validator, max_bytes, timeout)
                )

    async def _read_present(self, path: str, result: LookupResult, read: Callable[[LookupResult], Awaitable[_T]]) -> _T:
        """Read what a look-up found; once more where that was outdated: stored again or deleted meanwhile."""
        try:
            return await read(result)
        except (_WrongBytesError, ObjectNotFoundError):
            fresh = await self._aliases.look_up_again(path)
            if fresh.target == result.target:
                raise
            return await read(fresh)

    async def _fetch_target(
        self,
        result: LookupResult,
        validator: str,
        max_bytes: int,
        timeout: float,  # noqa: ASYNC109 - for the complete fetch
    ) -> Original | SourceState:
        target = result.target
        state = SourceState(_etag(target), stale=result.stale)
        if validator == state.validator:
            return state
        if self._films is not None and _is_film(target):
            film = await self._open_film(self._films, target, state)
            if film is not None:
                return film
        limit = max_bytes or self._max_bytes
        if target.stored_size > limit:
            raise SourceTooLargeError(f"the original has {target.stored_size} bytes, {limit} are allowed")
        arrival = await self._arrivals.begin(target.stored_size, timeout)
        original = arrival.original
        original.state, original.content_type = state, target.media_type
        original.focus, original.preset = target.focus, target.preset
        if _is_film(target):
            original.film_facts = partial(self._film_facts, target.sha256)
        try:
            await self._receive(target, arrival)
        except BaseException:
            original.close()
            raise
        return original

    async def _open_film(self, films: FilmDetector, target: AssetReference, state: SourceState) -> Original | None:
        """Return a film that is read by ranges; None where its first bytes are those of none.

        Its parts are not verified against the digest of the whole: that of the state which was opened counts for all.
        """
        key = asset_key(target.sha256)
        body = await self._storage.open(key)

        async def open_range(headers: Mapping[str, str]) -> ObjectStream:
            stream = await open_stream(self._storage, key, "", headers)
            found = stream.headers.get("ETag", "")
            # In another state, the stream keeps its own tag, and the reader of the film refuses it.
            if found == body.info.etag:
                stream.headers = {**stream.headers, "ETag": state.validator}
            return stream

        async with body:
            if body.info.size != target.stored_size:
                raise _WrongBytesError(
                    f"the asset {target.sha256} has {body.info.size} stored bytes, expected {target.stored_size}"
                )
            original, _ = await films.open(f"asset://{target.sha256}", body.info.size, state, aiter(body), open_range)
        if original is not None:
            original.content_type = target.media_type
            original.focus, original.preset = target.focus, target.preset
            original.film_facts = partial(self._film_facts, target.sha256)
        return original

    async def _film_facts(self, sha256: str) -> bytes:
        """Return what the service knows of a film or sound; nothing where that cannot be had."""
        try:
            status, body = await self._session.get(film_facts_path(sha256), _FACTS_TIMEOUT, _MAX_FACTS)
        except SourceStatusError:
            return b""
        return body if status == 200 and len(body) <= _MAX_FACTS else b""

    async def _receive(self, target: AssetReference, arrival: Arrival) -> None:
        body = await self._storage.open(asset_key(target.sha256))
        try:
            async with body:
                if body.info.size != target.stored_size:
                    raise _WrongBytesError(
                        f"the asset {target.sha256} has {body.info.size} stored bytes, expected {target.stored_size}"
                    )
                await arrival.receive(aiter(body), target.stored_size)
        except (ObjectNotFoundError, StorageTimeoutError, StorageUnavailableError):
            raise
        except (StorageError, SourceTooLargeError) as error:
            raise _WrongBytesError(f"the asset {target.sha256} ended early: {error.detail}") from error
        digest = await _digest(arrival.original)
        if digest != target.stored_sha256:
            raise _WrongBytesError(f"the stored bytes of the asset {target.sha256} have the digest {digest}")

    async def stream(self, source: SourceUrl, headers: Mapping[str, str]) -> FileStream | ObjectStream:
        """Open the original, or the range that the request ``headers`` name, after all bytes are verified.

        A film or sound is passed on from the storage as it is read: see ``_open_film``.
        """
        if self._films is not None and (film := await self._stream_film(_path(source), headers)) is not None:
            return film
        original = await self.fetch(source, "", 0, _STREAM_TIMEOUT)
        if not isinstance(original, Original):
            raise SourceStatusError(upstream=304)
        return FileStream(original, headers, _read_memory)

    async def _stream_film(self, path: str, headers: Mapping[str, str]) -> ObjectStream | None:
        """Return the stream of a film or sound; None for anything else."""
        with translated_errors():
            async with asyncio.timeout(_STREAM_TIMEOUT):
                result = await self._aliases.look_up(path)
                if not _is_film(result.target):
                    return None
                return await self._read_present(path, result, lambda found: self._open_stream(found.target, headers))

    async def _open_stream(self, target: AssetReference, headers: Mapping[str, str]) -> ObjectStream:
        """Open the stored bytes. Conditions are about the state of the name, and not about that of the object."""
        etag = _etag(target)
        decision = evaluate(read_conditions(headers), Representation(etag))
        if decision is Decision.NOT_MODIFIED:
            return ObjectStream(304, ObjectInfo(key=target.sha256, size=target.stored_size, etag=etag), None)
        wanted = {"Range": headers["Range"]} if "Range" in headers and decision is Decision.PROCEED else {}
        stream = await open_stream(self._storage, asset_key(target.sha256), "", wanted)
        if stream.size != target.stored_size:
            async with stream:
                raise _WrongBytesError(
                    f"the asset {target.sha256} has {stream.size} stored bytes, expected {target.stored_size}"
                )
        unchanged = {name: value for name, value in stream.headers.items() if name != "Last-Modified"}
        stream.headers = unchanged | {"ETag": etag, "Content-Type": target.media_type}
        return stream


def _is_film(target: AssetReference) -> bool:
    return target.media_type.startswith(("video/", "audio/"))


async def _read_memory(descriptor: int, size: int, offset: int) -> bytes:
    return os.pread(descriptor, size, offset)


async def _digest(original: Original) -> str:
    if not original.size:
        return hashlib.sha256().hexdigest()
    # A mapping, not the descriptor: when a thread starts late, the number could belong to another file.
    content = mmap.mmap(original.fd, original.size, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ)
    return (
        await asyncio.to_thread(_digest_mapping, content)
        if original.size > _HASH_IN_THREAD
        else _digest_mapping(content)
    )


def _digest_mapping(content: mmap.mmap) -> str:
    with content:
        return hashlib.sha256(content).hexdigest()
