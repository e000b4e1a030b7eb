"""Resumable uploads as rows: created, longer by one piece after the other, put together, ended.

Every piece is an object of its own, durable before one transaction says that the upload is longer by it. That happens
only where the upload ends just where the piece begins: of several senders at one offset, in any number of processes,
one goes on. So an offset that somebody was told never goes back, and nobody waits for a lock.
"""

from __future__ import annotations

import contextlib
import hashlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

import msgspec
from sqlalchemy import func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mememime_proxy.errors import (
    ConflictError,
    DatabaseError,
    MememimeError,
    OffsetError,
    RequestError,
    RoleError,
    StorageError,
    StorageFullError,
    UploadGoneError,
    UploadNotFoundError,
    UploadTooLargeError,
    UploadTypeError,
)
from mememime_proxy.resources.auth.principal import Caller, Scope
from mememime_proxy.resources.auth.quotas import check_room
from mememime_proxy.resources.auth.upload_tokens import spend
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.schema import CHUNKS, UPLOADS
from mememime_proxy.resources.uploads.model import (
    EXPIRED,
    FAILED,
    JOINED,
    KINDS,
    OPEN,
    PART,
    RECEIVING,
    SINGLE,
    TERMINATED,
    VERIFYING,
    WHOLE,
    Upload,
    Wanted,
    is_visible,
    upload_of_row,
)
from mememime_proxy.resources.uploads.tus_protocol import Metadata, extension
from mememime_proxy.storage.asset_keys import chunk_key
from mememime_proxy.storage.protocol import Storage

_PART_OUTLIVES: Final = 3_600_000
"""Milliseconds that a joined part's pieces are kept beyond their whole: it may be at work just then."""


