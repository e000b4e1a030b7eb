"""The dispatcher: route a request, authenticate it, run its handler, set headers, count and log."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass

from aiohttp import web

from mememime_proxy.console.pages import API_PREFIX
from mememime_proxy.errors import (
    ClientDisconnectedError,
    MememimeError,
    PathError,
    ReadOnlyError,
    RoleError,
    UploadStalledError,
)
from mememime_proxy.resources.auth.principal import Principal, Role
from mememime_proxy.resources.context import Services
from mememime_proxy.resources.http.call import Call
from mememime_proxy.resources.http.cors import Cors
from mememime_proxy.resources.http.endpoint import Route
from mememime_proxy.resources.http.problem_details import problem_response
from mememime_proxy.resources.http.read_only import allow, writer_link
from mememime_proxy.resources.http.router import RouteMatch, Router
from mememime_proxy.resources.http.session_access import console_location, is_console_request, require_session
from mememime_proxy.resources.metrics import ResourceMetrics
from mememime_proxy.service.logs import logger
from mememime_proxy.service.request_id import HEADER, choose_request_id

_UNLOGGED = {"health", "ready", "list_purges"}
"""Endpoints that are polled: counted, but neither timed nor logged, unless they end in an error."""


@dataclass(slots=True)
class _Exchange:
    """One request on its way through the dispatcher."""

    request: web.BaseRequest
    match: RouteMatch | None
    id: str
    started: float
    in_console: bool = False
    """Whether a page of the console made it: its session authenticates it."""

    @property
    def route(self) -> Route | None:
        return self.match.route if self.match else None


class Dispatcher:
    """``handle`` answers every request; errors become problem details."""

    def __init__(
        self,
        routes: Iterable[Route],
        services: Services,
        cors: Cors,
        metrics: ResourceMetrics,
        console_routes: Iterable[Route] = (),
    ) -> None:
        """``console_routes``: what is below the API's prefix of the console, besides ``routes``."""
        routes = tuple(routes)
        self._router = Router(routes)
        self._console_router = Router((*console_routes, *routes))
        self._services = services
        self.cors = cors
        self._metrics = metrics
        self._log = logger()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request. Raises ConnectionError where the client has disconnected, and nothing else."""
        path = request.raw_path.partition("?")[0]
        in_console = is_console_request(path, self._services)
        router = self._console_router if in_console else self._router
        exchange = _Exchange(
            request,
            router.match(request.method, path.removeprefix(API_PREFIX) if in_console else path),
            choose_request_id(request.headers.get(HEADER, "")),
            time.perf_counter(),
            in_console,
        )
        with self._metrics.in_progress.track_inprogress():
            response, error = await self._respond(exchange)
        self._record(exchange, response.status if response is not None else ClientDisconnectedError.status, error)
        if response is None:
            raise ConnectionResetError("the client disconnected")
        if not response.prepared:
            self._set_headers(exchange, response)
            if not request.content.is_eof():
                # The rest of a body that was not read must not be taken for the next request.
                response.force_close()
        return response

    async def _respond(self, exchange: _Exchange) -> tuple[web.StreamResponse | None, MememimeError | None]:
        """Return the response, None where the client has disconnected; and the error that the request ended in."""
        try:
            return await self._call(exchange), None
        except MememimeError as error:
            response = problem_response(error, exchange.id)
            if isinstance(error, ReadOnlyError):
                self._name_writer(exchange, response)
            return response, error
        except ConnectionError:
            return None, ClientDisconnectedError()
        except Exception as error:  # noqa: BLE001 - the outermost place: it becomes a 500 and a log line
            self._log.exception("request.failed", request_id=exchange.id)
            unexpected = MememimeError(f"{type(error).__name__}: {error}")
            return problem_response(unexpected, exchange.id), unexpected

    async def _call(self, exchange: _Exchange) -> web.StreamResponse:
        request, match = exchange.request, exchange.match
        if match is None:
            raise PathError("there is nothing at this path")
        if match.route is None:
            headers = {"Allow": allow(match, read_only=self._services.settings.read_only)}
            return web.Response(status=204 if request.method == "OPTIONS" else 405, headers=headers)
        if self._services.settings.read_only and match.route.writes:
            writer = self._services.settings.writer_url
            raise ReadOnlyError(f"this service reads from a replica{f'; changes go to {writer}' if writer else ''}")
        call = Call(
            request=request,
            services=self._services,
            principal=await self._authenticate(exchange, match.route),
            params=match.params,
            id=exchange.id,
            set_headers=lambda response: self._set_headers(exchange, response),
        )
        return await match.route.handler(call)

    async def _authenticate(self, exchange: _Exchange, route: Route) -> Principal | None:
        if exchange.in_console:
            if route.role is None:
                return None
            principal = (await require_session(exchange.request, self._services)).principal
            if principal.role < route.role:
                raise RoleError(f"this needs the role {route.role.name.lower()}")
            return principal
        authorization = exchange.request.headers.get("Authorization", "")
        is_open = route.role is Role.READ and not route.is_private and self._services.settings.anonymous_reading
        if route.role is None or (not authorization and is_open):
            return None
        principal = await self._services.authenticator.authenticate(authorization, accept_tokens=route.accepts_tokens)
        if principal.role < route.role:
            raise RoleError(f"this needs the role {route.role.name.lower()}")
        return principal

    def _name_writer(self, exchange: _Exchange, response: web.StreamResponse) -> None:
        if exchange.match is not None:
            response.headers["Allow"] = allow(exchange.match, read_only=True)
        if writer := self._services.settings.writer_url:
            response.headers["Link"] = writer_link(writer, exchange.request.raw_path)

    def _set_headers(self, exchange: _Exchange, response: web.StreamResponse) -> None:
        headers = response.headers
        if exchange.in_console and "Location" in headers:
            headers["Location"] = console_location(headers["Location"])
        if exchange.route is not None:
            headers.update(exchange.route.fixed_headers)
        headers[HEADER] = exchange.id
        headers["Server"] = "mememime"
        headers["X-Content-Type-Options"] = "nosniff"
        headers.setdefault("Content-Security-Policy", "default-src 'none'; sandbox")
        headers.setdefault("Cache-Control", "no-store")
        self.cors.apply(exchange.request, response)
        if self._services.stopping.is_set():
            response.force_close()

    def _record(self, exchange: _Exchange, status: int, error: MememimeError | None) -> None:
        seconds = time.perf_counter() - exchange.started
        name = exchange.route.name if exchange.route else "none"
        self._metrics.requests.labels(name, str(status)).inc()
        if name in _UNLOGGED and error is None:
            return
        self._metrics.duration.labels(name).observe(seconds)
        facts = {
            "endpoint": name,
            "request_id": exchange.id,
            "status": status,
            "method": exchange.request.method,
            "path": exchange.request.raw_path.partition("?")[0],
            "ms": round(1000 * seconds, 1),
        }
        if error is None:
            self._log.info("request.answered", **facts)
            return
        self._metrics.errors.labels(error.code).inc()
        is_fault = status >= 500 and not isinstance(error, UploadStalledError)
        level = logging.ERROR if is_fault else logging.WARNING
        self._log.log(level, "request.refused", error=error.code, detail=error.detail, **facts)
