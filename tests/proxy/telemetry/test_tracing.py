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


async def test_parts_are_below_their_request(spans):
    it = make(spans)
    with it.request("GET", {"traceparent": PARENT}) as span:
        with it.span("fetch"):
            assert it.outgoing() == {}
        it.past("render", 0.5, 0.25)
        it.answered(span, 500, BrokenImageError("no"), {"source": "http://h/a"})
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
    await it.close()


async def test_traces_go_through_where_that_is_wanted(spans):
    it = make(spans, propagate=True)
    with it.request("GET", {"traceparent": PARENT}), it.span("fetch"):
        outgoing = it.outgoing()
    fetch, request = spans.get_finished_spans()
    assert f"{request.context.trace_id:032x}" == PARENT.split("-")[1]
    assert f"{request.parent.span_id:016x}" == PARENT.split("-")[2]
    assert outgoing["traceparent"] == f"00-{fetch.context.trace_id:032x}-{fetch.context.span_id:016x}-01"
    await it.close()


def test_off_is_the_default():
    assert tracing.opened(load({"MEMEMIME_ALLOW_UNSIGNED": "1"})) is None


def test_nothing_is_loaded_where_it_is_off():
    code = "import sys, mememime_proxy.proxy.app; assert not [m for m in sys.modules if 'opentelemetry' in m]"
    subprocess.run([sys.executable, "-c", code], check=True)
