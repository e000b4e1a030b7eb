"""How much a tenant has, and whether there is room for more."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mememime_proxy.errors import QuotaError
from mememime_proxy.resources.auth.api_keys import tenant_limits
from mememime_proxy.resources.database.schema import ASSETS, HOLDINGS, UPLOADS
from mememime_proxy.resources.database.states import OPEN_UPLOADS, UploadKind


@dataclass(frozen=True, slots=True)
class Usage:
    """Of one tenant. What several tenants have in common counts for each."""

    assets: int
    bytes: int
    reserved: int
    """Bytes of uploads that are under way."""


async def usage(tx: AsyncConnection, tenant: str) -> Usage:
    """What ``tenant`` has at this moment."""
    held = (
        select(func.count(), func.coalesce(func.sum(ASSETS.c.size), 0))
        .select_from(HOLDINGS.join(ASSETS))
        .where(HOLDINGS.c.tenant == tenant)
    )
    length = func.coalesce(UPLOADS.c.length, UPLOADS.c.received)
    expected = case((length > UPLOADS.c.received, length), else_=UPLOADS.c.received)
    reserved = select(func.coalesce(func.sum(expected), 0)).where(
        UPLOADS.c.tenant == tenant, UPLOADS.c.state.in_(OPEN_UPLOADS), UPLOADS.c.kind != UploadKind.JOINED
    )
    count, size = (await tx.execute(held)).one()
    return Usage(int(count), int(size), int((await tx.execute(reserved)).scalar_one()))


async def check_room(tx: AsyncConnection, tenant: str, size: int, assets: int = 1) -> None:
    """QuotaError unless ``tenant`` has room for ``size`` bytes and so many assets more.

    Those who ask at once in several transactions go one after another, so that the last place is given away once.
    """
    limits = await tenant_limits(tx, tenant, lock=True)
    if limits is None or (limits.max_bytes is None and limits.max_assets is None):
        return
    used = await usage(tx, tenant)
    if limits.max_bytes is not None and used.bytes + used.reserved + size > limits.max_bytes:
        left = max(0, limits.max_bytes - used.bytes - used.reserved)
        raise QuotaError(f"{size} bytes do not fit into the {left} that are left")
    if limits.max_assets is not None and used.assets + assets > limits.max_assets:
        raise QuotaError(f"{limits.max_assets} assets are allowed")
