"""OpenTelemetry traces of requests: request > fetch, store, queue, render, respond. Loaded only where it is wanted."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from mememime_proxy.errors import MememimeError, missing_extra
from mememime_proxy.proxy.model import SpanRecorder
from mememime_proxy.settings.environment import variable
from mememime_proxy.settings.settings import Settings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor
    from opentelemetry.trace import Span

_TRACE_HEADERS = ("traceparent", "tracestate")


class Tracing:
    """Makes spans; the ``OTEL_…`` variables decide which of them are exported, and where to."""

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
        """Send the spans that are left."""
        await asyncio.to_thread(self._provider.shutdown)

    @contextlib.contextmanager
    def request(self, method: str, headers: Mapping[str, str]) -> Iterator[Span]:
        """Return a context manager for a request: the spans that its block makes are children of the request's."""
        carrier = {name: headers[name] for name in _TRACE_HEADERS if name in headers}
        context = self._propagator.extract(carrier) if self._propagator is not None else None
        attributes = {"http.request.method": method}
        with self._tracer.start_as_current_span(
            "request", context, self._server, attributes, record_exception=False, set_status_on_exception=False
        ) as span:
            yield span

    def finish_request(self, span: Span, status: int, error: MememimeError | None, facts: Mapping[str, str]) -> None:
        """Record the response in a request's span."""
        span.set_attribute("http.response.status_code", status)
        for name, value in facts.items():
            span.set_attribute(f"mememime.{name}", value)
        if error is not None:
            span.set_attribute("error.type", error.code)
        if status >= 500:
            span.set_status(self._error)

    def span(self, name: str) -> contextlib.AbstractContextManager[Span]:
        """Return a context manager: its block is a part of the present request."""
        return self._tracer.start_as_current_span(name, record_exception=False)

    def add_span(self, name: str, seconds: float, ended_before: float) -> None:
        """Add a part that took ``seconds`` and ended ``ended_before`` seconds ago."""
        end = time.time_ns() - int(1e9 * ended_before)
        self._tracer.start_span(name, start_time=end - int(1e9 * seconds)).end(end)

    def recorder(self) -> SpanRecorder:
        """Return a recorder whose parts are spans of the present request, too."""
        return SpanRecorder(self.span, self.add_span)

    def outgoing_headers(self) -> Mapping[str, str]:
        """Return the headers by which a source continues the trace."""
        carrier: dict[str, str] = {}
        if self._propagator is not None:
            self._propagator.inject(carrier)
        return carrier


def open_tracing(settings: Settings) -> Tracing | None:
    """Return the tracing that the settings ask for; None = off. SettingsError where the extra is not installed."""
    if not settings.open_telemetry_enable:
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError as error:
        raise missing_extra(variable("open_telemetry_enable"), "otel") from error
    return Tracing(BatchSpanProcessor(OTLPSpanExporter()), propagate=settings.open_telemetry_propagate_external)
