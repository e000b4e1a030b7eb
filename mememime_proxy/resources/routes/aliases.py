"""HTTP endpoints of aliases, and of the purges that their changes cause."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from aiohttp import web
from msgspec import Meta

from mememime_proxy.errors import (
    AliasNameError,
    AliasNotFoundError,
    AliasTakenError,
    AssetNotFoundError,
    ConflictError,
    OverloadError,
    PurgesExpiredError,
    VersionError,
)
from mememime_proxy.resources.aliases.model import AliasRow
from mememime_proxy.resources.aliases.purge_feed import PurgePage
from mememime_proxy.resources.auth.principal import Role
from mememime_proxy.resources.http.call import JSON_TYPE, Call, json_response, no_content
from mememime_proxy.resources.http.endpoint import Header, Route
from mememime_proxy.resources.routes.alias_documents import (
    Alias,
    AliasPage,
    AliasQuery,
    AliasUpdate,
    AliasVersion,
    Rollback,
    VersionList,
    decode_cursor,
    encode_cursor,
)
from mememime_proxy.resources.routes.uploads import alias_condition
from mememime_proxy.service.conditional import Decision, Preconditions, Representation, evaluate

_MAX_VERSIONS: Final = 1000
_MAX_WAIT: Final = 60.0
"""Seconds."""


class PurgeQuery(msgspec.Struct, kw_only=True):
    """What is read of the feed."""

    after: Annotated[int, Meta(ge=0, le=(1 << 63) - 1)] | None = None
    """Number of the last purge that the reader has; none = it begins at the head of the log."""
    wait: Annotated[float, Meta(ge=0, le=_MAX_WAIT)] = 0
    """Seconds to wait for a purge where there is none yet."""


async def list_purges(call: Call) -> web.StreamResponse:
    """List purges by number; wait for the next one where there is none."""
    query, transport = call.query(PurgeQuery), call.request.transport
    body = await call.services.purge_feed.read(
        query.after, query.wait, lambda: transport is None or transport.is_closing()
    )
    return web.Response(body=body, content_type=JSON_TYPE, headers={"Cache-Control": "no-store"})


async def put_alias(call: Call) -> web.StreamResponse:
    """Set the target of an alias."""
    body = await call.json(AliasUpdate)
    row, created = await call.services.aliases.set(
        call.require_principal(), call.params["name"], body.content(), alias_condition(call)
    )
    return _alias_response(row, 201 if created else 200)


async def get_alias(call: Call) -> web.StreamResponse:
    """Get an alias."""
    row = await call.services.aliases.get(call.params["name"])
    if evaluate(Preconditions.of(call.request.headers), Representation(_etag(row))) is Decision.NOT_MODIFIED:
        return web.Response(status=304, headers={"ETag": _etag(row), "Cache-Control": "no-cache"})
    return _alias_response(row)


async def delete_alias(call: Call) -> web.StreamResponse:
    """Delete an alias."""
    await call.services.aliases.delete(call.require_principal(), call.params["name"], alias_condition(call))
    return no_content()


async def list_aliases(call: Call) -> web.StreamResponse:
    """List aliases by name."""
    query = call.query(AliasQuery)
    rows = await call.services.aliases.page(
        call.principal,
        prefix=query.prefix,
        tag=query.tag,
        text=query.q,
        after=decode_cursor(query.cursor),
        limit=query.limit + 1,
    )
    aliases = [Alias.of_row(row) for row in rows[: query.limit]]
    cursor = encode_cursor(aliases[-1].name) if len(rows) > query.limit else None
    return json_response(AliasPage(aliases=aliases, cursor=cursor))


async def list_versions(call: Call) -> web.StreamResponse:
    """List the versions of an alias."""
    rows = await call.services.aliases.versions(call.require_principal(), call.params["name"], _MAX_VERSIONS)
    return json_response(VersionList(versions=[AliasVersion.of_row(row) for row in rows]))


async def roll_back(call: Call) -> web.StreamResponse:
    """Restore an earlier version."""
    body = await call.json(Rollback)
    row, created = await call.services.aliases.roll_back(
        call.require_principal(), call.params["name"], body.version, alias_condition(call)
    )
    return _alias_response(row, 201 if created else 200)


def _alias_response(row: AliasRow, status: int = 200) -> web.Response:
    return json_response(Alias.of_row(row), status, {"ETag": _etag(row)})


def _etag(row: AliasRow) -> str:
    return f'"{row.version}"'


_NAME = "{name:.+}"
_MATCH = Header(name="If-Match", description='The required version of the alias, as `"7"`; `*`: the alias must exist.')
_NONE_MATCH = Header(name="If-None-Match", description="`*`: the alias must not exist.")
_ETAG = Header(name="ETag", description="The alias's version.")

ROUTES = (
    Route(
        method="GET",
        path="/aliases",
        handler=list_aliases,
        name="list_aliases",
        summary="List aliases by name",
        role=Role.READ,
        query=AliasQuery,
        responses={200: AliasPage},
    ),
    Route(
        method="GET",
        path=f"/aliases/{_NAME}",
        handler=get_alias,
        name="get_alias",
        summary="Get an alias",
        role=Role.READ,
        responses={200: Alias, 304: None},
        headers=(Header(name="If-None-Match", description="The version that the client has."),),
        response_headers=(_ETAG,),
        errors=(AliasNotFoundError, AliasNameError),
    ),
    Route(
        method="PUT",
        path=f"/aliases/{_NAME}",
        handler=put_alias,
        name="put_alias",
        summary="Create or change an alias",
        role=Role.WRITE,
        body=AliasUpdate,
        responses={200: Alias, 201: Alias},
        headers=(_MATCH, _NONE_MATCH),
        response_headers=(_ETAG,),
        errors=(AliasNameError, AliasTakenError, AssetNotFoundError, ConflictError, VersionError),
    ),
    Route(
        method="DELETE",
        path=f"/aliases/{_NAME}",
        handler=delete_alias,
        name="delete_alias",
        summary="Delete an alias; its name stays reserved for its tenant for a while",
        role=Role.WRITE,
        responses={204: None},
        headers=(_MATCH,),
        errors=(AliasNotFoundError, AliasNameError, VersionError),
    ),
    Route(
        method="GET",
        path=f"/versions/{_NAME}",
        handler=list_versions,
        name="list_versions",
        summary="List the versions of an alias",
        role=Role.READ,
        is_private=True,
        responses={200: VersionList},
        errors=(AliasNotFoundError, AliasNameError),
    ),
    Route(
        method="POST",
        path=f"/versions/{_NAME}",
        handler=roll_back,
        name="roll_back",
        summary="Restore an earlier version of an alias",
        role=Role.WRITE,
        body=Rollback,
        responses={200: Alias, 201: Alias},
        headers=(_MATCH,),
        response_headers=(_ETAG,),
        errors=(AliasNotFoundError, AliasNameError, AliasTakenError, AssetNotFoundError, ConflictError, VersionError),
    ),
    Route(
        method="GET",
        path="/purges",
        handler=list_purges,
        name="list_purges",
        summary="List purges of aliases and assets by number, or wait for the next one",
        role=Role.READ,
        query=PurgeQuery,
        responses={200: PurgePage},
        errors=(PurgesExpiredError, OverloadError),
    ),
)
