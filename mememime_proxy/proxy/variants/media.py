"""The provider of results of films and sound that are no single picture: clips, sound, waveforms, playlists."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from msgspec import structs

from mememime_proxy.errors import UnsupportedFormatError
from mememime_proxy.formats.frame_stack import MAX_FRAMES
from mememime_proxy.formats.media_plan import NO_MEDIA
from mememime_proxy.formats.output_rules import FormatPreference, OriginalPolicy
from mememime_proxy.formats.outputs import OutputKind
from mememime_proxy.plan import Color, Plan
from mememime_proxy.proxy.model import Result, VariantProvider, VariantRequest
from mememime_proxy.proxy.telemetry.metrics import ProxyMetrics
from mememime_proxy.proxy.variants.films import FilmPool, container_of
from mememime_proxy.proxy.variants.rendering import ResultSaver
from mememime_proxy.proxy.variants.source_plan import stripped_copy
from mememime_proxy.sources.model import Original
from mememime_proxy.workers.pool import JobResult, Pool, WorkerJob

_SPAN = "media"
_WHITE: Final[Color] = (255, 255, 255)
"""What transparent pixels of an animated picture become in a film, where the plan names no background."""


class MediaProvider:
    """Makes a result of a film or sound in a worker for them, and saves it; passes requests of pictures on."""

    def __init__(
        self, films: FilmPool, pictures: Pool, metrics: ProxyMetrics, results: ResultSaver, following: VariantProvider
    ) -> None:
        """``pictures``: the workers that render the frames of an animated picture, of which a film is made."""
        self._films = films
        self._pictures = pictures
        self._metrics = metrics
        self._results = results
        self._next = following

    async def get(self, request: VariantRequest) -> Result:
        """See ``VariantProvider``. Raises UnsupportedFormatError where the original is neither a film nor sound."""
        kind, original = request.plan.output_kind, request.original
        if kind is None and original is not None and request.plan.original_policy is OriginalPolicy.STRIP:
            container = container_of(original.fd)
            if container is not None and (plan := stripped_copy(request.plan, container)) is not None:
                return await self._make(structs.replace(request, plan=plan), original, container)
        if kind is None or original is None or kind is OutputKind.ANIMATION:
            # Frames of an animated picture are rendered as pictures are.
            return await self._next.get(request)
        container = container_of(original.fd)
        if container is not None:
            return await self._make(request, original, container)
        if kind is not OutputKind.VIDEO:
            raise UnsupportedFormatError("the original is neither a film nor sound")
        with await self._render_frames(request, original) as stack:
            return await self._make(request, stack, request.plan.format)

    async def _make(self, request: VariantRequest, original: Original, container: str) -> Result:
        pool = await self._films.get_for(container)
        film = original.film
        try:
            job = await pool.run(
                await self._films.job("media", request), original.fd, request.remaining_seconds(), request.flow, film
            )
        finally:
            if film is not None:
                self._metrics.source_bytes.inc(film.received)
        self._films.learn(request, job.facts)
        self._observe(request, job)
        return await self._results.save(request, job, original.size)

    async def _render_frames(self, request: VariantRequest, original: Original) -> Original:
        """Return the frames of an animated picture, rendered by the plan, as the original of a film."""
        job = await self._pictures.run_to_file(
            WorkerJob("render", _frames_plan(request.plan)), original.fd, request.remaining_seconds(), request.flow
        )
        self._metrics.observe_span("processing", job.render_seconds)
        request.spans.add("render", job.render_seconds)
        return Original(job.descriptor, original.size, request.state, permit=job.permit)

    def _observe(self, request: VariantRequest, job: JobResult) -> None:
        self._metrics.observe_span("queue", job.queue_seconds)
        self._metrics.observe_span(_SPAN, job.render_seconds)
        self._metrics.result_bytes.inc(len(job.variant.body))
        request.spans.add("queue", job.queue_seconds, job.render_seconds)
        request.spans.add(_SPAN, job.render_seconds)


def _frames_plan(plan: Plan) -> Plan:
    """Return the plan of all frames of an animated picture: opaque, in sRGB, as a stack."""
    limits = replace(plan.limits, max_animation_frames=MAX_FRAMES)
    background = plan.background or _WHITE
    return replace(
        plan,
        format="png",
        as_stack=True,
        media=NO_MEDIA,
        limits=limits,
        background=background,
        preserve_hdr=False,
        strip_color_profile=True,
        strip_metadata=True,
        keep_copyright=False,
        quality=0,
        skip_processing=(),
        preference=FormatPreference(),
    )
