"""Endpoints of lists of assets."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Final, Literal

import msgspec
from aiohttp import web
from msgspec import Meta

from mememime_proxy.errors import AssetNotFoundError, RequestError
from mememime_proxy.resources.assets.catalogue import AssetList, AssetOrder
from mememime_proxy.resources.assets.filters import AssetFilter
from mememime_proxy.resources.assets.model import Asset, AssetPage
from mememime_proxy.resources.assets.positions import RowKey
from mememime_proxy.resources.assets.repository import MAX_PAGE
from mememime_proxy.resources.auth.principal import Role
from mememime_proxy.resources.http.call import Call, json_response
from mememime_proxy.resources.http.endpoint import Route
from mememime_proxy.resources.routes.alias_documents import Alias, AliasPage

_Side = Annotated[int, Meta(ge=0, le=1_000_000)]
_Bytes = Annotated[int, Meta(ge=0, le=1 << 62)]
_Text = Annotated[str, Meta(max_length=255, pattern=r"^[^\x00]*$")]
_Time = Annotated[str, Meta(max_length=40, pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2}([T ].*)?)?$")]
_CURSOR: Final = re.compile(r"(?:(\d{1,19})\.)?([0-9a-f]{64})", re.ASCII)
_DESCENDING: Final = {"desc": True, "asc": False}


class AssetQuery(msgspec.Struct, kw_only=True):
    """Filters of a list of assets, its order, and where to begin. What is not given filters nothing."""

    cursor: Annotated[str, Meta(pattern=r"^(([0-9]{1,19}\.)?[0-9a-f]{64})?$")] = ""
    """That of the page before."""
    offset: Annotated[int, Meta(ge=0, le=1 << 40)] = 0
    """Number of the first asset, from 0, in place of a cursor."""
    limit: Annotated[int, Meta(ge=1, le=MAX_PAGE)] = 100
    sort: Literal["digest", "created", "size"] = "digest"
    order: Literal["", "asc", "desc"] = ""
    """By default `asc` for digests, `desc` for the others: the newest, or the largest, first."""
    total: bool = False
    """Whether the response says how many assets the whole list has."""
    state: Literal["", "receiving", "verifying", "ready", "quarantined", "deleted"] = ""
    type: Annotated[str, Meta(pattern="^([a-z0-9.+-]{1,40}/[a-z0-9.+-]{1,80})?$")] = ""
    min_width: _Side = 0
    max_width: _Side = 0
    min_height: _Side = 0
    max_height: _Side = 0
    min_size: _Bytes = 0
    max_size: _Bytes = 0
    color: Annotated[str, Meta(pattern="^([0-9A-Fa-f]{6})?$")] = ""
    """Six hexadecimal digits; the dominant color is near it."""
    since: _Time = ""
    before: _Time = ""
    """A date, or a date and a time (RFC 3339; without an offset it is UTC)."""
    tag: _Text = ""
    alias: _Text = ""
    """How one of its aliases begins."""
    unnamed: bool = False
    """Only those without an alias."""
    q: _Text = ""
    """Text in one of its aliases, their tags, or the name of its file."""

    def filter(self) -> AssetFilter:
        """Return the filters. RequestError for a time that does not exist."""
        return AssetFilter(
            state=self.state,
            media_type=self.type,
            min_width=self.min_width,
            max_width=self.max_width,
            min_height=self.min_height,
            max_height=self.max_height,
            min_size=self.min_size,
            max_size=self.max_size,
            color=int(self.color, 16) if self.color else None,
            since=_milliseconds("since", self.since),
            before=_milliseconds("before", self.before),
            tag=self.tag,
            alias=self.alias,
            unnamed=self.unnamed,
            text=self.q,
        )

    def after(self) -> RowKey | None:
        """Return the key in the cursor. RequestError for the cursor of another order."""
        if not self.cursor:
            return None
        found = _CURSOR.fullmatch(self.cursor)
        if found is None or bool(found[1]) is (self.sort == "digest") or int(found[1] or 0) >= 1 << 63:
            raise RequestError("the cursor is that of a list in another order")
        if self.offset:
            raise RequestError("found both cursor and offset, expected one of them")
        return RowKey(int(found[1] or 0), found[2])


async def list_assets(call: Call) -> web.StreamResponse:
    """List assets."""
    query, catalogue = call.query(AssetQuery), call.services.catalogue
    which = AssetList.of(
        call.require_principal(),
        query.filter(),
        AssetOrder(query.sort),
        descending=_DESCENDING.get(query.order, query.sort != "digest"),
    )
    rows = await catalogue.page(which, after=query.after(), offset=query.offset, limit=query.limit + 1)
    shown = rows[: query.limit]
    cursor = _cursor(shown[-1].key, query.sort) if len(rows) > query.limit else None
    return json_response(
        AssetPage(
            assets=[Asset.in_list(row.asset, row.filename) for row in shown],
            cursor=cursor,
            total=await catalogue.total(which) if query.total else None,
        )
    )


async def list_asset_aliases(call: Call) -> web.StreamResponse:
    """List the aliases of an asset."""
    principal, sha256 = call.require_principal(), call.params["sha256"]
    await call.services.assets.get(sha256, principal)
    rows = await call.services.aliases.of_asset(principal, sha256, MAX_PAGE)
    return json_response(AliasPage(aliases=[Alias.of_row(row) for row in rows]))


def _cursor(key: RowKey, sort: str) -> str:
    return key.sha256 if sort == "digest" else f"{key.number}.{key.sha256}"


def _milliseconds(name: str, text: str) -> int | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
        return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError):
        raise RequestError(f"found {name}={text}, expected a date like 2026-01-31 or 2026-01-31T12:00:00Z") from None


ROUTES = (
    Route(
        method="GET",
        path="/assets",
        handler=list_assets,
        name="list_assets",
        summary="List assets by digest, time or size, with filters, from a cursor or any place on",
        role=Role.READ,
        is_private=True,
        query=AssetQuery,
        responses={200: AssetPage},
    ),
    Route(
        method="GET",
        path="/assets/{sha256:[0-9a-f]{64}}/aliases",
        handler=list_asset_aliases,
        name="list_asset_aliases",
        summary="List the aliases of an asset by name, a thousand at most",
        role=Role.READ,
        is_private=True,
        responses={200: AliasPage},
        errors=(AssetNotFoundError,),
    ),
)
