"""Endpoints of the console's sessions: sign in, what the session may do, sign out."""

from __future__ import annotations

from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta

from mememime_proxy.errors import RateError, RequestError, RoleError, UnauthenticatedError
from mememime_proxy.resources.auth.sessions import LIFETIME, ConsoleSession
from mememime_proxy.resources.http.call import Call, json_response, no_content
from mememime_proxy.resources.http.endpoint import Route
from mememime_proxy.resources.http.session_access import check_origin, require_session, visit_of


class SignIn(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """An API key, or the token of a sign-in link."""

    key: Annotated[str, Meta(max_length=512)] = ""
    link: Annotated[str, Meta(max_length=512)] = ""


class SessionFacts(msgspec.Struct, kw_only=True):
    """Who is signed in, what pages need, and what each change has to send as `X-CSRF-Token`."""

    tenant: str
    role: str
    prefix: str
    credential: str
    csrf_token: str
    proxy_url: str
    """URL of the proxy for clients; '' = previews are at the page's own origin."""
    delete_grace: float
    """Seconds for which a deleted asset can be restored."""
    upload_max_size: int


async def sign_in(call: Call) -> web.StreamResponse:
    """Begin a session."""
    services, visit = call.services, visit_of(call.request, call.services)
    check_origin(visit)
    if not visit.is_secure and not visit.is_loopback:
        raise RequestError("sign-in needs HTTPS; behind a proxy that ends TLS, set MEMEMIME_RESOURCES_PUBLIC_URL")
    services.login_limit.check(visit.client)
    body = await call.json(SignIn)
    try:
        if body.link:
            admin_key = services.settings.admin_api_key if visit.is_loopback else ""
            session, cookie = await services.sessions.begin_with_link(body.link, admin_key)
        else:
            session, cookie = await services.sessions.begin(body.key)
    except UnauthenticatedError:
        services.login_limit.count(visit.client)
        raise
    return json_response(_facts(call, session), 201, {"Set-Cookie": visit.set_cookie(cookie, LIFETIME)})


async def get_session(call: Call) -> web.StreamResponse:
    """Get the session."""
    return json_response(_facts(call, await require_session(call.request, call.services)))


async def sign_out(call: Call) -> web.StreamResponse:
    """End the session."""
    session = await require_session(call.request, call.services)
    await call.services.sessions.end(session.id)
    return no_content({"Set-Cookie": visit_of(call.request, call.services).set_cookie("", 0)})


def _facts(call: Call, session: ConsoleSession) -> SessionFacts:
    settings, principal = call.services.settings, session.principal
    return SessionFacts(
        tenant=principal.tenant,
        role=principal.role.name.lower(),
        prefix=principal.prefix,
        credential=principal.credential,
        csrf_token=session.csrf_token,
        proxy_url=settings.public_url.rstrip("/"),
        delete_grace=settings.delete_grace,
        upload_max_size=settings.upload_max_size,
    )


_PATH = "/session"
_ERRORS = (UnauthenticatedError, RoleError, RateError)
ROUTES = (
    Route(method="POST", path=_PATH, handler=sign_in, name="sign_in", summary="Begin a session of the console",
          role=None, is_write=False, body=SignIn, responses={201: SessionFacts}, errors=_ERRORS),
    Route(method="GET", path=_PATH, handler=get_session, name="get_session", summary="Get the session", role=None,
          responses={200: SessionFacts}, errors=_ERRORS),
    Route(method="DELETE", path=_PATH, handler=sign_out, name="sign_out", summary="End the session", role=None,
          is_write=False, responses={204: None}, errors=_ERRORS),
)  # fmt: skip
"""Below API_PREFIX alone."""
