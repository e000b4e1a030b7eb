"""Endpoints of the service itself: health, readiness, its description in OpenAPI."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from aiohttp import web

from mememime_proxy.resources.http.call import JSON_TYPE, Call, json_response
from mememime_proxy.resources.http.endpoint import Route
from mememime_proxy.resources.http.openapi import to_json
from mememime_proxy.workers.reporting import state


async def health(call: Call) -> web.StreamResponse:
    """Answer whether the process can do its work; with ``?verbose``, in which state its workers are."""
    pool = call.services.pool
    details = state(pool.stats()) if "verbose" in call.request.query else {}
    return json_response({"status": "ok" if pool.healthy else "failing", **details}, 200 if pool.healthy else 500)


async def ready(call: Call) -> web.StreamResponse:
    """Answer whether requests are taken: workers run, the database answers, and the service is not being stopped."""
    services = call.services
    is_ready = services.pool.healthy and not services.stopping.is_set() and await services.database.answers()
    return json_response({"status": "ready" if is_ready else "not ready"}, 200 if is_ready else 503)


def description_route(others: Sequence[Route]) -> Route:
    """Return the endpoint that serves the OpenAPI description of ``others`` and of itself."""

    @cache
    def document() -> bytes:
        return to_json((*others, route)).encode()

    async def describe(_call: Call) -> web.StreamResponse:
        return web.Response(body=document(), content_type=JSON_TYPE, headers={"Cache-Control": "no-cache"})

    route = Route(
        method="GET",
        path="/openapi.json",
        handler=describe,
        name="description",
        summary="The OpenAPI description of this service",
        role=None,
        responses={200: dict[str, Any]},
    )
    return route


ROUTES = (
    Route(
        method="GET",
        path="/health",
        handler=health,
        name="health",
        summary="Whether the process can do its work",
        role=None,
        responses={200: dict[str, Any], 500: dict[str, Any]},
    ),
    Route(
        method="GET",
        path="/ready",
        handler=ready,
        name="ready",
        summary="Whether requests are taken",
        role=None,
        responses={200: dict[str, str], 503: dict[str, str]},
    ),
)
