"""Client of the resource service: look-up of aliases and assets, with a cache that outlives an outage."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated
from urllib.parse import quote

import msgspec
import structlog
from cachetools import LRUCache

from mememime_proxy.errors import ShuttingDownError, SourceNotFoundError, SourceStatusError
from mememime_proxy.sources.config import ResourcesConfig
from mememime_proxy.sources.resources.session import ResourceSession

_ENTRIES = 1 << 16
_TIMEOUT = 2.0
"""Seconds for a response: one row of a database, read by its key."""
_MAX_BYTES = 1 << 20
"""Bytes of a response."""
_REFRESH_AT = 0.5
"""Share of the freshness after which a name that is used is looked up again in the background."""
_NEGATIVE_FRESHNESS = 1.0
"""Seconds for which a missing name is cached."""
_RETRY_PAUSE = 1.0
"""Seconds until the next request to a service that did not answer, for a cached name."""
_OUTAGE = 10.0
"""Seconds without an answer during which cached names are served at once."""

_Digest = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]
_Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


def alias_path(name: str) -> str:
    """Return the service's path for an alias."""
    return f"/aliases/{quote(name)}"


def asset_path(sha256: str) -> str:
    """Return the service's path for an asset."""
    return f"/assets/{sha256}"


def film_facts_path(sha256: str) -> str:
    """Return the service's path for what is known of an asset that is a film or sound."""
    return f"{asset_path(sha256)}/film-facts"


class _Focal(msgspec.Struct):
    x: _Share
    y: _Share


class _Asset(msgspec.Struct):
    """The fields of an asset that a source needs; the complete and the short JSON have them."""

    sha256: _Digest
    state: str
    stored_sha256: _Digest
    stored_size: Annotated[int, msgspec.Meta(ge=0)]
    media_type: str = ""


class _Alias(msgspec.Struct):
    name: str
    asset: _Asset
    focal: _Focal | None = None
    preset: str = ""


@dataclass(frozen=True, slots=True)
class AssetReference:
    """The asset that a name stands for, with the settings of the alias."""

    sha256: str
    """The asset's name."""
    stored_sha256: str
    """Digest of its stored bytes, which may be a losslessly smaller file."""
    stored_size: int
    media_type: str
    focus: tuple[float, float] | None = None
    """Point that stays in view: shares of width and height of the upright picture."""
    preset: str = ""
    """Default options."""


@dataclass(frozen=True, slots=True)
class LookupResult:
    """The target of a name. ``stale``: it is a former one, because the service does not answer."""

    target: AssetReference
    stale: bool = False


@dataclass(frozen=True, slots=True)
class _Entry:
    target: AssetReference | None
    """None: nothing has this name."""
    requested: float
    """Start of the request; later changes may be missing."""
    reason: str = ""
    outdated: bool = False
    """It is known to have changed, and is used only while the service does not answer."""

    def require_target(self) -> AssetReference:
        if self.target is None:
            raise SourceNotFoundError(self.reason)
        return self.target


