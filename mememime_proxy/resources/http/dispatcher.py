"""A request's way: found, let in, handled, answered, counted and logged."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable

from aiohttp import web

from mememime_proxy.errors import ClientDisconnectedError, MememimeError, PathError, RoleError
from mememime_proxy.resources.auth.principal import Caller, Role
from mememime_proxy.resources.context import Services
from mememime_proxy.resources.http.endpoint import Call, Route
from mememime_proxy.resources.http.problem_details import refusal
from mememime_proxy.resources.http.router import Found, Router
from mememime_proxy.resources.metrics import Metrics
from mememime_proxy.service.logs import logger
from mememime_proxy.service.request_id import choose_request_id

_QUIET = {"health", "ready"}


class Endpoints:
    """``handle`` answers every request; errors become problem details."""

    def __init__(self, routes: Iterable[Route], services: Services, metrics: Metrics) -> None:
        self._router = Router(routes)
        self._services = services
        self._metrics = metrics
        self._log = logger()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Raises ConnectionError where the client is gone, and nothing else."""
        number = choose_request_id(request.headers.get("X-Request-ID", ""))
        begun = time.perf_counter()
        found = self._router.find(request.method, request.raw_path.partition("?")[0])
        name = found.route.name if found and found.route else "none"
        with self._metrics.in_progress.track_inprogress():
            response, error = await self._outcome(request, found, number)
        status = response.status if response is not None else ClientDisconnectedError.status
        self._account(request, name, number, begun, status, error)
        if response is None:
            raise ConnectionResetError("the client is gone")
        if not response.prepared:
            if found and found.route:
                response.headers.update(found.route.always)
            self._finish(request, response, number)
        return response

    async def _outcome(
        self, request: web.BaseRequest, found: Found | None, number: str
    ) -> tuple[web.StreamResponse | None, MememimeError | None]:
        """The answer, None where nobody waits for it any more; and the error that it came to."""
        try:
            return await self._answer(request, found, number), None
        except MememimeError as error:
            return refusal(error, number), error
        except ConnectionError:
            return None, ClientDisconnectedError()
        except Exception as unexpected:  # noqa: BLE001 - the outermost place: it becomes a 500 and a log line
            self._log.exception("request.failed", request_id=number)
            fault = MememimeError(f"{type(unexpected).__name__}: {unexpected}")
            return refusal(fault, number), fault

    async def _answer(self, request: web.BaseRequest, found: Found | None, number: str) -> web.StreamResponse:
        if found is None:
            raise PathError("there is nothing at this path")
        if found.route is None:
            allowed = ", ".join(sorted({*found.allowed, "OPTIONS"}))
            if request.method == "OPTIONS":
                return web.Response(status=204, headers={"Allow": allowed})
            return web.Response(status=405, headers={"Allow": allowed})
        caller = await self._caller(request, found.route)
        return await found.route.handler(Call(request, self._services, caller, found.params, number))

    async def _caller(self, request: web.BaseRequest, route: Route) -> Caller | None:
        authorization = request.headers.get("Authorization", "")
        if route.role is None or (
            not authorization and route.role is Role.READ and self._services.settings.anonymous_reading
        ):
            return None
        caller = await self._services.auth.caller(authorization, tokens=route.tokens)
        if caller.role < route.role:
            raise RoleError(f"this needs the role {route.role.name.lower()}")
        return caller

    def _finish(self, request: web.BaseRequest, response: web.StreamResponse, number: str) -> None:
        headers = response.headers
        headers["X-Request-ID"] = number
        headers["Server"] = "mememime"
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
        headers.setdefault("Cache-Control", "no-store")
        self._services.cors.apply(request, response)
        if self._services.stopping.is_set():
            response.force_close()
        if not request.content.is_eof():
            # What the client goes on sending belongs to no request any more.
            response.force_close()

    def _account(
        self,
        request: web.BaseRequest,
        name: str,
        number: str,
        begun: float,
        status: int,
        error: MememimeError | None,
    ) -> None:
        seconds = time.perf_counter() - begun
        self._metrics.requests.labels(name, str(status)).inc()
        if name in _QUIET:
            return
        self._metrics.duration.labels(name).observe(seconds)
        facts = {
            "endpoint": name,
            "request_id": number,
            "status": status,
            "method": request.method,
            "path": request.raw_path.partition("?")[0],
            "ms": round(1000 * seconds, 1),
        }
        if error is None:
            self._log.info("request.answered", **facts)
            return
        self._metrics.errors.labels(error.code).inc()
        level = logging.ERROR if status >= 500 else logging.WARNING
        self._log.log(level, "request.refused", error=error.code, detail=error.detail, **facts)
