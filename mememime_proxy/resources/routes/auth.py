"""API keys, tenants and upload tokens over HTTP."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from aiohttp import web
from msgspec import Meta

from mememime_proxy.errors import PathError, RequestError
from mememime_proxy.resources.auth import quotas
from mememime_proxy.resources.auth.api_keys import Key, Limits, tenant_limits
from mememime_proxy.resources.auth.principal import Role, Scope
from mememime_proxy.resources.auth.upload_tokens import MAX_LIFE
from mememime_proxy.resources.http.endpoint import Call, Route, answer, no_content
from mememime_proxy.resources.times import rfc3339, rfc3339_or_none

_NAME = "^[a-z0-9][a-z0-9_-]{0,62}$"
_NUMBER = Annotated[int, Meta(ge=0, le=1 << 62)]
_AliasPrefix = Annotated[str, Meta(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
_MediaType = Annotated[str, Meta(pattern="^[a-z0-9.+-]{1,40}/[a-z0-9.+-]{1,80}$")]


class NewKey(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A key to be made."""

    tenant: Annotated[str, Meta(pattern=_NAME)] = "default"
    role: Literal["read", "write", "admin"]
    prefix: _AliasPrefix = ""
    label: Annotated[str, Meta(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    expires_in: Annotated[int, Meta(ge=1, le=10 * 366 * 86400)] | None = None


class KeyFacts(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A key, without its secret but when it is made."""

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


class KeysWanted(msgspec.Struct, kw_only=True):
    """Whose keys."""

    tenant: Annotated[str, Meta(pattern=_NAME)] | None = None


class TenantLimits(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a tenant may do; null = without a limit."""

    max_bytes: _NUMBER | None = None
    max_assets: _NUMBER | None = None
    requests_per_minute: Annotated[int, Meta(ge=0, le=1_000_000)] | None = None


class TenantFacts(msgspec.Struct, kw_only=True):
    """A tenant, its limits and what it has."""

    name: str
    max_bytes: int | None
    max_assets: int | None
    requests_per_minute: int | None
    assets: int
    bytes: int
    reserved: int


class NewToken(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What an upload token shall allow."""

    expires_in: Annotated[int, Meta(ge=1, le=MAX_LIFE)]
    prefix: _AliasPrefix = ""
    max_size: _NUMBER = 0
    types: Annotated[list[_MediaType], Meta(max_length=50)] = []
    count: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    sha256: Annotated[str, Meta(pattern="^([0-9a-f]{64})?$")] = ""


class TokenFacts(msgspec.Struct, kw_only=True):
    """An upload token."""

    token: str
    expires: str


async def make_key(call: Call) -> web.StreamResponse:
    """A new key; its text is told this once."""
    wanted = await call.json(NewKey)
    services = call.services
    expires = None if wanted.expires_in is None else services.clock() + 1000 * wanted.expires_in
    key, text = await services.keys.create(
        wanted.tenant, Role[wanted.role.upper()], prefix=wanted.prefix, label=wanted.label, expires=expires
    )
    return answer(_facts(key, text), 201)


async def list_keys(call: Call) -> web.StreamResponse:
    """Keys of a tenant, or all."""
    wanted = call.query(KeysWanted)
    return answer(KeyList(keys=[_facts(key) for key in await call.services.keys.all(wanted.tenant or "")]))


async def revoke_key(call: Call) -> web.StreamResponse:
    """A key is good for nothing any more."""
    if not await call.services.keys.revoke(call.params["id"]):
        raise PathError("there is no such key, or it has been revoked")
    call.services.auth.forget()
    return no_content()


async def set_tenant(call: Call) -> web.StreamResponse:
    """There is a tenant with these limits."""
    wanted = await call.json(TenantLimits)
    name = call.params["name"]
    await call.services.keys.set_tenant(
        name,
        Limits(
            max_bytes=wanted.max_bytes,
            max_assets=wanted.max_assets,
            requests_per_minute=wanted.requests_per_minute,
        ),
    )
    call.services.auth.forget()
    return answer(await _tenant(call, name))


async def get_tenant(call: Call) -> web.StreamResponse:
    """A tenant, its limits and what it has."""
    return answer(await _tenant(call, call.params["name"]))


async def make_token(call: Call) -> web.StreamResponse:
    """An upload token, for a browser."""
    wanted = await call.json(NewToken)
    if wanted.count == 0 and wanted.sha256:
        raise RequestError("a token for one content needs a count, expected 1 or more")
    scope = Scope(
        id="",
        max_size=wanted.max_size,
        types=tuple(wanted.types),
        count=wanted.count,
        sha256=wanted.sha256,
    )
    token, made = call.services.tokens.make(call.known, scope, wanted.prefix, wanted.expires_in)
    return answer(TokenFacts(token=token, expires=rfc3339(made.expires)), 201)


async def _tenant(call: Call, name: str) -> TenantFacts:
    async with call.services.database.read() as tx:
        limits = await tenant_limits(tx, name)
        if limits is None:
            raise PathError("there is no such tenant")
        used = await quotas.usage(tx, name)
    return TenantFacts(
        name=name,
        max_bytes=limits.max_bytes,
        max_assets=limits.max_assets,
        requests_per_minute=limits.requests_per_minute,
        assets=used.assets,
        bytes=used.bytes,
        reserved=used.reserved,
    )


def _facts(key: Key, text: str | None = None) -> KeyFacts:
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
        handler=make_key,
        name="make_key",
        summary="Make an API key; its text is told this once",
        role=Role.ADMIN,
        body=NewKey,
        answers={201: KeyFacts},
    ),
    Route(
        method="GET",
        path="/keys",
        handler=list_keys,
        name="list_keys",
        summary="API keys, without their secrets",
        role=Role.ADMIN,
        query=KeysWanted,
        answers={200: KeyList},
    ),
    Route(
        method="DELETE",
        path="/keys/{id:[0-9a-f]{32}}",
        handler=revoke_key,
        name="revoke_key",
        summary="Revoke an API key",
        role=Role.ADMIN,
        answers={204: None},
        errors=(PathError,),
    ),
    Route(
        method="PUT",
        path="/tenants/{name:[a-z0-9][a-z0-9_-]{0,62}}",
        handler=set_tenant,
        name="set_tenant",
        summary="Make a tenant, or change its limits",
        role=Role.ADMIN,
        body=TenantLimits,
        answers={200: TenantFacts},
    ),
    Route(
        method="GET",
        path="/tenants/{name:[a-z0-9][a-z0-9_-]{0,62}}",
        handler=get_tenant,
        name="get_tenant",
        summary="A tenant, its limits and what it has",
        role=Role.ADMIN,
        answers={200: TenantFacts},
        errors=(PathError,),
    ),
    Route(
        method="POST",
        path="/tokens",
        handler=make_token,
        name="make_token",
        summary="Make an upload token",
        role=Role.WRITE,
        body=NewToken,
        answers={201: TokenFacts},
    ),
)
