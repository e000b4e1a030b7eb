"""Endpoints of API keys, tenants and upload tokens."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from aiohttp import web
from msgspec import Meta

from mememime_proxy.errors import PathError, RequestError, UploadNotFoundError
from mememime_proxy.resources.auth import quotas
from mememime_proxy.resources.auth.api_keys import ApiKey
from mememime_proxy.resources.auth.principal import Role
from mememime_proxy.resources.auth.quotas import TenantQuota, tenant_quota
from mememime_proxy.resources.auth.upload_tokens import MAX_LIFETIME
from mememime_proxy.resources.http.call import Call, json_response, no_content
from mememime_proxy.resources.http.endpoint import Route
from mememime_proxy.resources.times import rfc3339, rfc3339_or_none

_NAME = "^[a-z0-9][a-z0-9_-]{0,62}$"
_MOST_TENANTS = 100
_NUMBER = Annotated[int, Meta(ge=0, le=1 << 62)]
_PRINTABLE = r"^[^\x00-\x1f\x7f]*$"
_AliasPrefix = Annotated[str, Meta(max_length=200, pattern=_PRINTABLE)]
_MediaType = Annotated[str, Meta(pattern="^[a-z0-9.+-]{1,40}/[a-z0-9.+-]{1,80}$")]


class NewKey(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The key to create."""

    tenant: Annotated[str, Meta(pattern=_NAME)] = "default"
    role: Literal["read", "write", "admin"]
    prefix: _AliasPrefix = ""
    label: Annotated[str, Meta(max_length=200, pattern=_PRINTABLE)] = ""
    expires_in: Annotated[int, Meta(ge=1, le=10 * 366 * 86400)] | None = None


