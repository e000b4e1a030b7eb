import gc
import weakref
from types import SimpleNamespace

import pytest
from aiohttp import HttpVersion11, web

from mememime_proxy.errors import OverloadError, SourceNotFoundError
from mememime_proxy.proxy.http.access_log import AccessLog
from mememime_proxy.proxy.http.routes import RouteHandlers, Routes
from mememime_proxy.proxy.telemetry.metrics import ProxyMetrics
from mememime_proxy.settings.settings import Settings


class Request(SimpleNamespace):
    """As much of a request as is read of one that is refused."""


def make_routes(error):
    def parse(target, headers):
        raise error

    settings = Settings()
    responder = SimpleNamespace(
        refuse=lambda exchange, error: web.Response(status=error.status), add_common_headers=lambda *_: None
    )
    handlers = RouteHandlers(
        settings, SimpleNamespace(parse=parse), SimpleNamespace(), responder, *[SimpleNamespace()] * 3
    )
    return Routes(settings, handlers, ProxyMetrics(), AccessLog(), lambda: True, lambda: None)


@pytest.mark.parametrize("error", [OverloadError("full"), SourceNotFoundError("there is no such file")])
async def test_routes_refused_request_is_freed_without_a_garbage_collection(error):
    routes = make_routes(error)
    request = Request(method="GET", headers={}, path="/a", raw_path="/a", version=HttpVersion11, remote="127.0.0.1")
    reference = weakref.ref(request)
    gc.disable()
    try:
        response = await routes.handle(request)
        del request
        assert response.status == error.status
        assert reference() is None
    finally:
        gc.enable()