class AliasClient:
    """Looks up paths at the resource service: ``/aliases/{name}`` or ``/assets/{sha256}``, escaped as in URLs.

    A response is fresh for ``freshness`` seconds. Names in use are looked up again before that, so that no request has
    to wait. While the service does not answer, its last response is used for ``stale`` seconds. Concurrent look-ups of
    one name share one request.
    """

    def __init__(
        self, config: ResourcesConfig, session: ResourceSession, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """``session`` is open while requests are sent."""
        self._config = config
        self._session = session
        self._clock = clock
        self._entries: LRUCache[str, _Entry] = LRUCache(_ENTRIES)
        self._requests: dict[str, asyncio.Task[_Entry]] = {}
        self._running: set[asyncio.Task[_Entry]] = set()
        self._outage_until = 0.0
        self._next_retry = 0.0
        self._closed = False
        self._log = structlog.get_logger()

    async def close(self) -> None:
        """Cancel running requests."""
        self._closed = True
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def cached(self, path: str) -> LookupResult | None:
        """Return what is known without a wait; None for nothing. SourceNotFoundError for a cached missing name."""
        entry = self._entries.get(path)
        if entry is None:
            return None
        now = self._clock()
        age, freshness = now - entry.requested, self._freshness(entry)
        if age < freshness and not entry.outdated:
            if age >= freshness * _REFRESH_AT:
                self._start_request(path)
            return LookupResult(entry.require_target())
        if now < self._outage_until and self._is_usable(entry, age):
            if now >= self._next_retry:
                self._start_request(path)
            return LookupResult(entry.require_target(), stale=True)
        return None

    async def look_up(self, path: str) -> LookupResult:
        """Return the target of ``path``.

        SourceNotFoundError where there is none; SourceStatusError (503) where the service does not answer.
        """
        if (result := self.cached(path)) is not None:
            return result
        return await self._request(path)

    async def look_up_again(self, path: str) -> LookupResult:
        """Return the target of ``path`` by a new request, where the cached one turned out to be wrong."""
        self._requests.pop(path, None)
        return await self._request(path)

    def forget(self, path: str) -> None:
        """Mark the entry as outdated: it is used only while the service does not answer. A new request is started."""
        self._requests.pop(path, None)
        entry = self._entries.get(path)
        if entry is None or entry.target is None:
            self._entries.pop(path, None)
        elif not self._closed:
            self._entries[path] = replace(entry, outdated=True)
            self._start_request(path)

    def forget_all(self) -> None:
        """Mark all entries as outdated. They are looked up again when they are needed."""
        self._requests.clear()
        for path, entry in list(self._entries.items()):
            if entry.target is None:
                del self._entries[path]
            else:
                self._entries[path] = replace(entry, outdated=True)

    async def _request(self, path: str) -> LookupResult:
        previous = self._entries.get(path)
        try:
            # The request is shared: a caller that is cancelled does not end it for the others.
            return LookupResult((await asyncio.shield(self._start_request(path))).require_target())
        except SourceStatusError as error:
            age = 0.0 if previous is None else self._clock() - previous.requested
            if error.upstream == 404 or previous is None or not self._is_usable(previous, age):
                raise
            return LookupResult(previous.require_target(), stale=True)

    def _freshness(self, entry: _Entry) -> float:
        freshness = self._config.freshness
        return freshness if entry.target is not None else min(_NEGATIVE_FRESHNESS, freshness)

    def _is_usable(self, entry: _Entry, age: float) -> bool:
        return entry.target is not None and age < self._config.stale

    def _start_request(self, path: str) -> asyncio.Task[_Entry]:
        """Return the running request for ``path``, or start one. Its result is cached unless it is forgotten before."""
        if self._closed:
            raise ShuttingDownError
        task = self._requests.get(path)
        if task is None:
            task = asyncio.create_task(self._send_request(path))
            self._requests[path] = task
            self._running.add(task)
            task.add_done_callback(lambda task: self._store_result(path, task))
        return task

    def _store_result(self, path: str, task: asyncio.Task[_Entry]) -> None:
        self._running.discard(task)
        is_current = self._requests.get(path) is task
        if is_current:
            del self._requests[path]
        if task.cancelled():
            return
        if task.exception() is None:
            if self._outage_until:
                self._log.info("resource_service.recovered")
            self._outage_until = self._next_retry = 0.0
            entry, previous = task.result(), self._entries.get(path)
            if is_current:
                self._entries[path] = entry
            elif entry.target is not None and (previous is None or previous.requested < entry.requested):
                # It was forgotten during the request; during an outage this is the newest state that is known.
                self._entries[path] = replace(entry, outdated=True)
            return
        now = self._clock()
        if not self._outage_until:
            self._log.warning("resource_service.unavailable", detail=str(task.exception()))
        self._outage_until, self._next_retry = now + _OUTAGE, now + _RETRY_PAUSE

    async def _send_request(self, path: str) -> _Entry:
        requested = self._clock()
        status, body = await self._session.get(path, _TIMEOUT, _MAX_BYTES)
        if status in {404, 410, 422}:
            return _Entry(None, requested, f"the resource service has nothing at {path}")
        if status != 200:
            raise SourceStatusError(f"the resource service answered {status} to {path}", upstream=503)
        try:
            return _parse(path, body, requested)
        except (ValueError, RecursionError) as error:
            raise SourceStatusError(
                f"the resource service's response to {path} cannot be parsed: {error}", upstream=503
            ) from error


def _parse(path: str, body: bytes, requested: float) -> _Entry:
    focus, preset = None, ""
    if path.startswith("/aliases/"):
        alias = msgspec.json.decode(body, type=_Alias)
        asset, preset = alias.asset, alias.preset
        focus = (alias.focal.x, alias.focal.y) if alias.focal is not None else None
        if path != alias_path(alias.name):
            # Purges use one spelling of an alias: an entry under another one would not be purged.
            return _Entry(None, requested, f"the alias is spelled {alias.name}")
    else:
        asset = msgspec.json.decode(body, type=_Asset)
    if asset.state != "ready":
        return _Entry(None, requested, f"the asset {asset.sha256} is {asset.state}")
    target = AssetReference(asset.sha256, asset.stored_sha256, asset.stored_size, asset.media_type, focus, preset)
    return _Entry(target, requested)
