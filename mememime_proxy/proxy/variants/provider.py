"""How a variant is provided: a chain of providers, each of which answers a request or passes it on.

In order: answer 304 where the client has the variant, look in memory, share the work of equal requests, serve the
fallback picture if the source fails, look in the cache, refuse what no worker would begin soon, wait for another
process that renders it, serve a stale variant if the source fails, fetch the original, make another result of a film or
sound, or take the frame of a film, render it and save the variant.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mememime_proxy.plan import Plan
from mememime_proxy.proxy.cache.caches import Caches
from mememime_proxy.proxy.cache.single_flight import SingleFlight
from mememime_proxy.proxy.model import Result, VariantProvider
from mememime_proxy.proxy.telemetry.metrics import ProxyMetrics
from mememime_proxy.proxy.variants.cached import (
    CacheProvider,
    ConditionalProvider,
    Conditions,
    MemoryProvider,
    StaleProvider,
)
from mememime_proxy.proxy.variants.coalescing import CoalescingProvider, RenderLockProvider
from mememime_proxy.proxy.variants.families import Families
from mememime_proxy.proxy.variants.films import FilmPool, FrameProvider
from mememime_proxy.proxy.variants.media import MediaProvider
from mememime_proxy.proxy.variants.rendering import (
    AdmissionProvider,
    FallbackProvider,
    FetchProvider,
    PicturesProvider,
    RenderProvider,
    ResultSaver,
    VariantRenderer,
)
from mememime_proxy.proxy.variants.url_pictures import UrlPictures
from mememime_proxy.settings.sections import render_config
from mememime_proxy.settings.settings import Settings
from mememime_proxy.workers.pool import Pool


@dataclass(frozen=True, slots=True)
class ProviderChain:
    """The chain from its first provider on."""

    first: VariantProvider
    flights: SingleFlight[Result]
    """The renders under way."""


def build_chain(
    settings: Settings,
    caches: Caches,
    pool: Pool,
    metrics: ProxyMetrics,
    apply_preset: Callable[[Plan, str], Plan],
    films: FilmPool,
    fallback_image: bytes | None = None,
) -> ProviderChain:
    """Return the chain. ``apply_preset``: a plan with the options of a preset by its name; raises PresetError."""
    conditions = Conditions(settings)
    pictures = UrlPictures(caches.pictures, settings.max_src_file_size)
    renderer = VariantRenderer(pool, metrics, films, pictures)
    flights: SingleFlight[Result] = SingleFlight()
    results = ResultSaver(caches.variants, with_spans=settings.enable_debug_headers)

    # From the last provider to the first.
    chain: VariantProvider = RenderProvider(
        renderer,
        Families(caches.pixels, render_config(settings)),
        results,
        apply_preset,
    )
    chain = FrameProvider(films, settings, metrics, chain)
    chain = MediaProvider(films, pool, metrics, results, chain)
    if caches.locks is not None and caches.store is not None:
        chain = RenderLockProvider(caches.variants, caches.store, caches.locks, chain)
    chain = FetchProvider(caches.originals, caches.variants, chain)
    chain = PicturesProvider(pictures, chain)
    chain = StaleProvider(caches.variants, chain)
    if caches.locks is not None and caches.store is not None:
        chain = RenderLockProvider(caches.variants, caches.store, caches.locks, chain)
    chain = AdmissionProvider(renderer, chain)
    chain = CacheProvider(caches.variants, chain)
    chain = FallbackProvider(renderer, pictures, fallback_image, settings.fallback_image_http_code, metrics, chain)
    # Of the store only a look at it tells whether a render is needed.
    announce = renderer.announce if caches.store is None else None
    chain = CoalescingProvider(flights, caches.epochs, metrics, chain, announce)
    chain = MemoryProvider(caches.variants, conditions, chain)
    return ProviderChain(ConditionalProvider(conditions, chain), flights)
