"""Imports over HTTP: an asset from a web address."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import unquote

import msgspec
from aiohttp import web
from msgspec import Meta

from mememime_proxy.errors import SourceError, SourceTimeoutError
from mememime_proxy.resources.assets.model import Asset, Digest
from mememime_proxy.resources.auth.principal import Role
from mememime_proxy.resources.http.call import Call
from mememime_proxy.resources.http.endpoint import Route
from mememime_proxy.resources.routes.uploads import (
    CONDITION_HEADERS,
    UPLOAD_ERRORS,
    AliasText,
    alias_condition,
    check_quota,
    published_response,
    size_limit,
)
from mememime_proxy.resources.uploads import web_import
from mememime_proxy.resources.uploads.admission import upload_intent


class ImportRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The URL to fetch, the digest that the bytes have to have, and the alias that the asset gets."""

    url: Annotated[str, Meta(min_length=1, max_length=8192)]
    alias: AliasText = ""
    sha256: Digest | None = None


async def import_asset(call: Call) -> web.StreamResponse:
    """Fetch an asset from a web address."""
    services, principal = call.services, call.require_principal()
    request = await call.json(ImportRequest)
    intent = upload_intent(
        principal,
        sha256=request.sha256 or "",
        alias=request.alias,
        condition=alias_condition(call),
        filename=unquote(request.url.partition("?")[0].partition("#")[0], errors="replace"),
    )
    await check_quota(call, 0)
    with services.upload_slots.take():
        async with services.temp_files.new() as temp_file:
            await web_import.fetch(services.sources, request.url, size_limit(call), temp_file)
            published = await services.finalizer.finish_body(temp_file, principal, intent)
    return published_response(published)


ROUTES = (
    Route(
        method="POST",
        path="/imports",
        handler=import_asset,
        name="import_asset",
        summary="Fetch an asset from a web address",
        role=Role.WRITE,
        body=ImportRequest,
        responses={200: Asset, 201: Asset},
        headers=CONDITION_HEADERS,
        errors=(*UPLOAD_ERRORS, SourceError, SourceTimeoutError),
    ),
)
