"""Leases on complete uploads: one process finishes an upload, and another takes over when that process crashes."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

from sqlalchemy import and_, or_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mememime_proxy.errors import DatabaseError, StorageFullError
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.schema import UPLOADS
from mememime_proxy.resources.database.states import UploadKind, UploadState
from mememime_proxy.resources.uploads.model import FINISHABLE, Upload
from mememime_proxy.resources.uploads.repository import end_parts

LEASE: Final = 5_000
"""Milliseconds after which another process may take over; a lease is renewed three times as often."""


class LeaseLostError(Exception):
    """Another process holds the lease on the upload, or the upload has ended."""


class Leases:
    """The leases of this process."""

    def __init__(self, database: Database, clock: Callable[[], int]) -> None:
        self._database = database
        self._clock = clock
        self._owner = secrets.token_hex(16)

    @contextlib.asynccontextmanager
    async def hold(self, upload: Upload) -> AsyncIterator[Upload]:
        """Hold the lease on a complete upload, whose row it returns; given back where the block ends in an error.

        LeaseLostError, DatabaseError.
        """
        leased = await self._acquire(upload)
        renewal = asyncio.create_task(self._renew(upload.id))
        try:
            yield leased
        except LeaseLostError:
            raise
        except BaseException:
            # So that no other process has to wait for the end of the lease.
            await self._update(upload.id, lease_owner=None, lease_until=None, changed=self._clock())
            raise
        finally:
            renewal.cancel()

    async def end(self, tx: AsyncConnection, upload: Upload, state: UploadState, now: int, **columns: object) -> None:
        """Bring a leased upload, and the partial ones that it consists of, into a last state. LeaseLostError."""
        ended = await tx.execute(
            self._leased(upload.id).values(state=state, lease_owner=None, lease_until=None, changed=now, **columns)
        )
        if ended.rowcount != 1:
            raise LeaseLostError
        if upload.parts:
            await end_parts(tx, upload, state, now)

    async def _acquire(self, upload: Upload) -> Upload:
        column, now = UPLOADS.c, self._clock()
        free = or_(
            column.state == UploadState.RECEIVING,
            and_(column.state == UploadState.VERIFYING, or_(column.lease_until.is_(None), column.lease_until <= now)),
        )
        # The bytes of a multipart upload come past the service: that all of them have is recorded here.
        complete = or_(column.received == column.length, column.kind == UploadKind.MULTIPART)
        async with self._database.write() as tx:
            acquired = await tx.execute(
                update(UPLOADS)
                .where(column.id == upload.id, column.kind.in_(FINISHABLE), complete, free)
                .values(
                    state=UploadState.VERIFYING,
                    received=column.length,
                    lease_owner=self._owner,
                    lease_until=now + LEASE,
                    changed=now,
                )
                .returning(*column)
            )
            row = acquired.one_or_none()
        if row is None:
            raise LeaseLostError
        return Upload.of_row(row)

    async def _renew(self, upload_id: str) -> None:
        while True:
            await asyncio.sleep(LEASE / 3000)
            await self._update(upload_id, lease_until=self._clock() + LEASE)

    async def _update(self, upload_id: str, **columns: object) -> None:
        with contextlib.suppress(DatabaseError, StorageFullError):
            async with self._database.write() as tx:
                await tx.execute(self._leased(upload_id).values(**columns))

    def _leased(self, upload_id: str) -> Any:
        return update(UPLOADS).where(
            UPLOADS.c.id == upload_id, UPLOADS.c.state == UploadState.VERIFYING, UPLOADS.c.lease_owner == self._owner
        )
