"""Tenants and their API keys. The database has a hash of each secret alone, so a reader of it cannot use the keys."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, insert, select, update

from mememime_proxy.errors import RequestError
from mememime_proxy.resources.auth.principal import Role
from mememime_proxy.resources.auth.quotas import TenantQuota, tenant_quota
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.schema import API_KEYS, TENANTS

DEFAULT_TENANT = "default"
PREFIX = "mk_"
"""The start of every API key, by which scanners find leaked ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """An API key without its secret. Times are milliseconds since 1970."""

    id: str
    tenant: str
    role: Role
    prefix: str
    label: str
    created: int
    expires: int | None
    revoked: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKey:
    """An API key with the fields needed to authenticate a request."""

    key: ApiKey
    secret_hash: str
    requests_per_minute: int | None
    """Of the key's tenant; None = no limit."""


def hash_secret(secret: str) -> str:
    """Return the hash that is stored of a secret. It has 256 random bits, so that it needs no slow hash."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


class ApiKeys:
    """API keys and tenants. All methods may raise DatabaseError."""

    def __init__(self, database: Database, clock: Callable[[], int]) -> None:
        self._database = database
        self._clock = clock

    async def create(
        self, tenant: str, role: Role, *, prefix: str = "", label: str = "", expires: int | None = None
    ) -> tuple[ApiKey, str]:
        """Return a new key and its text, which cannot be read again. Raises RequestError for an unknown tenant."""
        key_id, secret = secrets.token_hex(16), secrets.token_urlsafe(32)
        key = ApiKey(
            id=key_id,
            tenant=tenant,
            role=role,
            prefix=prefix,
            label=label,
            created=self._clock(),
            expires=expires,
            revoked=None,
        )
        async with self._database.write() as tx:
            if await tenant_quota(tx, tenant) is None:
                raise RequestError(f"found the tenant {tenant!r}, expected one that exists")
            await tx.execute(
                insert(API_KEYS).values(
                    id=key_id,
                    hash=hash_secret(secret),
                    tenant=tenant,
                    role=role.name.lower(),
                    prefix=prefix,
                    label=label,
                    created=key.created,
                    expires=expires,
                )
            )
        return key, f"{PREFIX}{key_id}_{secret}"

    async def list_keys(self, tenant: str = "") -> list[ApiKey]:
        """Return the keys of a tenant, or all, the newest first."""
        query = select(API_KEYS).order_by(API_KEYS.c.created.desc(), API_KEYS.c.id)
        if tenant:
            query = query.where(API_KEYS.c.tenant == tenant)
        async with self._database.read() as tx:
            return [_key(row) for row in await tx.execute(query)]

    async def revoke(self, key_id: str) -> bool:
        """Revoke a key. False where there is no such key, or it was revoked before."""
        async with self._database.write() as tx:
            result = await tx.execute(
                update(API_KEYS)
                .where(API_KEYS.c.id == key_id, API_KEYS.c.revoked.is_(None))
                .values(revoked=self._clock())
            )
            return result.rowcount == 1

    async def set_tenant(self, name: str, quota: TenantQuota) -> None:
        """Create a tenant, or change its quota."""
        values = {
            "max_bytes": quota.max_bytes,
            "max_assets": quota.max_assets,
            "requests_per_minute": quota.requests_per_minute,
        }
        async with self._database.write() as tx:
            await tx.execute(
                self._database.insert(TENANTS)
                .values(name=name, created=self._clock(), **values)
                .on_conflict_do_update(index_elements=["name"], set_=values)
            )

    async def list_tenants(self, limit: int) -> list[str]:
        """Return the names of tenants in their order."""
        async with self._database.read() as tx:
            return list((await tx.execute(select(TENANTS.c.name).order_by(TENANTS.c.name).limit(limit))).scalars())

    async def ensure_default_tenant(self) -> None:
        """Create the default tenant unless it exists."""
        async with self._database.write() as tx:
            await tx.execute(
                self._database.insert(TENANTS)
                .values(name=DEFAULT_TENANT, created=self._clock())
                .on_conflict_do_nothing()
            )

    async def get(self, key_id: str) -> StoredKey | None:
        """Return a key by its id; None where there is none."""
        query = select(API_KEYS, TENANTS.c.requests_per_minute).join(TENANTS).where(API_KEYS.c.id == key_id)
        async with self._database.read() as tx:
            row = (await tx.execute(query)).one_or_none()
        if row is None:
            return None
        return StoredKey(key=_key(row), secret_hash=row.hash, requests_per_minute=row.requests_per_minute)


def _key(row: Row[Any]) -> ApiKey:
    return ApiKey(
        id=row.id,
        tenant=row.tenant,
        role=Role[row.role.upper()],
        prefix=row.prefix,
        label=row.label,
        created=row.created,
        expires=row.expires,
        revoked=row.revoked,
    )