class Uploads:
    """All methods may raise DatabaseError; nothing has changed then, or all of it has."""

    def __init__(
        self, database: Database, storage: Storage, clock: Callable[[], int], *, limit: int, life: int
    ) -> None:
        """``limit``: bytes of the largest upload. ``life``: milliseconds that one lives on after each piece."""
        self._database = database
        self._storage = storage
        self._clock = clock
        self._limit = limit
        self._life = life

    @extension("creation", "creation-defer-length", "expiration")
    async def create(self, caller: Caller, length: int | None, said: Metadata, kind: str = SINGLE) -> Upload:
        """A new upload, with room for it. ``length`` None: see ``set_length``.

        UploadTooLargeError, UploadTypeError, QuotaError, RoleError, AliasNameError, RequestError.
        """
        wanted = self._wanted(caller, said)
        if length is not None and length > wanted.limit:
            raise UploadTooLargeError(f"found {length} bytes, at most {wanted.limit} are allowed")
        values = self._row(caller, kind, length, said, wanted)
        async with self._database.write() as tx:
            await check_room(tx, caller.tenant, length or 0, assets=0 if kind == PART else 1)
            if kind == PART:
                await self._check_parts(tx, caller, length or 0, wanted.limit)
            else:
                await spend(self._database, tx, caller)
            await tx.execute(insert(UPLOADS).values(**values))
        return upload_of_row(values)

    @extension("concatenation")
    async def join(self, caller: Caller, parts: Sequence[str], said: Metadata) -> Upload:
        """One upload of the bytes of several, in this order; said twice, it is the same one.

        UploadNotFoundError; ConflictError where a part is not complete, or belongs to another whole; as ``create``.
        """
        wanted = self._wanted(caller, said)
        async with self._database.write() as tx:
            rows = (await tx.execute(select(UPLOADS).where(UPLOADS.c.id.in_(parts)))).all()
            found = {row.id: upload_of_row(row._mapping) for row in rows if is_visible(row, caller)}
            if missing := [part for part in parts if part not in found]:
                raise UploadNotFoundError(f"there is no upload {missing[0]}")
            there = [found[part] for part in parts]
            if all(part.kind == JOINED for part in there) and len({part.parts for part in there}) == 1:
                row = (await tx.execute(select(UPLOADS).where(UPLOADS.c.id == there[0].parts[0]))).one_or_none()
                if row is not None and tuple(row.parts) == tuple(parts):
                    return upload_of_row(row._mapping)
            for part in there:
                self._check_part(part)
            total = sum(part.received for part in there)
            if total > wanted.limit:
                raise UploadTooLargeError(f"found {total} bytes, at most {wanted.limit} are allowed")
            await check_room(tx, caller.tenant, 0)
            await spend(self._database, tx, caller)
            values = self._row(caller, WHOLE, total, said, wanted) | {"received": total, "parts": list(parts)}
            await tx.execute(insert(UPLOADS).values(**values))
            for part in there:
                # The whole counts its bytes from now on.
                done = await tx.execute(
                    update(UPLOADS)
                    .where(UPLOADS.c.id == part.id, UPLOADS.c.kind == PART, UPLOADS.c.state == RECEIVING)
                    .values(
                        kind=JOINED,
                        state=VERIFYING,
                        parts=[values["id"]],
                        length=0,
                        received=0,
                        wanted=msgspec.to_builtins(msgspec.structs.replace(part.wanted, length=part.received)),
                        expires=values["expires"] + _PART_OUTLIVES,
                    )
                )
                if done.rowcount != 1:
                    raise ConflictError(f"the upload {part.id} has changed")
        return upload_of_row(values)

    async def get(self, name: str, caller: Caller) -> Upload:
        """One upload. UploadNotFoundError; UploadGoneError for one that expired or was ended."""
        found = await self.find(name)
        if found is None or not is_visible(found, caller):
            raise UploadNotFoundError(f"there is no upload {name}")
        over = found.state == RECEIVING and not found.is_complete and found.expires <= self._clock()
        if over or found.state in {TERMINATED, EXPIRED}:
            raise UploadGoneError("the upload expired" if over or found.state == EXPIRED else "the upload was ended")
        return found

    async def find(self, name: str) -> Upload | None:
        """One upload as it is now, whoever asks."""
        wanted = select(UPLOADS).where(UPLOADS.c.id == name, UPLOADS.c.kind.in_(KINDS))
        async with self._database.read() as tx:
            row = (await tx.execute(wanted)).one_or_none()
        return None if row is None else upload_of_row(row._mapping)

    async def set_length(self, upload: Upload, length: int) -> Upload:
        """Says how long an upload will be that was begun without. RequestError, UploadTooLargeError, QuotaError."""
        if upload.length is not None:
            if upload.length != length:
                raise RequestError(f"the upload has {upload.length} bytes already, found Upload-Length: {length}")
            return upload
        if length > upload.wanted.limit:
            raise UploadTooLargeError(f"found {length} bytes, at most {upload.wanted.limit} are allowed")
        if length < upload.received:
            raise RequestError(f"{upload.received} bytes are there already, found Upload-Length: {length}")
        column = UPLOADS.c
        async with self._database.write() as tx:
            await check_room(tx, upload.tenant, length - upload.received, assets=0)
            done = await tx.execute(
                update(UPLOADS)
                .where(column.id == upload.id, column.state == RECEIVING, column.length.is_(None))
                .where(column.received <= length)
                .values(length=length, changed=self._clock())
            )
        return await self._again(upload, changed=done.rowcount == 1)

    async def append(self, upload: Upload, piece: bytes) -> Upload:
        """``upload`` is longer by ``piece`` on return, durably, if it was as long as ``upload`` says until then.

        OffsetError where somebody else was faster, UploadGoneError where it has ended, QuotaError; StorageError.
        """
        start, now = upload.received, self._clock()
        end = start + len(piece)
        key = chunk_key(upload.id, start, secrets.token_hex(16))
        await self._storage.put(key, piece)
        column = UPLOADS.c
        try:
            async with self._database.write() as tx:
                if upload.length is None:
                    await check_room(tx, upload.tenant, len(piece), assets=0)
                done = await tx.execute(
                    update(UPLOADS)
                    .where(column.id == upload.id, column.state == RECEIVING, column.received == start)
                    .where(or_(column.length.is_(None), column.length >= end), column.expires > now)
                    .values(received=end, changed=now, expires=now + self._life)
                )
                if done.rowcount == 1:
                    await tx.execute(
                        insert(CHUNKS).values(
                            upload=upload.id,
                            start=start,
                            size=len(piece),
                            sha256=hashlib.sha256(piece).hexdigest(),
                            object_key=key,
                        )
                    )
        except (DatabaseError, StorageFullError):
            # It may have been done all the same; if it was not, the object is found as nobody's.
            raise
        except MememimeError:
            await self._drop(key)
            raise
        if done.rowcount == 1:
            return replace(upload, received=end, expires=now + self._life)
        await self._drop(key)
        return await self._again(upload, changed=False)

    @extension("termination")
    async def terminate(self, upload: Upload) -> None:
        """The upload is over, and its room is free; what it has become stays. ConflictError while it is verified."""
        column, now = UPLOADS.c, self._clock()
        async with self._database.write() as tx:
            done = await tx.execute(
                update(UPLOADS)
                .where(column.id == upload.id, column.state.not_in((TERMINATED, EXPIRED)))
                .where(or_(column.state != VERIFYING, column.lease_until.is_(None), column.lease_until <= now))
                .values(state=TERMINATED, changed=now, lease_owner=None, lease_until=None)
            )
            if done.rowcount == 1 and upload.kind == WHOLE:
                await end_parts(tx, upload, TERMINATED, now)
        if done.rowcount != 1:
            found = await self.find(upload.id)
            if found is not None and found.state in OPEN:
                raise ConflictError("the upload is being verified")
            raise UploadGoneError("the upload was ended")

    def _wanted(self, caller: Caller, said: Metadata) -> Wanted:
        scope = caller.scope or Scope(id="")
        digest = said.sha256
        if scope.sha256 and digest and digest != scope.sha256:
            raise RoleError(f"the token is good for {scope.sha256} only")
        if scope.types and said.media_type and said.media_type not in scope.types:
            raise UploadTypeError(f"found {said.media_type}, the token allows {', '.join(scope.types)}")
        alias, condition = said.alias, said.condition
        if alias:
            caller.may_name(alias)
        return Wanted(
            limit=min(self._limit, scope.max_size or self._limit),
            role=int(caller.role),
            prefix=caller.prefix,
            sha256=digest,
            alias=alias,
            condition=condition,
            token=scope.id,
            types=scope.types,
            only=scope.sha256,
        )

    def _row(self, caller: Caller, kind: str, length: int | None, said: Metadata, wanted: Wanted) -> dict[str, Any]:
        now = self._clock()
        return {
            "id": secrets.token_hex(16),
            "tenant": caller.tenant,
            "credential": caller.credential,
            "kind": kind,
            "state": RECEIVING,
            "length": length,
            "received": 0,
            "metadata": said.values,
            "wanted": msgspec.to_builtins(wanted),
            "parts": [],
            "sha256": None,
            "problem": "",
            "created": now,
            "changed": now,
            "expires": now + self._life,
        }

    async def _check_parts(self, tx: AsyncConnection, caller: Caller, length: int, limit: int) -> None:
        """A token that counts uploads pays for the whole; so its parts may not be more than its wholes can have."""
        if caller.scope is None or not caller.scope.count:
            return
        size = func.coalesce(func.sum(func.coalesce(UPLOADS.c.length, limit)), 0)
        mine = select(size).where(UPLOADS.c.credential == caller.credential, UPLOADS.c.kind == PART)
        there = int((await tx.execute(mine.where(UPLOADS.c.state.in_(OPEN)))).scalar_one())
        if there + length > caller.scope.count * limit:
            raise RoleError("the token has no room for more parts")

    def _check_part(self, part: Upload) -> None:
        if part.kind != PART or part.state != RECEIVING or part.expires <= self._clock():
            raise ConflictError(f"the upload {part.id} is no part that can be put together with others")
        if not part.is_complete:
            raise ConflictError(f"the upload {part.id} is not complete")

    async def _again(self, upload: Upload, *, changed: bool) -> Upload:
        """The upload as it is now; the error for one that could not be ``changed``."""
        found = await self.find(upload.id)
        if found is None or found.state in {TERMINATED, EXPIRED}:
            raise UploadGoneError("the upload was ended")
        if changed:
            return found
        if found.state == FAILED:
            raise found.failure()
        if found.expires <= self._clock():
            raise UploadGoneError("the upload expired")
        raise OffsetError(f"the upload goes on at {found.received}, found {upload.received}")

    async def _drop(self, key: str) -> None:
        with contextlib.suppress(StorageError):  # it is found as nobody's later
            await self._storage.delete(key)


async def end_parts(tx: AsyncConnection, upload: Upload, state: str, now: int) -> None:
    """What a whole has come to is what its parts have come to."""
    await tx.execute(
        update(UPLOADS)
        .where(UPLOADS.c.id.in_(upload.parts), UPLOADS.c.kind == JOINED, UPLOADS.c.state.in_(OPEN))
        .values(state=state, changed=now)
    )
