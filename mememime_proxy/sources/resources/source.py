"""Originals that the resource service keeps: ``alias://name`` and ``asset://sha256``.

The service says which bytes these are; they come straight from where assets are stored, and are held against their
digest before anybody sees them.
"""

from __future__ import annotations

import asyncio
import hashlib
import mmap
import os
import re
import time
from collections.abc import AsyncIterator, Callable, Mapping
from types import TracebackType
from typing import Self

from mememime_proxy.errors import (
    ObjectNotFoundError,
    OverloadError,
    SourceNotFoundError,
    SourceResponseError,
    SourceStatusError,
    SourceTimeoutError,
    SourceTooLargeError,
    StorageError,
    StorageTimeoutError,
    StorageUnavailableError,
)
from mememime_proxy.memfd import memfd
from mememime_proxy.sources.config import ResourcesConfig
from mememime_proxy.sources.http.errors import EXHAUSTED
from mememime_proxy.sources.model import CHUNK, Inflow, Original, SourceState
from mememime_proxy.sources.object_storage import failure
from mememime_proxy.sources.ranges import UNSATISFIABLE, byte_range
from mememime_proxy.sources.resources.alias_client import Directory, Known, Named, alias_path, asset_path
from mememime_proxy.storage.asset_keys import asset_key
from mememime_proxy.storage.protocol import Reader
from mememime_proxy.urls.source.source import SourceUrl

SCHEMES = frozenset({"alias", "asset"})
_DIGEST = re.compile(r"[0-9a-f]{64}")
_STREAM = 30.0
"""Seconds until a stream has its bytes, where the request's own deadline does not come before."""
_PROMPT = 1 << 20
"""Bytes up to which a digest is made on the event loop (less than a millisecond)."""


class _WrongBytesError(SourceResponseError):
    """What is stored is not what the service says."""


def _path(source: SourceUrl) -> str:
    """Where the service tells of ``source``. SourceStatusError (404) for what nothing can have as its name."""
    name = source.host + source.path
    if source.text != f"{source.scheme}://{name}":
        raise SourceNotFoundError(f"{source.scheme}:// has neither versions nor other spellings")
    if source.scheme == "asset":
        if not _DIGEST.fullmatch(name):
            raise SourceNotFoundError(f"found {name[:80]!r}, expected 64 hexadecimal letters, small ones")
        return asset_path(name)
    if any(part in {"", ".", ".."} for part in name.split("/")):
        raise SourceNotFoundError("the alias has an empty part, or one of dots")
    return alias_path(name)


def _etag(named: Named) -> str:
    """Tells states of a name apart: by the asset, and by what is kept with the alias and may change pixels.

    How often the alias moved does not count: one that moves back to where it was is in the same state again.
    """
    if named.focus is None and not named.preset:
        return f'"{named.sha256}"'
    kept = hashlib.blake2b(repr((named.focus, named.preset)).encode(), digest_size=8).hexdigest()
    return f'"{named.sha256}-{kept}"'


