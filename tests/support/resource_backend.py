"""A database and a storage with the contents that a service leaves, and a clock that tests advance."""

from __future__ import annotations

import contextlib
import hashlib
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Table, select, update

from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.schema import (
    ALIAS_TAGS,
    ALIAS_VERSIONS,
    ALIASES,
    ASSETS,
    CHUNKS,
    HOLDINGS,
    TENANTS,
    UPLOADS,
)
from mememime_proxy.storage.asset_keys import asset_key, chunk_key
from mememime_proxy.storage.local.folder import Folder
from mememime_proxy.storage.protocol import Storage

HOUR = 3_600_000
DAY = 24 * HOUR
TENANT = "somebody"


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


@dataclass
class ResourceBackend:
    database: Database
    storage: Storage
    now: int = field(default_factory=lambda: time.time_ns() // 1_000_000)

    def clock(self) -> int:
        return self.now

    async def add(self, table: Table, **values: Any) -> None:
        async with self.database.write() as tx:
            await tx.execute(self.database.insert(table).values(**values).on_conflict_do_nothing())

    async def tenant(self) -> None:
        await self.add(TENANTS, name=TENANT, created=self.now)

    async def asset(
        self, body: bytes, state: str = "ready", *, stored: bool = True, held: bool = True, reason: str = ""
    ) -> str:
        """Add an asset's row, with its object if ``stored`` and the tenant's holding if ``held``."""
        name = digest(body)
        if stored:
            await self.storage.put(asset_key(name), body)
        row = {"sha256": name, "state": state, "reason": reason, "size": len(body), "media_type": "image/png",
               "stored_sha256": name, "stored_size": len(body), "facts": {}, "created": self.now,
               "changed": self.now}  # fmt: skip
        await self.add(ASSETS, **row)
        if held:
            await self.tenant()
            await self.add(HOLDINGS, tenant=TENANT, sha256=name, created=self.now)
        return name

    async def upload(
        self, *pieces: bytes, state: str = "receiving", lives: int = HOUR, stored: bool = True, **more: Any
    ) -> str:
        """Add an upload that begins now and expires after so many milliseconds."""
        await self.tenant()
        name, start = secrets.token_hex(16), 0
        size = sum(map(len, pieces))
        row = {"id": name, "tenant": TENANT, "credential": "key:x", "kind": "tus", "state": state, "length": size + 1,
               "received": size, "metadata": {}, "intent": {}, "principal": {"role": "write"}, "size_limit": 1 << 40,
               "parts": [], "created": self.now, "changed": self.now, "expires": self.now + lives}  # fmt: skip
        await self.add(UPLOADS, **(row | more))
        for piece in pieces:
            key = chunk_key(name, start, secrets.token_hex(16))
            if stored:
                await self.storage.put(key, piece)
            await self.add(CHUNKS, upload=name, start=start, size=len(piece), sha256=digest(piece), object_key=key)
            start += len(piece)
        return name

    async def alias(self, name: str, sha256: str | None, state: str = "active", reusable: int | None = None) -> None:
        await self.tenant()
        common = {"name": name, "version": 1, "sha256": sha256, "tags": ["a"]}
        await self.add(ALIASES, **common, skeleton=name, tenant=TENANT, state=state, created=self.now,
                       changed=self.now, reusable=reusable)  # fmt: skip
        await self.add(ALIAS_VERSIONS, **common, action="set", credential="key:x", changed=self.now)
        await self.add(ALIAS_TAGS, name=name, tag="a")

    async def change(self, table: Table, **values: Any) -> None:
        async with self.database.write() as tx:
            await tx.execute(update(table).values(**values))

    async def rows(self, table: Table) -> list[dict[str, Any]]:
        async with self.database.read() as tx:
            return [dict(row) for row in (await tx.execute(select(table))).mappings()]

    async def row(self, table: Table) -> dict[str, Any]:
        (single,) = await self.rows(table)
        return single

    async def keys(self) -> list[str]:
        return [info.key async for info in self.storage.list()]


@contextlib.asynccontextmanager
async def in_folder(database: Database, folder: Path) -> AsyncIterator[ResourceBackend]:
    """A backend whose storage is a folder."""
    storage = Folder(str(folder / "assets"), sync=False)
    await storage.start()
    try:
        yield ResourceBackend(database, storage)
    finally:
        await storage.close()
