"""From an upload's bytes to an asset: looked at, stored, and only then ready.

The order makes every crash harmless. Nothing is written before a worker has decoded all of it. Then the row says
``verifying``, then the object is stored under the digest of the original, and one transaction makes the asset ready,
gives it to its tenant, and does what else belongs to the upload (its alias, its state). Whoever brings the same bytes
after a crash goes the same way and meets what is there.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterable, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final
from weakref import WeakValueDictionary

import msgspec
from sqlalchemy import Row, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import ReturningUpdate

from mememime_proxy.asset_facts import AssetFacts
from mememime_proxy.errors import (
    DigestError,
    ImageError,
    MememimeError,
    ObjectNotFoundError,
    PreconditionFailedError,
    StorageError,
    StorageUnavailableError,
    UploadTypeError,
    WorkerCrashError,
)
from mememime_proxy.plan import Plan
from mememime_proxy.resources.assets.removal import REMOVING
from mememime_proxy.resources.assets.repository import DELETED, QUARANTINED, READY, RECEIVING, VERIFYING, Asset, asset
from mememime_proxy.resources.auth.principal import Caller
from mememime_proxy.resources.auth.quotas import check_room
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.schema import ASSETS, HOLDINGS
from mememime_proxy.resources.uploads.temp_file import Spooled
from mememime_proxy.service.logs import logger
from mememime_proxy.storage.asset_keys import asset_key
from mememime_proxy.storage.protocol import ObjectBody, Storage
from mememime_proxy.workers.pool import Pool, WorkerJob

Also = Callable[[AsyncConnection, Asset], Awaitable[None]]
"""What else has to happen in the transaction that makes an asset ready; it may say more of the asset."""
_INSPECT_TIMEOUT: Final = 60.0
_ATTEMPTS: Final = 5
_REMOVAL_PATIENCE: Final = 10.0
"""Seconds to wait for somebody who is removing the same bytes."""
_POLL: Final = 0.1
_MAX_REASON: Final = 500
_REPACKED: Final = {"jpeg", "png"}
_MAX_REPACKED: Final = 64 << 20
"""Bytes of an original that is worth the time."""


_BY_DIGEST: Final = select(ASSETS).where(ASSETS.c.sha256 == bindparam("digest"))
"""Statements that every upload makes are put together once: that is half of what they cost."""
_LOCKED: Final = _BY_DIGEST.with_for_update()
_HELD: Final = select(HOLDINGS.c.sha256).where(
    HOLDINGS.c.sha256 == bindparam("digest"), HOLDINGS.c.tenant == bindparam("who")
)


@dataclass(frozen=True, slots=True)
class _Stored:
    """What is kept of an original, and what is known of it."""

    sha256: str
    size: int
    facts: AssetFacts


class Ingest:
    """All methods may raise DatabaseError and the storage's and the workers' errors: nothing is lost, ask again."""

    def __init__(
        self, database: Database, storage: Storage, pool: Pool, clock: Callable[[], int], plan: Plan, *, repack: bool
    ) -> None:
        self._database = database
        self._storage = storage
        self._pool = pool
        self._clock = clock
        self._plan = plan
        self._repack = repack
        self._new = database.insert(ASSETS).on_conflict_do_nothing()
        self._given = database.insert(HOLDINGS).on_conflict_do_nothing()
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._log = logger()

    async def finish(
        self,
        spooled: Spooled,
        caller: Caller,
        *,
        declared: str = "",
        also: Also | None = None,
        reserved: int = 0,
    ) -> tuple[Asset, bool]:
        """The asset of what was spooled, ready and the caller's, and whether its bytes are new.

        Safe to repeat, and to be done by several at once. ``declared``: the digest that it has to have, DigestError.
        UploadTypeError for a media type that the caller's token does not allow; ImageError for what cannot be decoded
        (kept as a ``quarantined`` row, without bytes); QuotaError where there is no room besides the ``reserved`` bytes
        that the tenant's account has for it already; what ``also`` raises. Nothing has become ready then.
        """
        sha256 = await spooled.finish()
        for expected in (declared, caller.scope.sha256 if caller.scope else ""):
            if expected and expected != sha256:
                raise DigestError(f"found the SHA-256 {sha256}, expected {expected}")
        lock = self._locks.setdefault(sha256, asyncio.Lock())
        async with lock:
            for _ in range(_ATTEMPTS):
                row = await self._settled(sha256)
                stored = None
                if row is not None and row.state == READY and await self._is_stored(row):
                    _check_type(caller, row.media_type)
                elif (stored := await self._store(spooled, sha256, caller)) is None:
                    continue
                found = await self._link(sha256, caller, stored, also, reserved)
                if found is not None:
                    return found, stored is not None
        raise StorageUnavailableError(f"the asset {sha256} is being removed again and again")

    async def _settled(self, sha256: str) -> Row[Any] | None:
        """The asset's row, once nobody is removing it."""
        loop = asyncio.get_running_loop()
        end = loop.time() + _REMOVAL_PATIENCE
        while True:
            async with self._database.read() as tx:
                row = (await tx.execute(_BY_DIGEST, {"digest": sha256})).one_or_none()
            if row is None or row.state != REMOVING:
                return row
            if loop.time() > end:
                raise StorageUnavailableError(f"the asset {sha256} is being removed")
            await asyncio.sleep(_POLL)

    async def _is_stored(self, row: Row[Any]) -> bool:
        try:
            info = await self._storage.head(asset_key(row.sha256))
        except ObjectNotFoundError:
            return False
        return info.size == int(row.stored_size)

    async def _store(self, spooled: Spooled, sha256: str, caller: Caller) -> _Stored | None:
        """Verifies and stores; None where somebody removes the asset at the same time."""
        try:
            result = await self._pool.run(
                WorkerJob(operation="inspect", plan=self._plan),
                spooled.descriptor,
                _INSPECT_TIMEOUT,
                fingerprint=sha256,
            )
        except (ImageError, WorkerCrashError) as error:
            await self._quarantine(sha256, spooled.size, error)
            raise
        facts = msgspec.msgpack.decode(result.variant.body, type=AssetFacts)
        _check_type(caller, facts.media_type)
        if not await self._claim(sha256, spooled.size):
            return None
        return await self._put(spooled, sha256, facts)

    async def _claim(self, sha256: str, size: int) -> bool:
        """There is a row in the state ``verifying``, so that nobody takes the object for an orphan."""
        now = self._clock()
        async with self._database.write() as tx:
            made = await tx.execute(
                self._new,
                {
                    "sha256": sha256,
                    "state": VERIFYING,
                    "size": size,
                    "stored_sha256": sha256,
                    "stored_size": size,
                    "facts": {},
                    "created": now,
                    "changed": now,
                },
            )
            if made.rowcount == 1:
                return True
            done = await tx.execute(
                update(ASSETS)
                .where(ASSETS.c.sha256 == sha256, ASSETS.c.state.in_((RECEIVING, VERIFYING, QUARANTINED, DELETED)))
                .values(state=VERIFYING, reason="", size=size, deleted=None, changed=now)
            )
            if done.rowcount == 1:
                return True
            # What another process has made ready stays so, whatever becomes of this one.
            ready = select(ASSETS.c.sha256).where(ASSETS.c.sha256 == sha256, ASSETS.c.state == READY)
            return (await tx.execute(ready)).first() is not None

    async def _quarantine(self, sha256: str, size: int, error: MememimeError) -> None:
        """Remembers that these bytes are no picture, and why; they are not kept."""
        now = self._clock()
        reason = f"{error.code}: {error.detail}"[:_MAX_REASON].encode("utf-8", "replace").decode()
        async with self._database.write() as tx:
            await tx.execute(
                self._database.insert(ASSETS)
                .values(
                    sha256=sha256,
                    state=QUARANTINED,
                    reason=reason,
                    size=size,
                    stored_sha256="",
                    stored_size=0,
                    facts={},
                    created=now,
                    changed=now,
                )
                .on_conflict_do_nothing()
            )

    async def _put(self, spooled: Spooled, sha256: str, facts: AssetFacts) -> _Stored:
        """The object is there, whole, and has been looked at."""
        packed = await self._packed(spooled, sha256, facts)
        if packed is None:
            stored, body = _Stored(sha256, spooled.size, facts), None
        else:
            stored, body = _Stored(hashlib.sha256(packed).hexdigest(), len(packed), facts), packed
        key = asset_key(sha256)
        try:
            await self._storage.put(key, body or spooled.chunks(), content_type=facts.media_type, if_absent=True)
        except PreconditionFailedError:
            if await _digest_of(self._storage, key) == stored.sha256:
                return stored
            # Half of another's work, or rotten: what we hold is right.
            await self._storage.put(key, body or spooled.chunks(), content_type=facts.media_type)
        info = await self._storage.head(key)
        if info.size != stored.size:
            raise StorageError(f"found {info.size} bytes of {key} after {stored.size} were stored")
        return stored

    async def _packed(self, spooled: Spooled, sha256: str, facts: AssetFacts) -> bytes | None:
        """The same pixels in fewer bytes, where that is wanted and can be had."""
        if not self._repack or facts.format not in _REPACKED or spooled.size > _MAX_REPACKED:
            return None
        try:
            result = await self._pool.run(
                WorkerJob(operation="repack", plan=self._plan), spooled.descriptor, _INSPECT_TIMEOUT, fingerprint=sha256
            )
        except MememimeError as error:
            # It costs room, not the upload.
            self._log.warning("original.repack_failed", sha256=sha256, detail=error.detail)
            return None
        return result.variant.body if 0 < len(result.variant.body) < spooled.size else None

    async def _link(
        self, sha256: str, caller: Caller, stored: _Stored | None, also: Also | None, reserved: int
    ) -> Asset | None:
        """One transaction: ready, the caller's, and all that belongs to it. None where the row is gone meanwhile."""
        now = self._clock()
        async with self._database.write() as tx:
            row = (await tx.execute(_LOCKED, {"digest": sha256})).one_or_none()
            if row is None or row.state not in {VERIFYING, READY}:
                return None
            if (await tx.execute(_HELD, {"digest": sha256, "who": caller.tenant})).first() is None:
                await check_room(tx, caller.tenant, max(0, row.size - reserved))
                await tx.execute(self._given, {"tenant": caller.tenant, "sha256": sha256, "created": now})
            if stored is not None:
                row = (await tx.execute(_made_ready(sha256, stored, now))).one()
            elif row.state != READY:
                return None  # it was, a moment ago: its facts have to be found again
            found = asset(row)
            if also is not None:
                await also(tx, found)
            return found


def _made_ready(sha256: str, stored: _Stored, now: int) -> ReturningUpdate[Any]:
    """The asset is ready, as it is stored."""
    return (
        update(ASSETS)
        .where(ASSETS.c.sha256 == sha256)
        .values(
            state=READY,
            media_type=stored.facts.media_type,
            stored_sha256=stored.sha256,
            stored_size=stored.size,
            facts=msgspec.to_builtins(stored.facts),
            changed=now,
            checked=now,
        )
        .returning(*ASSETS.c)
    )


def _check_type(caller: Caller, media_type: str) -> None:
    if caller.scope and caller.scope.types and media_type not in caller.scope.types:
        raise UploadTypeError(f"found {media_type}, the token allows {', '.join(caller.scope.types)}")


async def _digest_of(storage: Storage, key: str) -> str:
    """SHA-256 of a stored object; '' where it cannot be read to its end."""
    digest = hashlib.sha256()
    try:
        async with await storage.open(key) as body:
            await _feed(body, digest.update)
    except StorageError:
        return ""
    return digest.hexdigest()


async def _feed(body: ObjectBody | AsyncIterable[bytes], take: Callable[[bytes], None]) -> None:
    async for chunk in body:
        take(chunk)
