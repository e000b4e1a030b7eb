"""Cleanup of uploads that expired, ended, or were finished by a process that crashed before its cleanup."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import and_, delete, exists, or_, select, tuple_, update

from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.schema import CHUNKS, UPLOADS
from mememime_proxy.resources.database.states import OPEN_UPLOADS, UploadState
from mememime_proxy.storage.asset_keys import incoming_key
from mememime_proxy.storage.presigning import presigner_of
from mememime_proxy.storage.protocol import Storage

_BATCH: Final = 500
_CONCURRENCY: Final = 16
"""Objects that are deleted at the same time."""


class UploadCleanup:
    """Cleans up in batches. Each method returns its count; 0 = nothing is left. Raises DatabaseError, StorageError."""

    def __init__(self, database: Database, storage: Storage, clock: Callable[[], int], keep: int) -> None:
        """Create; ``keep``: milliseconds for which the row of a finished upload stays, so that requests get 410."""
        self._database = database
        self._storage = storage
        self._clock = clock
        self._keep = keep

    async def expire(self) -> int:
        """Expire a batch of uploads past their time, and release their share of the quota. Return their number."""
        now = self._clock()
        is_expired = and_(
            UPLOADS.c.expires <= now,
            UPLOADS.c.state.in_(OPEN_UPLOADS),
            or_(UPLOADS.c.lease_until.is_(None), UPLOADS.c.lease_until <= now),
        )
        batch = select(UPLOADS.c.id).where(is_expired).limit(_BATCH)
        async with self._database.write() as tx:
            result = await tx.execute(
                update(UPLOADS)
                .where(is_expired, UPLOADS.c.id.in_(batch))
                .values(state=UploadState.EXPIRED, changed=now)
            )
        return result.rowcount

    async def clear(self) -> int:
        """Delete all chunks of finished uploads, first the objects, then the rows. Return the number of chunks.

        Of open uploads only the rows of their chunks are read, a page at a time.
        """
        column = CHUNKS.c
        pages = (
            select(column.upload, column.start, column.object_key, UPLOADS.c.state)
            .join(UPLOADS, UPLOADS.c.id == column.upload)
            .order_by(column.upload, column.start)
            .limit(_BATCH)
        )
        upload, start, count = "", -1, 0
        while True:
            after = or_(column.upload > upload, and_(column.upload == upload, column.start > start))
            async with self._database.read() as tx:
                rows = (await tx.execute(pages.where(after))).all()
            count += await self._delete_chunks([row for row in rows if row.state not in OPEN_UPLOADS])
            if len(rows) < _BATCH:
                return count
            upload, start = rows[-1].upload, rows[-1].start

    async def _delete_chunks(self, rows: list[Any]) -> int:
        gate = asyncio.Semaphore(_CONCURRENCY)

        async def delete_object(key: str) -> None:
            async with gate:
                await self._storage.delete(key)

        outcomes = await asyncio.gather(*(delete_object(row.object_key) for row in rows), return_exceptions=True)
        deleted = [(row.upload, row.start) for row, error in zip(rows, outcomes, strict=True) if error is None]
        if deleted:
            async with self._database.write() as tx:
                await tx.execute(delete(CHUNKS).where(tuple_(CHUNKS.c.upload, CHUNKS.c.start).in_(deleted)))
        for error in outcomes:
            if error is not None:
                raise error
        return len(deleted)

    async def abort(self) -> int:
        """Abort the multipart uploads of a batch of finished uploads. Return their number."""
        has_multipart_upload = and_(UPLOADS.c.storage_upload_id != "", UPLOADS.c.state.not_in(OPEN_UPLOADS))
        async with self._database.read() as tx:
            rows = (
                await tx.execute(
                    select(UPLOADS.c.id, UPLOADS.c.storage_upload_id).where(has_multipart_upload).limit(_BATCH)
                )
            ).all()
        presigner = presigner_of(self._storage)
        for upload, storage_upload_id in rows:
            if presigner is not None:
                await presigner.abort_upload(incoming_key(upload), storage_upload_id)
            await self._storage.delete(incoming_key(upload))
            async with self._database.write() as tx:
                await tx.execute(update(UPLOADS).where(UPLOADS.c.id == upload).values(storage_upload_id=""))
        return len(rows)

    async def delete(self) -> int:
        """Delete the rows of a batch of old finished uploads that have no chunks. Return their number."""
        is_expired = and_(
            UPLOADS.c.expires <= self._clock() - self._keep,
            UPLOADS.c.state.not_in(OPEN_UPLOADS),
            UPLOADS.c.storage_upload_id == "",
            ~exists().where(CHUNKS.c.upload == UPLOADS.c.id),
        )
        batch = select(UPLOADS.c.id).where(is_expired).limit(_BATCH)
        async with self._database.write() as tx:
            return (await tx.execute(delete(UPLOADS).where(UPLOADS.c.id.in_(batch)))).rowcount
