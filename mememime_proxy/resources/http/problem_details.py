"""Errors as responses: problem details (RFC 9457)."""

from __future__ import annotations

import msgspec
from aiohttp import web

from mememime_proxy.errors import MememimeError, ResourceError, StorageError, UnauthenticatedError, WorkerError

MEDIA_TYPE = "application/problem+json"


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The body of an error response. ``type``: a URI that ends in the error's code."""

    type: str
    title: str
    status: int
    detail: str = ""
    instance: str = ""
    """The request id, as in the log."""


def describe_problem(error: MememimeError, instance: str) -> Problem:
    """Return the problem document of ``error``; details of internal errors are only logged."""
    is_internal = isinstance(error, (StorageError, WorkerError)) or (
        error.status >= 500 and not isinstance(error, ResourceError)
    )
    detail = "" if is_internal or error.detail == error.public or error.status >= 500 else error.detail
    return Problem(
        type=error.type_uri(),
        title=error.public,
        status=error.status,
        detail=detail.encode("utf-8", "replace").decode(),
        instance=instance,
    )


def problem_response(error: MememimeError, instance: str) -> web.Response:
    """Return the response to a request that failed with ``error``."""
    headers = {"Cache-Control": "no-store"}
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, UnauthenticatedError):
        headers["WWW-Authenticate"] = "Bearer"
    return web.Response(
        body=msgspec.json.encode(describe_problem(error, instance)),
        status=error.status,
        content_type=MEDIA_TYPE,
        headers=headers,
    )
