"""What names stand for: aliases and digests, as the resource service says, and as it said while it does not answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated
from urllib.parse import quote

import aiohttp
import msgspec
import structlog
from cachetools import LRUCache

from mememime_proxy.errors import ShuttingDownError, SourceNotFoundError, SourceStatusError
from mememime_proxy.sources.config import ResourcesConfig

_REMEMBERED = 1 << 16
_PATIENCE = 2.0
"""Seconds for an answer: a row of a database, read by its key."""
_LONGEST = 1 << 20
"""Bytes of an answer."""
_AHEAD = 0.5
"""The share of its freshness after which a name that is asked for is looked up again, in the background."""
_ABSENCE = 1.0
"""Seconds for which a name may be taken for one that stands for nothing."""
_PAUSE = 1.0
"""Seconds until a service that did not answer is asked again about what is known."""
_SILENCE = 10.0
"""Seconds for which it is taken to be silent: what is known is served without waiting for it."""
_CONNECTIONS = 64

_Digest = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]
_Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


def alias_path(name: str) -> str:
    """Where the service tells what an alias stands for."""
    return f"/aliases/{quote(name)}"


def asset_path(sha256: str) -> str:
    """Where it tells of an asset."""
    return f"/assets/{sha256}"


class _Focal(msgspec.Struct):
    x: _Share
    y: _Share


class _Asset(msgspec.Struct):
    """What an asset says of itself, as far as it matters here; the whole one and the short one alike."""

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
class Named:
    """What a name stands for."""

    sha256: str
    """The asset's name."""
    stored_sha256: str
    """Digest of the bytes that are stored for it, which may be packed tighter."""
    stored_size: int
    media_type: str
    focus: tuple[float, float] | None = None
    """What is to stay in view: shares of width and height of the upright picture."""
    preset: str = ""
    """Options for whoever names none."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a name stands for, or stood for. ``stale``: at present, the service cannot be asked."""

    named: Named
    stale: bool = False


@dataclass(frozen=True, slots=True)
class _Entry:
    found: Named | None
    """None = nothing has this name."""
    asked: float
    """When its last question began; what has changed since may be missing."""
    reason: str = ""
    outdated: bool = False
    """It is known to have changed: good for nothing but to go on while the service is silent."""

    def named(self) -> Named:
        if self.found is None:
            raise SourceNotFoundError(self.reason)
        return self.found


