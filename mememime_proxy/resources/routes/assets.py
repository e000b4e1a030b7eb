"""HTTP endpoints of assets."""

from __future__ import annotations

from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta

from mememime_proxy.errors import (
    AssetHashMissingError,
    AssetNotFoundError,
    ConflictError,
    RangeNotSatisfiableError,
    RequestError,
)
from mememime_proxy.resources.assets.model import AlikeAsset, AlikePage, Asset, Digest
from mememime_proxy.resources.assets.repository import MAX_PAGE
from mememime_proxy.resources.auth.principal import Role
from mememime_proxy.resources.database.film_facts import find_film_facts
from mememime_proxy.resources.database.perceptual_hash import MAX_DISTANCE
from mememime_proxy.resources.http.call import Call, json_response, no_content
from mememime_proxy.resources.http.digest_fields import declared_sha256
from mememime_proxy.resources.http.endpoint import Header, Route
from mememime_proxy.resources.routes.asset_content import send_content
from mememime_proxy.resources.routes.uploads import (
    CONDITION_HEADERS,
    UPLOAD_ERRORS,
    AliasText,
    FileName,
    alias_condition,
    check_quota,
    published_response,
    size_limit,
)
from mememime_proxy.resources.uploads.admission import upload_intent
from mememime_proxy.service.conditional import Decision, Preconditions, Representation, evaluate

_MIN_EARLY_CHECK = 1 << 20
"""Length in bytes above which the quota is checked before the body is read, not only after."""


class UploadQuery(msgspec.Struct, kw_only=True):
    """Parameters of an upload; ``alias``: a name for the asset; ``filename``: that of the file it came from."""

    alias: AliasText = ""
    filename: FileName = ""


