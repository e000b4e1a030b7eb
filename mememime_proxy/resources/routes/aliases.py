"""Aliases over HTTP."""

from __future__ import annotations

import base64
from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta

from mememime_proxy.asset_facts import Point
from mememime_proxy.errors import (
    AliasNameError,
    AliasNotFoundError,
    AliasTakenError,
    AssetNotFoundError,
    ConflictError,
    RequestError,
    VersionError,
)
from mememime_proxy.resources.aliases.model import AliasContent, AliasRow, AliasVersionRow
from mememime_proxy.resources.aliases.names import normalised
from mememime_proxy.resources.assets.model import Digest
from mememime_proxy.resources.auth.principal import Role
from mememime_proxy.resources.http.endpoint import Call, Header, Route, json_response, no_content
from mememime_proxy.resources.routes.uploads import alias_condition
from mememime_proxy.resources.times import rfc3339
from mememime_proxy.service.conditional import Decision, Preconditions, Representation, evaluate

_Share = Annotated[float, Meta(ge=0, le=1)]
_Text = Annotated[str, Meta(max_length=255, pattern=r"^[^\x00]*$")]
_Tag = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f,]+$")]
_MAX_VERSIONS = 1000


class FocalPoint(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What to keep in view: 0 to 1 from the left and from the top."""

    x: _Share
    y: _Share


class AliasTarget(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What an alias shall stand for."""

    sha256: Digest
    focal: FocalPoint | None = None
    preset: Annotated[str, Meta(max_length=255, pattern=r"^[^\x00-\x1f\x7f/]*$")] = ""
    tags: Annotated[list[_Tag], Meta(max_length=50)] = []


class AliasAsset(msgspec.Struct, kw_only=True):
    """What matters of the asset to whoever wants to show it."""

    sha256: str
    state: str
    size: int
    media_type: str
    stored_sha256: str
    stored_size: int
    width: int
    height: int
    saliency: Point | None = None


class Alias(msgspec.Struct, kw_only=True):
    """A human name and what it stands for."""

    name: str
    sha256: str
    version: int
    focal: FocalPoint | None
    preset: str
    tags: list[str]
    tenant: str
    created: str
    changed: str
    asset: AliasAsset


class AliasPage(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Aliases by their names, and where the next ones are."""

    aliases: list[Alias]
    cursor: str | None = None


class AliasesWanted(msgspec.Struct, kw_only=True):
    """Which aliases. ``q``: somewhere in the name."""

    prefix: _Text = ""
    tag: _Text = ""
    q: _Text = ""
    cursor: Annotated[str, Meta(max_length=2000)] = ""
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100


class AliasVersion(msgspec.Struct, kw_only=True):
    """What an alias stood for; ``sha256`` null: it was deleted."""

    version: int
    action: str
    sha256: str | None
    focal: FocalPoint | None
    preset: str
    tags: list[str]
    by: str
    changed: str


class VersionList(msgspec.Struct, kw_only=True):
    """Versions, the newest first, a thousand at most."""

    versions: list[AliasVersion]


class RollBack(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The version to go back to."""

    version: Annotated[int, Meta(ge=1, le=1_000_000_000)]


async def put_alias(call: Call) -> web.StreamResponse:
    """Set the target of an alias."""
    wanted = await call.json(AliasTarget)
    content = AliasContent(
        sha256=wanted.sha256, focal=_pair(wanted.focal), preset=wanted.preset, tags=tuple(wanted.tags)
    )
    row, created = await call.services.aliases.set(
        call.require_principal(), call.params["name"], content, alias_condition(call)
    )
    return _answer(row, 201 if created else 200)


async def get_alias(call: Call) -> web.StreamResponse:
    """Get an alias."""
    row = await call.services.aliases.get(call.params["name"])
    if evaluate(Preconditions.of(call.request.headers), Representation(_etag(row))) is Decision.NOT_MODIFIED:
        return web.Response(status=304, headers={"ETag": _etag(row), "Cache-Control": "no-cache"})
    return _answer(row)


async def delete_alias(call: Call) -> web.StreamResponse:
    """Delete an alias."""
    await call.services.aliases.delete(call.require_principal(), call.params["name"], alias_condition(call))
    return no_content()


async def list_aliases(call: Call) -> web.StreamResponse:
    """Aliases by name."""
    wanted = call.query(AliasesWanted)
    rows = await call.services.aliases.page(
        call.principal,
        prefix=wanted.prefix,
        tag=wanted.tag,
        text=wanted.q,
        after=_place(wanted.cursor),
        limit=wanted.limit + 1,
    )
    found = [_alias(row) for row in rows[: wanted.limit]]
    more = len(rows) > wanted.limit
    return json_response(AliasPage(aliases=found, cursor=_cursor(found[-1].name) if more else None))


async def list_versions(call: Call) -> web.StreamResponse:
    """List the versions of an alias."""
    rows = await call.services.aliases.versions(call.require_principal(), call.params["name"], _MAX_VERSIONS)
    return json_response(VersionList(versions=[_version(row) for row in rows]))


async def roll_back(call: Call) -> web.StreamResponse:
    """Goes back to an earlier version."""
    wanted = await call.json(RollBack)
    row, created = await call.services.aliases.roll_back(
        call.require_principal(), call.params["name"], wanted.version, alias_condition(call)
    )
    return _answer(row, 201 if created else 200)


def _answer(row: AliasRow, status: int = 200) -> web.Response:
    return json_response(_alias(row), status, {"ETag": _etag(row)})


def _etag(row: AliasRow) -> str:
    return f'"{row.version}"'


def _alias(row: AliasRow) -> Alias:
    asset, content = row.asset, row.content
    saliency = asset.facts.get("saliency")
    return Alias(
        name=row.name,
        sha256=content.sha256,
        version=row.version,
        focal=_point(content),
        preset=content.preset,
        tags=list(content.tags),
        tenant=row.tenant,
        created=rfc3339(row.created),
        changed=rfc3339(row.changed),
        asset=AliasAsset(
            sha256=asset.sha256,
            state=asset.state,
            size=asset.size,
            media_type=asset.media_type,
            stored_sha256=asset.stored_sha256,
            stored_size=asset.stored_size,
            width=asset.facts.get("width", 0),
            height=asset.facts.get("height", 0),
            saliency=msgspec.convert(saliency, Point) if saliency else None,
        ),
    )


def _version(row: AliasVersionRow) -> AliasVersion:
    return AliasVersion(
        version=row.version,
        action=row.action,
        sha256=row.content.sha256 or None,
        focal=_point(row.content),
        preset=row.content.preset,
        tags=list(row.content.tags),
        by=row.credential,
        changed=rfc3339(row.changed),
    )


def _point(content: AliasContent) -> FocalPoint | None:
    return FocalPoint(x=content.focal[0], y=content.focal[1]) if content.focal else None


def _pair(point: FocalPoint | None) -> tuple[float, float] | None:
    return (point.x, point.y) if point else None


def _cursor(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode()).decode().rstrip("=")


def _place(cursor: str) -> str:
    if not cursor:
        return ""
    try:
        return normalised(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode())
    except (ValueError, AliasNameError):
        raise RequestError("the cursor is not one that was given out") from None


_NAME = "{name:.+}"
_MATCH = Header(
    name="If-Match", description='The version that the alias has to have, as `"7"`; `*`: it has to be there.'
)
_NONE_MATCH = Header(name="If-None-Match", description="`*`: the alias may not be there.")
_ETAG = Header(name="ETag", description="The alias's version.")

ROUTES = (
    Route(
        method="GET",
        path="/aliases",
        handler=list_aliases,
        name="list_aliases",
        summary="Aliases by name",
        role=Role.READ,
        query=AliasesWanted,
        responses={200: AliasPage},
    ),
    Route(
        method="GET",
        path=f"/aliases/{_NAME}",
        handler=get_alias,
        name="get_alias",
        summary="What an alias stands for",
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
        summary="Set what an alias stands for",
        role=Role.WRITE,
        body=AliasTarget,
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
        summary="End an alias; its name stays its owner's for a while",
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
        summary="What an alias stood for",
        role=Role.WRITE,
        responses={200: VersionList},
        errors=(AliasNotFoundError, AliasNameError),
    ),
    Route(
        method="POST",
        path=f"/versions/{_NAME}",
        handler=roll_back,
        name="roll_back",
        summary="Go back to an earlier version of an alias",
        role=Role.WRITE,
        body=RollBack,
        responses={200: Alias, 201: Alias},
        headers=(_MATCH,),
        response_headers=(_ETAG,),
        errors=(AliasNotFoundError, AliasNameError, AliasTakenError, AssetNotFoundError, ConflictError, VersionError),
    ),
)