class Directory:
    """Asks the resource service. A path is ``/aliases/{name}`` or ``/assets/{sha256}``, escaped as URLs are.

    An answer counts for ``freshness`` seconds; names in use are asked about again before that, so that nobody waits.
    While the service is silent, what it last said counts for ``stale`` seconds. All who ask about one name at the same
    time share one request.
    """

    def __init__(self, config: ResourcesConfig, clock: Callable[[], float] = time.monotonic) -> None:
        self._config = config
        self._clock = clock
        self._known: LRUCache[str, _Entry] = LRUCache(_REMEMBERED)
        self._flights: dict[str, asyncio.Task[_Entry]] = {}
        self._running: set[asyncio.Task[_Entry]] = set()
        self._silent_until = 0.0
        self._ask_again = 0.0
        self._closed = False
        self._log = structlog.get_logger()

    async def start(self) -> None:
        """Opens the session; nobody is asked yet."""
        key = self._config.api_key
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=_CONNECTIONS),
            trust_env=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Accept": "application/json", **({"Authorization": f"Bearer {key}"} if key else {})},
            timeout=aiohttp.ClientTimeout(total=_PATIENCE),
        )

    async def close(self) -> None:
        """Gives up what is under way."""
        self._closed = True
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._session.close()

    def at_hand(self, path: str) -> Known | None:
        """What can be told without a wait, if anything. SourceStatusError (404) for what is known to be nothing."""
        entry = self._known.get(path)
        if entry is None:
            return None
        now = self._clock()
        age, freshness = now - entry.asked, self._freshness(entry)
        if age < freshness and not entry.outdated:
            if age >= freshness * _AHEAD:
                self._flight(path)
            return Known(entry.named())
        if now < self._silent_until and self._lasts(entry, age):
            if now >= self._ask_again:
                self._flight(path)
            return Known(entry.named(), stale=True)
        return None

    async def find(self, path: str) -> Known:
        """What ``path`` stands for. SourceStatusError: 404 for nothing, 503 where the service does not say."""
        if (known := self.at_hand(path)) is not None:
            return known
        return await self._ask(path)

    async def find_anew(self, path: str) -> Known:
        """Like ``find``, for somebody who found that what is known cannot be."""
        self._flights.pop(path, None)
        return await self._ask(path)

    def forget(self, path: str) -> None:
        """Whoever asks from now on hears what the service says from now on; unless it says nothing."""
        self._flights.pop(path, None)
        entry = self._known.get(path)
        if entry is None or entry.found is None:
            self._known.pop(path, None)
        elif not self._closed:
            self._known[path] = replace(entry, outdated=True)
            self._flight(path)

    async def _ask(self, path: str) -> Known:
        before = self._known.get(path)
        try:
            # Shared: one who leaves does not end it for the others.
            return Known((await asyncio.shield(self._flight(path))).named())
        except SourceStatusError as error:
            if error.upstream == 404 or before is None or not self._lasts(before, self._clock() - before.asked):
                raise
            return Known(before.named(), stale=True)

    def _freshness(self, entry: _Entry) -> float:
        return self._config.freshness if entry.found is not None else min(_ABSENCE, self._config.freshness)

    def _lasts(self, entry: _Entry, age: float) -> bool:
        return entry.found is not None and age < self._config.stale

    def _flight(self, path: str) -> asyncio.Task[_Entry]:
        """The request under way for ``path``, or a new one. What it finds counts, unless it is forgotten before."""
        if self._closed:
            raise ShuttingDownError
        task = self._flights.get(path)
        if task is None:
            task = asyncio.create_task(self._look_up(path))
            self._flights[path] = task
            self._running.add(task)
            task.add_done_callback(lambda task: self._land(path, task))
        return task

    def _land(self, path: str, task: asyncio.Task[_Entry]) -> None:
        self._running.discard(task)
        wanted = self._flights.get(path) is task
        if wanted:
            del self._flights[path]
        if task.cancelled():
            return
        if task.exception() is None:
            if self._silent_until:
                self._log.info("resource_service.recovered")
            self._silent_until = self._ask_again = 0.0
            entry, before = task.result(), self._known.get(path)
            if wanted:
                self._known[path] = entry
            elif entry.found is not None and (before is None or before.asked < entry.asked):
                # It changed while this was on its way; while nothing newer can be heard, that is better than nothing.
                self._known[path] = replace(entry, outdated=True)
            return
        now = self._clock()
        if not self._silent_until:
            self._log.warning("resource_service.unavailable", detail=str(task.exception()))
        self._silent_until, self._ask_again = now + _SILENCE, now + _PAUSE

    async def _look_up(self, path: str) -> _Entry:
        asked = self._clock()
        try:
            async with self._session.get(self._config.url + path, allow_redirects=False) as response:
                body = await response.content.read(_LONGEST)
                while not response.content.at_eof() and len(body) <= _LONGEST:
                    body += await response.content.read(_LONGEST)
                status = response.status
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise SourceStatusError(f"the resource service: {type(error).__name__}: {error}", upstream=503) from error
        if status in {404, 410, 422}:
            return _Entry(None, asked, f"the resource service knows nothing at {path}")
        if status != 200:
            raise SourceStatusError(f"the resource service answered {status} to {path}", upstream=503)
        try:
            return _entry(path, body, asked)
        except msgspec.MsgspecError as error:
            raise SourceStatusError(
                f"the resource service's answer to {path} cannot be read: {error}", upstream=503
            ) from error


def _entry(path: str, body: bytes, asked: float) -> _Entry:
    focus, preset = None, ""
    if path.startswith("/aliases/"):
        alias = msgspec.json.decode(body, type=_Alias)
        asset, preset = alias.asset, alias.preset
        focus = (alias.focal.x, alias.focal.y) if alias.focal is not None else None
        if path != alias_path(alias.name):
            # Purges name an alias in one spelling. What was kept under another one would not be found.
            return _Entry(None, asked, f"the alias is spelled {alias.name}")
    else:
        asset = msgspec.json.decode(body, type=_Asset)
    if asset.state != "ready":
        return _Entry(None, asked, f"the asset {asset.sha256} is {asset.state}")
    return _Entry(Named(asset.sha256, asset.stored_sha256, asset.stored_size, asset.media_type, focus, preset), asked)
