"""The provider of results of films and sound that are no single picture: clips, sound, waveforms, playlists."""

from __future__ import annotations

from mememime_proxy.errors import UnsupportedFormatError
from mememime_proxy.formats.outputs import OutputKind
from mememime_proxy.proxy.model import Result, VariantProvider, VariantRequest
from mememime_proxy.proxy.telemetry.metrics import ProxyMetrics
from mememime_proxy.proxy.variants.films import FilmPool, container_of
from mememime_proxy.proxy.variants.rendering import ResultSaver
from mememime_proxy.workers.pool import JobResult

_SPAN = "media"


class MediaProvider:
    """Makes a result of a film or sound in a worker for them, and saves it; passes requests of pictures on."""

    def __init__(
        self, films: FilmPool, metrics: ProxyMetrics, results: ResultSaver, following: VariantProvider
    ) -> None:
        self._films = films
        self._metrics = metrics
        self._results = results
        self._next = following

    async def get(self, request: VariantRequest) -> Result:
        """See ``VariantProvider``. Raises UnsupportedFormatError where the original is neither a film nor sound."""
        kind, original = request.plan.output_kind, request.original
        if kind is None or original is None:
            return await self._next.get(request)
        container = container_of(original.fd)
        if container is None:
            if kind is OutputKind.ANIMATION:
                # Of a picture, the options of films change nothing.
                return await self._next.get(request)
            raise UnsupportedFormatError("the original is neither a film nor sound")
        pool = await self._films.get(container)
        film = original.film
        try:
            job = await pool.run(
                self._films.job("media", request), original.fd, request.remaining_seconds(), request.flow, film
            )
        finally:
            if film is not None:
                self._metrics.source_bytes.inc(film.received)
        self._films.learn(request, job.facts)
        self._observe(request, job)
        return await self._results.save(request, job, original.size)

    def _observe(self, request: VariantRequest, job: JobResult) -> None:
        self._metrics.observe_span("queue", job.queue_seconds)
        self._metrics.observe_span(_SPAN, job.render_seconds)
        self._metrics.result_bytes.inc(len(job.variant.body))
        request.spans.add("queue", job.queue_seconds, job.render_seconds)
        request.spans.add(_SPAN, job.render_seconds)
