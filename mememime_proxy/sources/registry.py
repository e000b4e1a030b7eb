"""Registry of all sources: the scheme of a URL selects one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mememime_proxy.errors import ShuttingDownError, SourceResponseError, SourceUnreachableError
from mememime_proxy.memory_budget import MemoryBudget, Use
from mememime_proxy.sources.arrivals import BUFFERS, Arrivals
from mememime_proxy.sources.config import SourcesConfig
from mememime_proxy.sources.film_bytes import FilmDetector
from mememime_proxy.sources.http.client import UNASKED_304, WebSource
from mememime_proxy.sources.http.resolver import LookUp, system_look_up
from mememime_proxy.sources.local import LocalFiles
from mememime_proxy.sources.model import Original, SourceState, Stream, names_same_state, request_conditions
from mememime_proxy.sources.object_storage import StoredObjects
from mememime_proxy.sources.resources.purges import PurgeClient
from mememime_proxy.sources.resources.source import SCHEMES, ResourceObjects
from mememime_proxy.storage.registry import Storages
from mememime_proxy.urls.source.source import SourceUrl

_WEB = {"http", "https"}


class Sources:
    """All sources of a service. Raises SourceError, SourceTooLargeError and OverloadError."""

    def __init__(
        self,
        config: SourcesConfig,
        look_up: LookUp = system_look_up,
        storages: Storages | None = None,
        budget: MemoryBudget | None = None,
    ) -> None:
        """Raise SettingsError where the local root is no folder. The owner of ``storages`` opens and closes them.

        ``budget``: for the originals on their way; None = no limit.
        """
        self._config = config
        self._storages = storages
        self._resources: ResourceObjects | None = None
        self._closed = False
        self._budget = budget or MemoryBudget(0)
        self._arrivals = Arrivals(self._budget)
        films = FilmDetector(self._budget, config.film_blocks) if config.film_ranges else None
        self._films = films
        self._web = WebSource(config, self._arrivals, look_up, films)
        self._local = LocalFiles(config.local_root, films=config.film_ranges) if config.local_root else None
        self._stored = (
            StoredObjects(
                storages,
                self._arrivals,
                max_bytes=config.max_bytes,
                max_inflated=config.max_inflated,
                films=films,
            )
            if storages
            else None
        )

    async def start(self) -> None:
        """Open the sessions."""
        config = self._config
        if config.resources is not None and self._storages is not None and (assets := self._storages.assets()):
            self._resources = ResourceObjects(
                config.resources, assets, self._arrivals, max_bytes=config.max_bytes, films=self._films
            )
            await self._resources.start()
        await self._web.start()

    async def close(self) -> None:
        """Close the sessions; later calls raise ShuttingDownError."""
        self._closed = True
        await self._web.close()
        if self._resources is not None:
            await self._resources.close()
        if self._local is not None:
            await self._local.close()

    async def fetch(
        self,
        url: str,
        *,
        max_bytes: int = 0,
        timeout: float = 10.0,  # noqa: ASYNC109 - the whole of a fetch, not one wait
        headers: Mapping[str, str] | None = None,
    ) -> Original:
        """Return the original at ``url``, at most ``max_bytes`` (0 = any number) within ``timeout`` seconds."""
        original = await self._fetch(url, "", max_bytes, timeout, headers or {})
        if isinstance(original, SourceState):
            raise SourceResponseError(UNASKED_304)
        return original

    async def fetch_if_changed(
        self,
        url: str,
        validator: str,
        *,
        max_bytes: int = 0,
        timeout: float = 10.0,  # noqa: ASYNC109 - the whole of a fetch, not one wait
        headers: Mapping[str, str] | None = None,
        head: int = 0,
    ) -> Original | SourceState:
        """Return the original as ``fetch`` does, or the source's state where ``validator`` is still the current one.

        A validator that the source cannot compare is no condition. ``head``: so many first bytes will do, of a source
        that tells its size and its state (0 = all bytes); assets, which are verified, are fetched whole.
        """
        result = await self._fetch(url, validator, max_bytes, timeout, headers or {}, head)
        if isinstance(result, SourceState) and not names_same_state(result.validator, validator):
            # RFC 9111 4.3.4: a 304 with another entity tag is not about the state that is held here.
            result = await self._fetch(url, "", max_bytes, timeout, headers or {}, head)
        if isinstance(result, Original):
            return result
        # What a source sends with 304 may be less than what it sent with 200.
        last_modified = result.last_modified or request_conditions(validator)[1]
        return replace(result, validator=validator, last_modified=last_modified)

    async def _fetch(
        self,
        url: str,
        validator: str,
        max_bytes: int,
        timeout: float,  # noqa: ASYNC109 - as above
        headers: Mapping[str, str],
        head: int = 0,
    ) -> Original | SourceState:
        if self._is_web(url):
            return await self._web.fetch(url, validator, max_bytes, timeout, headers, head)
        source, storage = self._place(url)
        if isinstance(storage, StoredObjects):
            return await storage.fetch(source, validator, max_bytes, timeout, head)
        if isinstance(storage, ResourceObjects):
            return await storage.fetch(source, validator, max_bytes, timeout)
        return await storage.fetch(f"{source.host}/{source.path}", validator, max_bytes, timeout)

    async def stat(self, url: str) -> SourceState | None:
        """Return the state of ``url`` where no request is needed for it, else None."""
        if self._is_web(url):
            return None
        source, storage = self._place(url)
        match storage:
            case LocalFiles():
                return await storage.stat(f"{source.host}/{source.path}")
            case ResourceObjects():
                return await storage.stat(source)
        return None

    async def check(self, url: str) -> None:
        """Raise what ``fetch`` would raise for ``url`` before it asks another machine. Looks whether a file exists."""
        if self._is_web(url):
            self._web.check(url)
            return
        if self._config.resources is not None and url.partition("://")[0] in SCHEMES:
            return
        source, storage = self._place(url)
        match storage:
            case LocalFiles():
                await storage.stat(f"{source.host}/{source.path}")
            case StoredObjects():
                storage.check(source)

    def update(self, config: SourcesConfig) -> None:
        """Use what may change while requests run: the check of redirects, and the key of the resource service."""
        self._web.check_redirect = config.check_redirect
        if self._resources is not None and config.resources is not None:
            self._resources.use_key(config.resources.api_key)

    def forget(self, url: str) -> None:
        """Drop what is cached about the state of ``url``, and of its bytes: the next call reads the present ones."""
        if self._films is not None:
            self._films.forget(url)
        if self._resources is not None and url.partition("://")[0] in SCHEMES:
            self._resources.forget(SourceUrl.parse(url, self._config.query_separator))

    def forget_all(self) -> None:
        """Drop what is cached about the states of all URLs, and of their bytes."""
        if self._films is not None:
            self._films.forget_all()
        if self._resources is not None:
            self._resources.forget_all()

    @property
    def purges(self) -> PurgeClient | None:
        """Purges of the resource service; None where there is none. To be used between ``start`` and ``close``."""
        return self._resources.purges if self._resources is not None else None

    async def stream(self, url: str, headers: Mapping[str, str]) -> Stream:
        """Open the original, or the range of it that the request ``headers`` name, as a stream."""
        permit = self._budget.reserve(BUFFERS, Use.STREAMS)
        stream = await self._stream(url, headers)
        stream.permit = permit
        return stream

    async def _stream(self, url: str, headers: Mapping[str, str]) -> Stream:
        if self._is_web(url):
            return await self._web.stream(url, headers)
        source, storage = self._place(url)
        if not isinstance(storage, LocalFiles):
            return await storage.stream(source, headers)
        return await storage.stream(f"{source.host}/{source.path}", headers)

    def _is_web(self, url: str) -> bool:
        if self._closed:
            raise ShuttingDownError
        return url.partition("://")[0].lower() in _WEB

    def _place(self, url: str) -> tuple[SourceUrl, LocalFiles | StoredObjects | ResourceObjects]:
        source = SourceUrl.parse(url, self._config.query_separator)
        if self._resources is not None and source.scheme in SCHEMES:
            return source, self._resources
        if source.scheme == "local" and self._local is not None:
            return source, self._local
        if self._stored is not None and source.scheme in self._stored.schemes:
            return source, self._stored
        raise SourceUnreachableError(f"there is no source for {source.scheme}")
