"""Tenants and their API keys. Of a key only a digest is kept: who reads the database cannot use it."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mememime_proxy.errors import RequestError
from mememime_proxy.resources.auth.principal import Role
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.schema import API_KEYS, TENANTS

DEFAULT_TENANT = "default"
PREFIX = "mk_"
"""What every API key begins with, so that it is found where it should not be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
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
class Limits:
    """What a tenant may do; None = without a limit."""

    max_bytes: int | None = None
    max_assets: int | None = None
    requests_per_minute: int | None = None


def digest(secret: str) -> str:
    """What is kept of a secret. It has 256 random bits, so that it needs no slow hash."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


class Keys:
    """All methods may raise DatabaseError."""

    def __init__(self, database: Database, clock: Callable[[], int]) -> None:
        self._database = database
        self._clock = clock

    async def create(
        self, tenant: str, role: Role, *, prefix: str = "", label: str = "", expires: int | None = None
    ) -> tuple[Key, str]:
        """A new key and its text, which nobody can be told again. RequestError where there is no such tenant."""
        number, secret = secrets.token_hex(16), secrets.token_urlsafe(32)
        key = Key(
            id=number,
            tenant=tenant,
            role=role,
            prefix=prefix,
            label=label,
            created=self._clock(),
            expires=expires,
            revoked=None,
        )
        async with self._database.write() as tx:
            if await tenant_limits(tx, tenant) is None:
                raise RequestError(f"found the tenant {tenant!r}, expected one that exists")
            await tx.execute(
                insert(API_KEYS).values(
                    id=number,
                    hash=digest(secret),
                    tenant=tenant,
                    role=role.name.lower(),
                    prefix=prefix,
                    label=label,
                    created=key.created,
                    expires=expires,
                )
            )
        return key, f"{PREFIX}{number}_{secret}"

    async def all(self, tenant: str = "") -> list[Key]:
        """The keys of a tenant, or all, the newest first."""
        wanted = select(API_KEYS).order_by(API_KEYS.c.created.desc(), API_KEYS.c.id)
        if tenant:
            wanted = wanted.where(API_KEYS.c.tenant == tenant)
        async with self._database.read() as tx:
            return [_key(row) for row in await tx.execute(wanted)]

    async def revoke(self, number: str) -> bool:
        """The key is good for nothing from now on. False where there is none, or it was so before."""
        async with self._database.write() as tx:
            done = await tx.execute(
                update(API_KEYS)
                .where(API_KEYS.c.id == number, API_KEYS.c.revoked.is_(None))
                .values(revoked=self._clock())
            )
            return done.rowcount == 1

    async def set_tenant(self, name: str, limits: Limits) -> None:
        """There is a tenant of this name, with these limits."""
        values = {
            "max_bytes": limits.max_bytes,
            "max_assets": limits.max_assets,
            "requests_per_minute": limits.requests_per_minute,
        }
        async with self._database.write() as tx:
            await tx.execute(
                self._database.insert(TENANTS)
                .values(name=name, created=self._clock(), **values)
                .on_conflict_do_update(index_elements=["name"], set_=values)
            )

    async def ensure_default(self) -> None:
        """There is the tenant of those who have named none."""
        async with self._database.write() as tx:
            await tx.execute(
                self._database.insert(TENANTS)
                .values(name=DEFAULT_TENANT, created=self._clock())
                .on_conflict_do_nothing()
            )

    async def tenants(self) -> list[str]:
        """Their names."""
        async with self._database.read() as tx:
            return [row.name for row in await tx.execute(select(TENANTS.c.name).order_by(TENANTS.c.name))]

    async def found(self, number: str) -> tuple[Key, str, int | None] | None:
        """A key by its id, with its digest and how many requests a minute its tenant may make."""
        wanted = select(API_KEYS, TENANTS.c.requests_per_minute).join(TENANTS).where(API_KEYS.c.id == number)
        async with self._database.read() as tx:
            row = (await tx.execute(wanted)).one_or_none()
        return None if row is None else (_key(row), row.hash, row.requests_per_minute)


async def tenant_limits(tx: AsyncConnection, name: str, *, lock: bool = False) -> Limits | None:
    """The limits of a tenant, None where there is none. ``lock``: nobody else looks so until the transaction ends."""
    wanted = select(TENANTS).where(TENANTS.c.name == name)
    row = (await tx.execute(wanted.with_for_update() if lock else wanted)).one_or_none()
    if row is None:
        return None
    return Limits(max_bytes=row.max_bytes, max_assets=row.max_assets, requests_per_minute=row.requests_per_minute)


def _key(row: Row[Any]) -> Key:
    return Key(
        id=row.id,
        tenant=row.tenant,
        role=Role[row.role.upper()],
        prefix=row.prefix,
        label=row.label,
        created=row.created,
        expires=row.expires,
        revoked=row.revoked,
    )
