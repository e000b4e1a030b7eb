import subprocess
import sys

import pytest

from mememime_proxy.errors import BrokenImageError
from mememime_proxy.proxy.telemetry import tracing
from mememime_proxy.proxy.telemetry.tracing import Tracing
from mememime_proxy.settings.settings import load

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def spans():
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    return InMemorySpanExporter()


def make(spans, propagate=False):
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor

    return Tracing(SimpleSpanProcessor(spans), propagate=propagate)


async def test_spans_of_parts_are_children_of_their_request(spans):
    traces = make(spans)
    with traces.request("GET", {"traceparent": PARENT}) as span:
        with traces.span("fetch"):
            assert traces.outgoing_headers() == {}
        traces.add_span("render", 0.5, 0.25)
        traces.finish_request(span, 500, BrokenImageError("no"), {"source": "http://h/a"})
    fetch, render, request = spans.get_finished_spans()
    assert [one.name for one in (fetch, render, request)] == ["fetch", "render", "request"]
    assert fetch.parent.span_id == render.parent.span_id == request.context.span_id
    assert request.parent is None
    assert (render.end_time - render.start_time) / 1e9 == pytest.approx(0.5)
    assert request.resource.attributes["service.name"] == "mememime"
    assert dict(request.attributes) == {
        "http.request.method": "GET",
        "http.response.status_code": 500,
        "mememime.source": "http://h/a",
        "error.type": "image.corrupt",
    }
    assert not request.status.is_ok
    await traces.close()


async def test_trace_with_propagation_continues_to_the_source(spans):
    traces = make(spans, propagate=True)
    with traces.request("GET", {"traceparent": PARENT}), traces.span("fetch"):
        outgoing = traces.outgoing_headers()
    fetch, request = spans.get_finished_spans()
    assert f"{request.context.trace_id:032x}" == PARENT.split("-")[1]
    assert f"{request.parent.span_id:016x}" == PARENT.split("-")[2]
    assert outgoing["traceparent"] == f"00-{fetch.context.trace_id:032x}-{fetch.context.span_id:016x}-01"
    await traces.close()


def test_tracing_is_off_by_default():
    assert tracing.open_tracing(load({"MEMEMIME_ALLOW_UNSIGNED": "1"})) is None


def test_tracing_that_is_off_imports_nothing():
    code = "import sys, mememime_proxy.proxy.app; assert not [m for m in sys.modules if 'opentelemetry' in m]"
    subprocess.run([sys.executable, "-c", code], check=True)
