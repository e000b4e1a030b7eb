"""Requests of the console's pages to the API: the session's cookie stands in place of an API key."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from mememime_proxy.console.cookies import Visit
from mememime_proxy.console.pages import API_PREFIX
from mememime_proxy.errors import RoleError
from mememime_proxy.resources.auth.sessions import ConsoleSession
from mememime_proxy.resources.context import Services

CSRF_HEADER: Final = "X-CSRF-Token"
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def is_console_request(path: str, services: Services) -> bool:
    """Whether a path is one of the API below the console's prefix, and there is a console."""
    return services.settings.console and path.startswith(f"{API_PREFIX}/")


def console_location(location: str) -> str:
    """Return where the console finds what an endpoint names by an absolute URL or by a path."""
    path = urlsplit(location).path
    return location if path.startswith(API_PREFIX) else f"{API_PREFIX}{path}"


def visit_of(request: web.BaseRequest, services: Services) -> Visit:
    """Return what the request says about the way it came."""
    return Visit(request.headers, request.scheme, request.remote or "", services.settings.resources_public_url)


def check_origin(visit: Visit) -> None:
    """Raise RoleError for a request that changes something and that no page of the console has made."""
    if not visit.is_from_own_page:
        raise RoleError("the request does not come from a page of the console")


async def require_session(request: web.BaseRequest, services: Services) -> ConsoleSession:
    """Return the session of a request.

    UnauthenticatedError without one; RoleError for a change that another site may have caused.
    """
    visit = visit_of(request, services)
    session = await services.sessions.find(visit.cookie)
    if request.method not in _SAFE_METHODS:
        check_origin(visit)
        services.sessions.check_csrf(session, request.headers.get(CSRF_HEADER, ""))
    return session
