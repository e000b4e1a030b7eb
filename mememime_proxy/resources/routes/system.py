"""How the service is, and how it is spoken to."""

from __future__ import annotations

from functools import cache
from typing import Any

from aiohttp import web

from mememime_proxy.resources.http.endpoint import JSON_TYPE, Call, Route, answer


async def health(call: Call) -> web.StreamResponse:
    """Whether the process can do its work."""
    healthy = call.services.pool.healthy
    return answer({"status": "ok" if healthy else "failing"}, 200 if healthy else 500)


async def ready(call: Call) -> web.StreamResponse:
    """Whether requests are taken: workers are alive, the database answers, nobody has asked to stop."""
    services = call.services
    ok = services.pool.healthy and not services.stopping.is_set() and await services.database.answers()
    return answer({"status": "ready" if ok else "not ready"}, 200 if ok else 503)


async def description(_call: Call) -> web.StreamResponse:
    """This service in OpenAPI."""
    return web.Response(body=_document(), content_type=JSON_TYPE, headers={"Cache-Control": "no-cache"})


@cache
def _document() -> bytes:
    from mememime_proxy.resources.app import ROUTES  # noqa: PLC0415 - which this module is a part of
    from mememime_proxy.resources.http.openapi import text  # noqa: PLC0415

    return text(ROUTES).encode()


ROUTES = (
    Route(
        method="GET",
        path="/health",
        handler=health,
        name="health",
        summary="Whether the process can do its work",
        role=None,
        answers={200: dict[str, str], 500: dict[str, str]},
    ),
    Route(
        method="GET",
        path="/ready",
        handler=ready,
        name="ready",
        summary="Whether requests are taken",
        role=None,
        answers={200: dict[str, str], 503: dict[str, str]},
    ),
    Route(
        method="GET",
        path="/openapi.json",
        handler=description,
        name="description",
        summary="This service in OpenAPI",
        role=None,
        answers={200: dict[str, Any]},
    ),
)
