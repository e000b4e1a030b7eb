"""Uploads in the database: create, look up, append chunks, terminate.

Each chunk is an object of its own, durable before one transaction makes the upload longer by it. That transaction has
an effect only where the upload ends just where the chunk begins: of several senders at one offset, in any number of
processes, one succeeds. So an acknowledged offset never goes back, and no request waits for a lock.
"""

from __future__ import annotations

import contextlib
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from sqlalchemy import bindparam, func, insert, or_, select, update
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
)
from mememime_proxy.resources.auth.principal import Principal
from mememime_proxy.resources.auth.quotas import check_quota
from mememime_proxy.resources.auth.upload_tokens import count_token_use
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.schema import CHUNKS, UPLOADS
from mememime_proxy.resources.database.states import OPEN_UPLOADS, UploadKind, UploadState
from mememime_proxy.resources.uploads.model import Upload, UploadIntent
from mememime_proxy.storage.asset_keys import chunk_key
from mememime_proxy.storage.protocol import Storage

_BY_ID: Final = select(UPLOADS).where(UPLOADS.c.id == bindparam("upload"))
_INSERT_CHUNK: Final = insert(CHUNKS)
_ENDED: Final = (UploadState.TERMINATED, UploadState.EXPIRED)


class Uploads:
    """All methods may raise DatabaseError; nothing has changed then, or all of it has."""

    def __init__(self, database: Database, storage: Storage, clock: Callable[[], int], *, lifetime: int) -> None:
        """``lifetime``: milliseconds until an upload expires, from its creation or its last chunk."""
        self._database = database
        self._storage = storage
        self._clock = clock
        self._lifetime = lifetime

    async def create(
        self,
        principal: Principal,
        kind: UploadKind,
        intent: UploadIntent,
        *,
        length: int | None,
        size_limit: int,
        metadata: dict[str, str],
    ) -> Upload:
        """Create a resumable upload, with room for it. ``length`` None: see ``set_length``.

        UploadTooLargeError, QuotaError, RoleError.
        """
        if length is not None and length > size_limit:
            raise UploadTooLargeError(f"found {length} bytes, at most {size_limit} are allowed")
        now = self._clock()
        upload = Upload(
            id=secrets.token_hex(16),
            kind=kind,
            principal=principal,
            intent=intent,
            length=length,
            size_limit=size_limit,
            expires=now + self._lifetime,
            metadata=metadata,
        )
        async with self._database.write() as tx:
            await check_quota(tx, principal.tenant, length or 0, assets=0 if kind is UploadKind.PARTIAL else 1)
            if kind is UploadKind.PARTIAL:
                await self._check_partial(tx, principal, length or 0, size_limit)
            else:
                await count_token_use(self._database, tx, principal)
            await tx.execute(insert(UPLOADS).values(**upload.columns(now)))
        return upload

    async def get(self, upload_id: str, principal: Principal) -> Upload:
        """Return a resumable upload. UploadNotFoundError; UploadGoneError for one that expired or was terminated."""
        upload = await self.find(upload_id)
        if upload is None or upload.kind is UploadKind.MULTIPART or not upload.is_visible_to(principal):
            raise UploadNotFoundError(f"there is no upload {upload_id}")
        expired = upload.state is UploadState.EXPIRED or (
            upload.state is UploadState.RECEIVING and not upload.is_complete and upload.expires <= self._clock()
        )
        if expired or upload.state is UploadState.TERMINATED:
            raise UploadGoneError("the upload has expired" if expired else "the upload was terminated")
        return upload

    async def find(self, upload_id: str) -> Upload | None:
        """Return the upload as it is now, of any kind, without a check of permissions."""
        async with self._database.read() as tx:
            row = (await tx.execute(_BY_ID, {"upload": upload_id})).one_or_none()
        return None if row is None else Upload.of_row(row)

    async def set_length(self, upload: Upload, length: int) -> Upload:
        """Set the length of an upload that began without one. RequestError, UploadTooLargeError, QuotaError."""
        if upload.length is not None:
            if upload.length != length:
                raise RequestError(f"the upload has {upload.length} bytes already, found Upload-Length: {length}")
            return upload
        if length > upload.size_limit:
            raise UploadTooLargeError(f"found {length} bytes, at most {upload.size_limit} are allowed")
        if length < upload.received:
            raise RequestError(f"{upload.received} bytes have come already, found Upload-Length: {length}")
        column = UPLOADS.c
        async with self._database.write() as tx:
            await check_quota(tx, upload.principal.tenant, length - upload.received, assets=0)
            updated = await tx.execute(
                update(UPLOADS)
                .where(column.id == upload.id, column.state == UploadState.RECEIVING, column.length.is_(None))
                .where(column.received <= length)
                .values(length=length, changed=self._clock())
            )
        return await self._reload(upload, changed=updated.rowcount == 1)

    async def append(self, upload: Upload, chunk: bytes) -> Upload:
        """Append a chunk where ``upload`` ends; return the upload, durably longer by it.

        OffsetError where another request was faster, UploadGoneError where it has ended, QuotaError; StorageError.
        """
        start, now = upload.received, self._clock()
        end = start + len(chunk)
        key = chunk_key(upload.id, start, secrets.token_hex(16))
        await self._storage.put(key, chunk)
        column = UPLOADS.c
        try:
            async with self._database.write() as tx:
                if upload.length is None:
                    await check_quota(tx, upload.principal.tenant, len(chunk), assets=0)
                updated = await tx.execute(
                    update(UPLOADS)
                    .where(column.id == upload.id, column.state == UploadState.RECEIVING, column.received == start)
                    .where(or_(column.length.is_(None), column.length >= end), column.expires > now)
                    .values(received=end, changed=now, expires=now + self._lifetime)
                )
                if updated.rowcount == 1:
                    row = {"upload": upload.id, "start": start, "size": len(chunk)}
                    digest = hashlib.sha256(chunk).hexdigest()
                    await tx.execute(_INSERT_CHUNK, row | {"sha256": digest, "object_key": key})
        except (DatabaseError, StorageFullError):
            # It may be committed all the same; if it is not, maintenance finds the object as an orphan.
            raise
        except MememimeError:
            await self._delete(key)
            raise
        if updated.rowcount == 1:
            return replace(upload, received=end, expires=now + self._lifetime)
        await self._delete(key)
        return await self._reload(upload, changed=False)

    async def terminate(self, upload: Upload) -> None:
        """End an upload and free its room; an asset that it became stays. ConflictError while it is verified."""
        column, now = UPLOADS.c, self._clock()
        async with self._database.write() as tx:
            ended = await tx.execute(
                update(UPLOADS)
                .where(column.id == upload.id, column.state.not_in(_ENDED))
                .where(
                    or_(column.state != UploadState.VERIFYING, column.lease_until.is_(None), column.lease_until <= now)
                )
                .values(state=UploadState.TERMINATED, changed=now, lease_owner=None, lease_until=None)
            )
            if ended.rowcount == 1 and upload.parts:
                await end_parts(tx, upload, UploadState.TERMINATED, now)
        if ended.rowcount != 1:
            current = await self.find(upload.id)
            if current is not None and current.state in OPEN_UPLOADS:
                raise ConflictError("the upload is being verified")
            raise UploadGoneError("the upload has ended")

    async def _check_partial(self, tx: AsyncConnection, principal: Principal, length: int, limit: int) -> None:
        """Check that a token's partial uploads are no larger than its final ones can be: it pays for those alone."""
        principal.check_creation()
        if principal.claims is None or not principal.claims.count:
            return
        size = func.coalesce(func.sum(func.coalesce(UPLOADS.c.length, limit)), 0)
        partial = select(size).where(
            UPLOADS.c.credential == principal.credential,
            UPLOADS.c.kind == UploadKind.PARTIAL,
            UPLOADS.c.state.in_(OPEN_UPLOADS),
        )
        if int((await tx.execute(partial)).scalar_one()) + length > principal.claims.count * limit:
            raise RoleError("the token has no room for more partial uploads")

    async def _reload(self, upload: Upload, *, changed: bool) -> Upload:
        """Return the upload as it is now; raise why it could not be changed, unless it was ``changed``."""
        current = await self.find(upload.id)
        if current is None or current.state in _ENDED:
            raise UploadGoneError("the upload has ended")
        if changed:
            return current
        if current.state is UploadState.FAILED:
            raise current.error()
        if current.expires <= self._clock():
            raise UploadGoneError("the upload has expired")
        raise OffsetError(f"the upload goes on at {current.received}, found {upload.received}")

    async def _delete(self, key: str) -> None:
        with contextlib.suppress(StorageError):  # maintenance finds it as an orphan later
            await self._storage.delete(key)


async def end_parts(tx: AsyncConnection, upload: Upload, state: UploadState, now: int) -> None:
    """Set the partial uploads of a final one to its state."""
    await tx.execute(
        update(UPLOADS)
        .where(UPLOADS.c.id.in_(upload.parts), UPLOADS.c.kind == UploadKind.JOINED, UPLOADS.c.state.in_(OPEN_UPLOADS))
        .values(state=state, changed=now)
    )
