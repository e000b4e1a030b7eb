"""Quotas of tenants: usage and its limits."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mememime_proxy.errors import QuotaError
from mememime_proxy.resources.database.schema import ASSETS, HOLDINGS, TENANTS, UPLOADS
from mememime_proxy.resources.database.states import OPEN_UPLOADS, UploadKind


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantQuota:
    """Limits of a tenant; None = no limit."""

    max_bytes: int | None = None
    max_assets: int | None = None
    requests_per_minute: int | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """The usage of one tenant. An asset of several tenants counts for each."""

    assets: int
    bytes: int
    reserved: int
    """Bytes of unfinished uploads."""


async def tenant_quota(tx: AsyncConnection, name: str, *, lock: bool = False) -> TenantQuota | None:
    """Return the quota of a tenant, None where there is no such tenant.

    ``lock``: other transactions that lock it wait until this one ends.
    """
    query = select(TENANTS).where(TENANTS.c.name == name)
    row = (await tx.execute(query.with_for_update() if lock else query)).one_or_none()
    if row is None:
        return None
    return TenantQuota(max_bytes=row.max_bytes, max_assets=row.max_assets, requests_per_minute=row.requests_per_minute)


async def measure_usage(tx: AsyncConnection, tenant: str) -> Usage:
    """Return what ``tenant`` uses now."""
    stored = (
        select(func.count(), func.coalesce(func.sum(ASSETS.c.size), 0))
        .select_from(HOLDINGS.join(ASSETS))
        .where(HOLDINGS.c.tenant == tenant)
    )
    length = func.coalesce(UPLOADS.c.length, UPLOADS.c.received)
    expected = case((length > UPLOADS.c.received, length), else_=UPLOADS.c.received)
    reserved = select(func.coalesce(func.sum(expected), 0)).where(
        UPLOADS.c.tenant == tenant, UPLOADS.c.state.in_(OPEN_UPLOADS), UPLOADS.c.kind != UploadKind.JOINED
    )
    count, size = (await tx.execute(stored)).one()
    return Usage(int(count), int(size), int((await tx.execute(reserved)).scalar_one()))


class Room:
    """The room that a tenant has in one transaction, for several assets."""

    def __init__(self, quota: TenantQuota | None, usage: Usage | None) -> None:
        """``usage`` None: there is no limit."""
        self._quota, self._usage = quota, usage
        self._size = self._assets = 0

    def take(self, size: int, assets: int = 1) -> None:
        """Take room for ``size`` bytes and that many assets more; QuotaError where there is none."""
        quota, usage = self._quota, self._usage
        if quota is None or usage is None:
            return
        used = usage.bytes + usage.reserved + self._size
        if quota.max_bytes is not None and used + size > quota.max_bytes:
            free = max(0, quota.max_bytes - used)
            raise QuotaError(f"found {size} bytes, at most {free} are free; delete assets or raise the quota")
        if quota.max_assets is not None and usage.assets + self._assets + assets > quota.max_assets:
            raise QuotaError(f"at most {quota.max_assets} assets are allowed; delete assets or raise the quota")
        self._size += size
        self._assets += assets


async def lock_room(tx: AsyncConnection, tenant: str) -> Room:
    """Return the room of a tenant, and lock it.

    Concurrent transactions check one after another, so that the last free place is taken once.
    """
    quota = await tenant_quota(tx, tenant, lock=True)
    if quota is None or (quota.max_bytes is None and quota.max_assets is None):
        return Room(quota, None)
    return Room(quota, await measure_usage(tx, tenant))


async def check_quota(tx: AsyncConnection, tenant: str, size: int, assets: int = 1) -> None:
    """Raise QuotaError unless ``tenant`` may store ``size`` bytes and that many assets more; locks it."""
    (await lock_room(tx, tenant)).take(size, assets)