class DigestList(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Digests of assets to look up."""

    sha256: Annotated[list[Digest], Meta(max_length=1000)]


class AssetPresence(msgspec.Struct, kw_only=True):
    """Digests of ready assets, and the other ones, both in the order of the request."""

    present: list[str]
    missing: list[str]


class AlikeQuery(msgspec.Struct, kw_only=True):
    """How alike assets have to be: bits of the perceptual hash that may differ; and how many are wanted."""

    distance: Annotated[int, Meta(ge=0, le=MAX_DISTANCE)] = 6
    limit: Annotated[int, Meta(ge=1, le=MAX_PAGE)] = 100


class DeletionQuery(msgspec.Struct, kw_only=True):
    """Parameters of a deletion; ``force``: also where an alias names the asset; for administrators."""

    force: bool = False


async def put_asset(call: Call) -> web.StreamResponse:
    """Create an asset from the body of the request."""
    services, principal, request = call.services, call.require_principal(), call.request
    query = call.query(UploadQuery)
    limit = size_limit(call)
    call.check_length(limit)
    intent = upload_intent(
        principal,
        sha256=declared_sha256(request.headers),
        alias=query.alias,
        condition=alias_condition(call),
        filename=query.filename,
    )
    if (request.content_length or 0) > _MIN_EARLY_CHECK:
        await check_quota(call, request.content_length or 0)
    with services.upload_slots.take():
        async with services.temp_files.new() as temp_file:
            async for block in call.chunks(limit):
                await temp_file.write(block)
            if not temp_file.size:
                raise RequestError("the body is empty")
            published = await services.finalizer.finish_body(temp_file, principal, intent)
    return published_response(published)


async def assets_exist(call: Call) -> web.StreamResponse:
    """Look up which of many assets exist."""
    body = await call.json(DigestList)
    present = await call.services.assets.exist(body.sha256, call.require_principal())
    return json_response(
        AssetPresence(
            present=[digest for digest in body.sha256 if digest in present],
            missing=[digest for digest in body.sha256 if digest not in present],
        )
    )


async def get_asset(call: Call) -> web.StreamResponse:
    """Get the facts of an asset."""
    sha256, principal = call.params["sha256"], call.principal
    row = await call.services.assets.get(sha256, principal)
    # Proxies ask with the role `read`, and need no name.
    is_writer = principal is not None and principal.role >= Role.WRITE
    asset = Asset.of_row(row, filename=await call.services.assets.filename(sha256, principal) if is_writer else "")
    etag = asset.etag()
    if evaluate(Preconditions.of(call.request.headers), Representation(etag)) is Decision.NOT_MODIFIED:
        return web.Response(status=304, headers={"ETag": etag, "Cache-Control": "no-cache"})
    return json_response(asset, headers={"ETag": etag})


async def get_film_facts(call: Call) -> web.StreamResponse:
    """Get what workers found out about a film or sound."""
    asset = await call.services.assets.get(call.params["sha256"], call.principal)
    facts = await find_film_facts(call.services.database, asset.sha256)
    if not facts:
        raise AssetNotFoundError(f"nothing is known of the asset {asset.sha256} as a film or sound")
    return web.Response(body=facts, content_type=_MSGPACK, headers={"Cache-Control": "no-cache"})


async def get_content(call: Call) -> web.StreamResponse:
    """Get the stored bytes."""
    return await send_content(call, await call.services.assets.get(call.params["sha256"], call.require_principal()))


async def alike_assets(call: Call) -> web.StreamResponse:
    """List the assets that look like one."""
    query, principal = call.query(AlikeQuery), call.require_principal()
    asset = await call.services.assets.get(call.params["sha256"], principal)
    found, more = await call.services.similarity.neighbours(
        asset, principal, distance=query.distance, limit=query.limit
    )
    assets = [
        AlikeAsset(distance=each.distance, mirrored=each.is_mirrored, asset=Asset.in_list(each.asset)) for each in found
    ]
    return json_response(AlikePage(assets=assets, more=more))


async def delete_asset(call: Call) -> web.StreamResponse:
    """Remove the asset from the principal's tenant."""
    query = call.query(DeletionQuery)
    await call.services.assets.delete(call.params["sha256"], call.require_principal(), force=query.force)
    return no_content()


async def restore_asset(call: Call) -> web.StreamResponse:
    """Restore a deleted asset."""
    return json_response(
        Asset.of_row(await call.services.assets.restore(call.params["sha256"], call.require_principal()))
    )


_DIGEST = "{sha256:[0-9a-f]{64}}"
_MSGPACK = "application/vnd.msgpack"
ROUTES = (
    Route(
        method="PUT",
        path="/assets",
        handler=put_asset,
        name="put_asset",
        summary="Upload an asset, optionally with an alias",
        role=Role.WRITE,
        accepts_tokens=True,
        query=UploadQuery,
        body="application/octet-stream",
        responses={200: Asset, 201: Asset},
        headers=(
            Header(name="Content-Digest", description="Digest of the body, as `sha-256=:base64:` (RFC 9530)."),
            *CONDITION_HEADERS,
        ),
        response_headers=(Header(name="ETag", description="Changes with the asset's facts."),),
        errors=UPLOAD_ERRORS,
    ),
    Route(
        method="POST",
        path="/assets/exists",
        handler=assets_exist,
        name="assets_exist",
        summary="Look up which of many assets exist",
        role=Role.WRITE,
        is_write=False,
        body=DigestList,
        responses={200: AssetPresence},
    ),
    Route(
        method="GET",
        path=f"/assets/{_DIGEST}",
        handler=get_asset,
        name="get_asset",
        summary="Get the facts of an asset",
        role=Role.READ,
        responses={200: Asset, 304: None},
        headers=(Header(name="If-None-Match", description="The entity tag that the client has."),),
        response_headers=(Header(name="ETag", description="Changes with the asset's facts."),),
        errors=(AssetNotFoundError,),
    ),
    Route(
        method="GET",
        path=f"/assets/{_DIGEST}/film-facts",
        handler=get_film_facts,
        name="get_film_facts",
        summary="Get what is known of a film or sound, for the workers of proxies",
        role=Role.READ,
        responses={200: _MSGPACK},
        errors=(AssetNotFoundError,),
    ),
    Route(
        method="GET",
        path=f"/assets/{_DIGEST}/content",
        handler=get_content,
        name="get_content",
        summary="Get the stored bytes of an asset, verified",
        role=Role.READ,
        responses={200: "image/*", 206: "image/*", 304: None},
        headers=(Header(name="Range", description="One range of bytes."),),
        errors=(AssetNotFoundError, RangeNotSatisfiableError),
    ),
    Route(
        method="GET",
        path=f"/assets/{_DIGEST}/alike",
        handler=alike_assets,
        name="alike_assets",
        summary="List the assets that look like one, by their perceptual hashes",
        role=Role.READ,
        is_private=True,
        query=AlikeQuery,
        responses={200: AlikePage},
        errors=(AssetNotFoundError, AssetHashMissingError),
    ),
    Route(
        method="DELETE",
        path=f"/assets/{_DIGEST}",
        handler=delete_asset,
        name="delete_asset",
        summary="Delete an asset from the tenant",
        role=Role.WRITE,
        query=DeletionQuery,
        responses={204: None},
        errors=(AssetNotFoundError, ConflictError),
    ),
    Route(
        method="POST",
        path=f"/assets/{_DIGEST}/restore",
        handler=restore_asset,
        name="restore_asset",
        summary="Restore a deleted asset",
        role=Role.WRITE,
        responses={200: Asset},
        errors=(AssetNotFoundError, ConflictError),
    ),
)
