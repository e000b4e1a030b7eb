"""Providers that answer without a render: 304, memory, the cache, and stale variants of a source that fails."""

from __future__ import annotations

from msgspec.structs import replace

from mememime_proxy.errors import (
    SourceError,
    SourceIncompleteError,
    SourceResponseError,
    SourceStatusError,
    SourceTimeoutError,
    SourceUnreachableError,
)
from mememime_proxy.proxy.cache.lookup import VariantCache
from mememime_proxy.proxy.model import (
    NO_CONDITIONS,
    NotModified,
    Result,
    VariantProvider,
    VariantRequest,
    VariantResult,
)
from mememime_proxy.proxy.variants.keys import embedded_validator, make_etag
from mememime_proxy.service.conditional import (
    Decision,
    Preconditions,
    Representation,
    evaluate,
    parse_etags,
    parse_http_date,
)
from mememime_proxy.settings.settings import Settings
from mememime_proxy.sources.model import SourceState, date_validator, is_conditional

_TRANSIENT = (SourceTimeoutError, SourceUnreachableError, SourceResponseError, SourceIncompleteError)
"""Errors that say nothing about the original."""


class Conditions:
    """Decides conditional requests, as far as the settings have us send ETag and Last-Modified."""

    def __init__(self, settings: Settings) -> None:
        self._use_etag = settings.use_etag
        self._use_last_modified = settings.use_last_modified
        floor = settings.last_modified_buster
        self._min_date = int(floor.timestamp()) if floor is not None else None
        """Dates up to this one say nothing: Last-Modified is raised to it."""

    def of(self, sent: Preconditions) -> Preconditions:
        """Return the conditions that count of those that a client sent."""
        if_none_match = sent.if_none_match if self._use_etag else ""
        date = sent.if_modified_since if self._use_last_modified and not sent.if_none_match else ""
        if date and self._min_date is not None:
            seconds = parse_http_date(date)
            date = date if seconds is not None and seconds > self._min_date else ""
        if not if_none_match and not date:
            return NO_CONDITIONS
        return Preconditions(if_none_match=if_none_match, if_modified_since=date)

    def are_met(self, conditions: Preconditions, etag: str, last_modified: str) -> bool:
        """Whether the client has the variant with these validators."""
        return evaluate(conditions, Representation(etag, last_modified)) is Decision.NOT_MODIFIED

    def client_validator(self, conditions: Preconditions, key: bytes) -> str:
        """Return the conditions as a validator of the source; '' where they cannot be passed on to it."""
        for etag in parse_etags(conditions.if_none_match):
            if validator := embedded_validator(key, etag):
                return validator
        return date_validator(conditions.if_modified_since)


class ConditionalProvider:
    """Answers 304 where the client has the variant; tells the providers behind it which state of the source it has."""

    def __init__(self, conditions: Conditions, following: VariantProvider) -> None:
        self._conditions = conditions
        self._next = following

    async def get(self, request: VariantRequest) -> Result:
        """See ``VariantProvider``."""
        if request.conditions is NO_CONDITIONS:
            return await self._next.get(request)
        conditions = self._conditions.of(request.conditions)
        result = await self._next.get(
            replace(
                request,
                conditions=conditions,
                client_validator=self._conditions.client_validator(conditions, request.key),
            )
        )
        if (
            isinstance(result, VariantResult)
            and result.status == 200
            and self._conditions.are_met(conditions, result.etag, result.state.last_modified)
        ):
            return NotModified(result.etag, result.state, bool(result.variant.damage))
        return result


class MemoryProvider:
    """Answers from memory, at the cost of a look at a local file at most.

    For a conditional request the source's state is enough, whether or not the variant is in memory.
    """

    def __init__(self, cache: VariantCache, conditions: Conditions, following: VariantProvider) -> None:
        self._cache = cache
        self._conditions = conditions
        self._next = following

    async def get(self, request: VariantRequest) -> Result:
        """See ``VariantProvider``."""
        if request.plan.caching.bypass:
            return await self._next.get(request)
        entry = self._cache.get_from_memory(request)
        if entry is None and request.conditions is NO_CONDITIONS:
            return await self._next.get(request)
        if entry is not None or self._cache.is_epoch_known(request.source):
            state = await self._cache.get_state(request.source)
            if state is not None and entry is not None and entry.result.state.validator == state.validator:
                entry = await self._cache.store_deferred(request, entry)
                return self._cache.serve_from_memory(entry, state)
            if state is not None and self._has_variant_of(state, request):
                return NotModified(make_etag(request.key, state.validator), state)
        return await self._next.get(request if entry is None else replace(request, entry=entry))

    def _has_variant_of(self, state: SourceState, request: VariantRequest) -> bool:
        """Whether the client has the variant of the source in ``state``."""
        return is_conditional(state.validator) and self._conditions.are_met(
            request.conditions, make_etag(request.key, state.validator), state.last_modified
        )


class CacheProvider:
    """Answers from memory or the store where the entry is fresh; else passes the entry on, to be revalidated."""

    def __init__(self, cache: VariantCache, following: VariantProvider) -> None:
        self._cache = cache
        self._next = following

    async def get(self, request: VariantRequest) -> Result:
        """See ``VariantProvider``."""
        entry, epoch = await self._cache.lookup(request)
        if request.plan.caching.bypass:
            return await self._next.get(replace(request, epoch=epoch))
        if entry is not None:
            entry = await self._cache.store_deferred(request, entry)
        if entry is not None and (state := await self._cache.get_fresh_state(request.source, entry)) is not None:
            return self._cache.serve(request, entry, state)
        return await self._next.get(replace(request, entry=entry, epoch=epoch))


class StaleProvider:
    """Answers with the cache entry that cannot be revalidated, because its source fails for the moment."""

    def __init__(self, cache: VariantCache, following: VariantProvider) -> None:
        self._cache = cache
        self._next = following

    async def get(self, request: VariantRequest) -> Result:
        """See ``VariantProvider``."""
        try:
            return await self._next.get(request)
        except SourceError as error:
            if request.entry is None or not _is_transient(error):
                raise
            return self._cache.serve_stale(request, request.entry)


def _is_transient(error: SourceError) -> bool:
    if isinstance(error, SourceStatusError):
        return error.upstream >= 500 or error.upstream == 429
    return isinstance(error, _TRANSIENT)
