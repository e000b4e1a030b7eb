"""OpenTelemetry traces of requests: request > fetch, store, queue, render, respond. Loaded only where it is wanted."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from mememime_proxy.errors import MememimeError, missing_extra
from mememime_proxy.settings.environment import variable
from mememime_proxy.settings.settings import Settings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor
    from opentelemetry.trace import Span

_LEAST = ("traceparent", "tracestate")


class Tracing:
    """Makes spans; which of them are kept and where they go, the ``OTEL_…`` variables say."""

    def __init__(self, processor: SpanProcessor, *, propagate: bool) -> None:
        """``processor`` gets the spans. ``propagate``: traces begin with clients, and go on with sources."""
        from opentelemetry import trace  # noqa: PLC0415 - see the module
        from opentelemetry.sdk.resources import SERVICE_NAME, Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415

        own = {} if "OTEL_SERVICE_NAME" in os.environ else {SERVICE_NAME: "mememime"}
        self._provider = TracerProvider(resource=Resource.create(own))
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("mememime_proxy")
        self._server, self._error = trace.SpanKind.SERVER, trace.Status(trace.StatusCode.ERROR)
        self._propagator = TraceContextTextMapPropagator() if propagate else None

    async def close(self) -> None:
        """Sends what is left."""
        await asyncio.to_thread(self._provider.shutdown)

    @contextlib.contextmanager
    def request(self, method: str, headers: Mapping[str, str]) -> Iterator[Span]:
        """The span of a whole request; what happens in its block is below it."""
        carrier = {name: headers[name] for name in _LEAST if name in headers}
        context = self._propagator.extract(carrier) if self._propagator is not None else None
        attributes = {"http.request.method": method}
        with self._tracer.start_as_current_span(
            "request", context, self._server, attributes, record_exception=False, set_status_on_exception=False
        ) as span:
            yield span

    def answered(self, span: Span, status: int, error: MememimeError | None, facts: Mapping[str, str]) -> None:
        """What became of the request."""
        span.set_attribute("http.response.status_code", status)
        for name, value in facts.items():
            span.set_attribute(f"mememime.{name}", value)
        if error is not None:
            span.set_attribute("error.type", error.code)
        if status >= 500:
            span.set_status(self._error)

    def span(self, name: str) -> contextlib.AbstractContextManager[Span]:
        """A part of the request that is being made at present."""
        return self._tracer.start_as_current_span(name, record_exception=False)

    def past(self, name: str, seconds: float, ago: float = 0.0) -> None:
        """A part that took ``seconds`` and ended ``ago`` seconds before now."""
        end = time.time_ns() - int(1e9 * ago)
        self._tracer.start_span(name, start_time=end - int(1e9 * seconds)).end(end)

    def outgoing(self) -> Mapping[str, str]:
        """Headers that tell a source which trace it is part of."""
        carrier: dict[str, str] = {}
        if self._propagator is not None:
            self._propagator.inject(carrier)
        return carrier


def opened(settings: Settings) -> Tracing | None:
    """As the settings say; None = off. SettingsError where the extra is not installed."""
    if not settings.open_telemetry_enable:
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError as error:
        raise missing_extra(variable("open_telemetry_enable"), "otel") from error
    return Tracing(BatchSpanProcessor(OTLPSpanExporter()), propagate=settings.open_telemetry_propagate_external)