class KeyFacts(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A key. Its text (``key``) is in the response that creates it alone."""

    id: str
    tenant: str
    role: str
    prefix: str
    label: str
    created: str
    expires: str | None = None
    revoked: str | None = None
    key: str | None = None


class KeyList(msgspec.Struct, kw_only=True):
    """Keys, the newest first."""

    keys: list[KeyFacts]


class KeyQuery(msgspec.Struct, kw_only=True):
    """Filters of a list of keys."""

    tenant: Annotated[str, Meta(pattern=_NAME)] | None = None


class TenantLimits(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Limits of a tenant; null = no limit."""

    max_bytes: _NUMBER | None = None
    max_assets: _NUMBER | None = None
    requests_per_minute: Annotated[int, Meta(ge=0, le=1_000_000)] | None = None


class TenantFacts(msgspec.Struct, kw_only=True):
    """A tenant, its limits and its usage."""

    name: str
    max_bytes: int | None
    max_assets: int | None
    requests_per_minute: int | None
    assets: int
    bytes: int
    reserved: int


class TenantList(msgspec.Struct, kw_only=True):
    """Tenants by name, at most a hundred."""

    tenants: list[TenantFacts]


class NewToken(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Claims of an upload token."""

    expires_in: Annotated[int, Meta(ge=1, le=MAX_LIFETIME)]
    prefix: _AliasPrefix = ""
    max_size: _NUMBER = 0
    types: Annotated[list[_MediaType], Meta(max_length=50)] = []
    count: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    sha256: Annotated[str, Meta(pattern="^([0-9a-f]{64})?$")] = ""
    subject: Annotated[str, Meta(max_length=200, pattern=_PRINTABLE)] = ""
    upload: Annotated[str, Meta(pattern="^([0-9a-f]{32})?$")] = ""


class TokenFacts(msgspec.Struct, kw_only=True):
    """An upload token."""

    token: str
    expires: str


async def create_key(call: Call) -> web.StreamResponse:
    """Create an API key."""
    body = await call.json(NewKey)
    services = call.services
    expires = None if body.expires_in is None else services.clock() + 1000 * body.expires_in
    key, text = await services.keys.create(
        body.tenant, Role[body.role.upper()], prefix=body.prefix, label=body.label, expires=expires
    )
    return json_response(_facts(key, text), 201)


async def list_keys(call: Call) -> web.StreamResponse:
    """List the keys of a tenant, or all."""
    query = call.query(KeyQuery)
    return json_response(KeyList(keys=[_facts(key) for key in await call.services.keys.list_keys(query.tenant or "")]))


async def revoke_key(call: Call) -> web.StreamResponse:
    """Revoke a key."""
    if not await call.services.keys.revoke(call.params["id"]):
        raise PathError("there is no such key, or it was revoked before")
    call.services.authenticator.clear_cache()
    return no_content()


async def set_tenant(call: Call) -> web.StreamResponse:
    """Create a tenant, or change its limits."""
    body = await call.json(TenantLimits)
    name = call.params["name"]
    await call.services.keys.set_tenant(
        name,
        TenantQuota(
            max_bytes=body.max_bytes,
            max_assets=body.max_assets,
            requests_per_minute=body.requests_per_minute,
        ),
    )
    call.services.authenticator.clear_cache()
    return json_response(await _tenant(call, name))


async def list_tenants(call: Call) -> web.StreamResponse:
    """List tenants, their limits and their usage."""
    names = await call.services.keys.list_tenants(_MOST_TENANTS)
    return json_response(TenantList(tenants=[await _tenant(call, name) for name in names]))


async def get_tenant(call: Call) -> web.StreamResponse:
    """Get a tenant, its limits and its usage."""
    return json_response(await _tenant(call, call.params["name"]))


async def create_token(call: Call) -> web.StreamResponse:
    """Issue an upload token for a browser."""
    body = await call.json(NewToken)
    if body.count == 0 and body.sha256:
        raise RequestError("found sha256 without a count, expected a count of 1 or more")
    principal, services = call.require_principal(), call.services
    if body.upload:
        upload = await services.uploads.find(body.upload)
        if upload is None or not upload.is_visible_to(principal):
            raise UploadNotFoundError(f"there is no upload {body.upload}")
    token, claims = services.tokens.issue(
        principal,
        body.expires_in,
        prefix=body.prefix,
        max_size=body.max_size,
        types=tuple(body.types),
        count=body.count,
        sha256=body.sha256,
        subject=body.subject,
        upload=body.upload,
    )
    return json_response(TokenFacts(token=token, expires=rfc3339(claims.expires)), 201)


async def _tenant(call: Call, name: str) -> TenantFacts:
    async with call.services.database.read() as tx:
        quota = await tenant_quota(tx, name)
        if quota is None:
            raise PathError("there is no such tenant")
        usage = await quotas.measure_usage(tx, name)
    return TenantFacts(
        name=name,
        max_bytes=quota.max_bytes,
        max_assets=quota.max_assets,
        requests_per_minute=quota.requests_per_minute,
        assets=usage.assets,
        bytes=usage.bytes,
        reserved=usage.reserved,
    )


def _facts(key: ApiKey, text: str | None = None) -> KeyFacts:
    return KeyFacts(
        id=key.id,
        tenant=key.tenant,
        role=key.role.name.lower(),
        prefix=key.prefix,
        label=key.label,
        created=rfc3339(key.created),
        expires=rfc3339_or_none(key.expires),
        revoked=rfc3339_or_none(key.revoked),
        key=text,
    )


ROUTES = (
    Route(
        method="POST",
        path="/keys",
        handler=create_key,
        name="create_key",
        summary="Create an API key; its text is in this response alone",
        role=Role.ADMIN,
        body=NewKey,
        responses={201: KeyFacts},
    ),
    Route(
        method="GET",
        path="/keys",
        handler=list_keys,
        name="list_keys",
        summary="List API keys, without their secrets",
        role=Role.ADMIN,
        query=KeyQuery,
        responses={200: KeyList},
    ),
    Route(
        method="DELETE",
        path="/keys/{id:[0-9a-f]{32}}",
        handler=revoke_key,
        name="revoke_key",
        summary="Revoke an API key",
        role=Role.ADMIN,
        responses={204: None},
        errors=(PathError,),
    ),
    Route(
        method="PUT",
        path="/tenants/{name:[a-z0-9][a-z0-9_-]{0,62}}",
        handler=set_tenant,
        name="set_tenant",
        summary="Create a tenant, or change its limits",
        role=Role.ADMIN,
        body=TenantLimits,
        responses={200: TenantFacts},
    ),
    Route(
        method="GET",
        path="/tenants",
        handler=list_tenants,
        name="list_tenants",
        summary="List tenants, their limits and their usage",
        role=Role.ADMIN,
        responses={200: TenantList},
    ),
    Route(
        method="GET",
        path="/tenants/{name:[a-z0-9][a-z0-9_-]{0,62}}",
        handler=get_tenant,
        name="get_tenant",
        summary="Get a tenant, its limits and its usage",
        role=Role.ADMIN,
        responses={200: TenantFacts},
        errors=(PathError,),
    ),
    Route(
        method="POST",
        path="/tokens",
        handler=create_token,
        name="create_token",
        summary="Issue an upload token",
        role=Role.WRITE,
        is_write=False,
        body=NewToken,
        responses={201: TokenFacts},
        errors=(UploadNotFoundError,),
    ),
)