class ResourceObjects:
    """See the module. An original is a memfd that holds verified bytes."""

    def __init__(
        self,
        config: ResourcesConfig,
        storage: Reader,
        *,
        max_bytes: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``storage``: where assets are. ``max_bytes``: of an original where nothing else limits it."""
        self._directory = Directory(config, clock)
        self._storage = storage
        self._max_bytes = max_bytes

    async def start(self) -> None:
        """Opens sessions."""
        await self._directory.start()

    async def close(self) -> None:
        """Closes them."""
        await self._directory.close()

    def forget(self, source: SourceUrl) -> None:
        """The next one who asks for ``source`` hears what the service says then."""
        try:
            self._directory.forget(_path(source))
        except SourceStatusError:
            return

    async def stat(self, source: SourceUrl) -> SourceState | None:
        """The present state, where it is known. SourceStatusError (404) where it is known that there is nothing."""
        known = self._directory.at_hand(_path(source))
        return None if known is None else SourceState(_etag(known.named), stale=known.stale)

    async def fetch(
        self,
        source: SourceUrl,
        validator: str,
        max_bytes: int,
        timeout: float,  # noqa: ASYNC109 - the whole of a fetch, not one wait
    ) -> Original | SourceState:
        """The bytes, if they are what they should be: SourceResponseError otherwise.

        SourceTooLargeError past ``max_bytes``, before a byte is read; SourceStatusError where the name stands for
        nothing (404), or nobody says what for (503).
        """
        path = _path(source)
        try:
            async with asyncio.timeout(timeout):
                known = await self._directory.find(path)
                try:
                    return await self._get(known, validator, max_bytes)
                except (_WrongBytesError, ObjectNotFoundError):
                    # What is known may be of some moments ago, and the bytes were stored anew or taken away meanwhile.
                    again = await self._directory.find_anew(path)
                    if again.named == known.named:
                        raise
                    return await self._get(again, validator, max_bytes)
        except TimeoutError as error:
            raise SourceTimeoutError("the storage of assets was too slow") from error
        except StorageError as error:
            raise failure(error) from error
        except OSError as error:
            if error.errno in EXHAUSTED:
                raise OverloadError(f"this machine is short of something: {error.strerror}") from error
            raise

    async def _get(self, known: Known, validator: str, max_bytes: int) -> Original | SourceState:
        named = known.named
        state = SourceState(_etag(named), stale=known.stale)
        if validator == state.validator:
            return state
        limit = max_bytes or self._max_bytes
        if named.stored_size > limit:
            raise SourceTooLargeError(f"the original has {named.stored_size} bytes, {limit} are allowed")
        original = Original(
            memfd("original"),
            0,
            state,
            content_type=named.media_type,
            fingerprint=named.stored_sha256,
            focus=named.focus,
            preset=named.preset,
        )
        try:
            await self._receive(named, original)
        except BaseException:
            original.close()
            raise
        return original

    async def _receive(self, named: Named, original: Original) -> None:
        body = await self._storage.open(asset_key(named.sha256))
        inflow = Inflow(original.fd, named.stored_size)
        try:
            async with body:
                if body.info.size != named.stored_size:
                    raise _WrongBytesError(
                        f"{named.stored_size} bytes of the asset {named.sha256} are stored as {body.info.size}"
                    )
                await inflow.take(aiter(body))
        except (ObjectNotFoundError, StorageTimeoutError, StorageUnavailableError):
            raise
        except (StorageError, SourceTooLargeError) as error:
            raise _WrongBytesError(f"the asset {named.sha256} ended early: {error.detail}") from error
        original.size = inflow.size
        digest = await _digest(original)
        if digest != named.stored_sha256:
            raise _WrongBytesError(f"what is stored of the asset {named.sha256} has the digest {digest}")

    async def stream(self, source: SourceUrl, headers: Mapping[str, str]) -> ResourceStream:
        """The original, or the range of it that ``headers`` ask for; all of it was verified before the first byte."""
        found = await self.fetch(source, "", 0, _STREAM)
        if not isinstance(found, Original):
            raise SourceStatusError(upstream=304)
        return ResourceStream(found, headers)


async def _digest(original: Original) -> str:
    if not original.size:
        return hashlib.sha256().hexdigest()
    # Not the descriptor: a thread that begins late could meet another file under its number.
    content = mmap.mmap(original.fd, original.size, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ)
    return _digest_of(content) if original.size <= _PROMPT else await asyncio.to_thread(_digest_of, content)


def _digest_of(content: mmap.mmap) -> str:
    with content:
        return hashlib.sha256(content).hexdigest()


class ResourceStream:
    """A verified original on its way through."""

    def __init__(self, original: Original, asked: Mapping[str, str]) -> None:
        self._original = original
        self.status, self._position, self._end = 200, 0, original.size
        headers = {"ETag": original.state.validator, "Accept-Ranges": "bytes", "Content-Type": original.content_type}
        self.headers: Mapping[str, str] = headers
        held = {tag.strip().removeprefix("W/") for tag in asked.get("If-None-Match", "").split(",")}
        if not held.isdisjoint({original.state.validator, "*"}):
            self.status, self._end = 304, 0
            return
        wanted = byte_range(asked.get("Range", ""), original.size)
        if wanted is None or asked.get("If-Range", original.state.validator) != original.state.validator:
            headers["Content-Length"] = str(original.size)
        elif wanted == UNSATISFIABLE:
            self.status, self._end = 416, 0
            headers |= {"Content-Range": f"bytes */{original.size}", "Content-Length": "0"}
        else:
            self.status = 206
            self._position, self._end = wanted
            headers["Content-Range"] = f"bytes {self._position}-{self._end - 1}/{original.size}"
            headers["Content-Length"] = str(self._end - self._position)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while self._position < self._end:
            chunk = os.pread(self._original.fd, min(CHUNK, self._end - self._position), self._position)
            self._position += len(chunk)
            yield chunk

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._original.close()
