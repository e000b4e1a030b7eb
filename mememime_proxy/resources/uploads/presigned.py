"""Large originals straight to the storage: the service signs an address for each part, and verifies the whole.

What comes lies under a key of its own, where nobody reads it. Only what the service itself has read from there, decoded
and stored again under its digest becomes an asset: whoever still holds an address can change nothing by it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mememime_proxy.errors import (
    ConflictError,
    ImageError,
    PreconditionFailedError,
    RequestError,
    ResourceError,
    StorageError,
    UploadGoneError,
    UploadNotFoundError,
)
from mememime_proxy.resources.aliases.service import Aliases, Condition
from mememime_proxy.resources.assets.repository import Asset, Assets
from mememime_proxy.resources.auth import quotas
from mememime_proxy.resources.auth.principal import Caller
from mememime_proxy.resources.auth.upload_tokens import spend
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.schema import UPLOADS
from mememime_proxy.resources.uploads.ingest import Ingest
from mememime_proxy.resources.uploads.intent import Wish, set_alias
from mememime_proxy.resources.uploads.temp_file import Spool
from mememime_proxy.storage.asset_keys import incoming_key
from mememime_proxy.storage.presigning import Presigner, presigner_of
from mememime_proxy.storage.protocol import Storage

KIND: Final = "multipart"
MIN_PART: Final = 5 << 20
"""Bytes; S3 takes no smaller parts but the last one."""
DEFAULT_PART: Final = 16 << 20
MAX_PARTS: Final = 10_000
ADDRESS_LIFE: Final = 3600
"""Seconds for which an address is good."""
_RECEIVING, _DONE, _FAILED, _TERMINATED = "receiving", "done", "failed", "terminated"


class PresignedUploads:
    """All methods may raise DatabaseError and StorageError; UploadNotFoundError for uploads of others."""

    def __init__(
        self,
        database: Database,
        storage: Storage,
        spool: Spool,
        ingest: Ingest,
        assets: Assets,
        aliases: Aliases,
        clock: Callable[[], int],
        life: int,
    ) -> None:
        """``life``: milliseconds for an upload."""
        self._database = database
        self._storage = storage
        self._spool = spool
        self._ingest = ingest
        self._assets = assets
        self._aliases = aliases
        self._clock = clock
        self._life = life
        self._presigner = presigner_of(storage)

    async def begin(self, caller: Caller, wish: Wish, size: int, part_size: int) -> tuple[str, int, int]:
        """A new upload: its id, the bytes of each part, and when it ends (milliseconds).

        ConflictError where the storage cannot do this; RequestError, QuotaError, RoleError.
        """
        presigner = self._able()
        part_size = max(part_size or DEFAULT_PART, MIN_PART, -(-size // MAX_PARTS))
        number, now = secrets.token_hex(16), self._clock()
        external = await presigner.create_upload(incoming_key(number), "application/octet-stream")
        try:
            async with self._database.write() as tx:
                await spend(self._database, tx, caller)
                await quotas.check_room(tx, caller.tenant, size)
                await tx.execute(
                    insert(UPLOADS).values(
                        id=number,
                        tenant=caller.tenant,
                        credential=caller.credential,
                        kind=KIND,
                        state=_RECEIVING,
                        length=size,
                        received=0,
                        metadata={},
                        wanted=_said(wish),
                        parts=[part_size],
                        external=external,
                        created=now,
                        changed=now,
                        expires=now + self._life,
                    )
                )
        except BaseException:
            await presigner.abort_upload(incoming_key(number), external)
            raise
        return number, part_size, now + self._life

    async def addresses(self, caller: Caller, number: str, parts: Sequence[int]) -> list[tuple[int, str]]:
        """Where to PUT the parts of these numbers. UploadGoneError, RequestError."""
        row = await self._row(caller, number)
        if row.state != _RECEIVING:
            raise UploadGoneError(f"the upload is {row.state}")
        last = -(-row.length // row.parts[0])
        if wrong := next((part for part in parts if not 1 <= part <= last), None):
            raise RequestError(f"found part {wrong}, expected 1 to {last}")
        presigner, key = self._able(), incoming_key(number)
        return [(part, await presigner.presign_part(key, row.external, part, ADDRESS_LIFE)) for part in parts]

    async def complete(self, caller: Caller, number: str, parts: Sequence[tuple[int, str]]) -> Asset:
        """The asset, ready. Safe to repeat. ConflictError where the parts are not what was announced; as Ingest."""
        row = await self._row(caller, number)
        if row.state == _DONE:
            return await self._assets.get(row.sha256, caller)
        if row.state != _RECEIVING:
            raise UploadGoneError(f"the upload is {row.state}{': ' + row.problem if row.problem else ''}")
        try:
            return await self._complete(caller, number, row, parts)
        except (ResourceError, StorageError):
            row = await self._row(caller, number)
            if row.state != _DONE:
                raise
            # Somebody did the same at the same time, and was faster.
            return await self._assets.get(row.sha256, caller)

    async def _complete(self, caller: Caller, number: str, row: Row[Any], parts: Sequence[tuple[int, str]]) -> Asset:
        key = incoming_key(number)
        try:
            await self._able().complete_upload(key, row.external, parts, row.length)
        except PreconditionFailedError as error:
            raise ConflictError(error.detail) from error
        wish = _wish(row.wanted)

        async def also(tx: AsyncConnection, asset: Asset) -> None:
            await self._end(tx, number, state=_DONE, sha256=asset.sha256)
            await set_alias(self._aliases, tx, caller, wish, asset)

        try:
            async with self._spool.room() as room:
                async with await self._storage.open(key) as body:
                    async for chunk in body:
                        await room.write(chunk)
                asset, _ = await self._ingest.finish(room, caller, declared=wish.sha256, also=also)
        except (ImageError, ResourceError) as error:
            if error.status < 500:
                async with self._database.write() as tx:
                    await self._end(tx, number, state=_FAILED, problem=f"{error.code}: {error.detail}"[:1000])
                await self._storage.delete(key)
            raise
        await self._storage.delete(key)
        return asset

    async def abort(self, caller: Caller, number: str) -> None:
        """The upload is gone. UploadGoneError where it ended before."""
        row = await self._row(caller, number)
        if row.state != _RECEIVING:
            raise UploadGoneError(f"the upload is {row.state}")
        async with self._database.write() as tx:
            await self._end(tx, number, state=_TERMINATED)
        await self._able().abort_upload(incoming_key(number), row.external)
        await self._storage.delete(incoming_key(number))

    def _able(self) -> Presigner:
        if self._presigner is None:
            raise ConflictError("the service's storage takes no parts past the service: use resumable uploads")
        return self._presigner

    async def _row(self, caller: Caller, number: str) -> Row[Any]:
        wanted = select(UPLOADS).where(UPLOADS.c.id == number, UPLOADS.c.kind == KIND)
        if not caller.is_admin:
            wanted = wanted.where(UPLOADS.c.tenant == caller.tenant)
        if caller.scope:
            wanted = wanted.where(UPLOADS.c.credential == caller.credential)
        async with self._database.read() as tx:
            row = (await tx.execute(wanted)).one_or_none()
        if row is None:
            raise UploadNotFoundError(f"there is no upload {number}")
        if row.state == _RECEIVING and row.expires <= self._clock():
            raise UploadGoneError("the upload has expired")
        return row

    async def _end(self, tx: AsyncConnection, number: str, **values: object) -> None:
        """ConflictError where somebody else has ended it meanwhile."""
        done = await tx.execute(
            update(UPLOADS)
            .where(UPLOADS.c.id == number, UPLOADS.c.state == _RECEIVING)
            .values(changed=self._clock(), **values)
        )
        if done.rowcount != 1:
            raise ConflictError("the upload has ended meanwhile")


def _said(wish: Wish) -> dict[str, Any]:
    condition = wish.condition
    return {
        "sha256": wish.sha256,
        "alias": wish.alias,
        "condition": [condition.version, condition.exists, condition.absent],
    }


def _wish(said: dict[str, Any]) -> Wish:
    version, exists, absent = said["condition"]
    return Wish(
        sha256=said["sha256"],
        alias=said["alias"],
        condition=Condition(version=version, exists=exists, absent=absent),
    )
