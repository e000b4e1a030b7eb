"""From an upload's last byte to its asset, once, whoever asks for it and however often a process dies meanwhile.

Who finishes an upload has a lease on it, which others take over when it is not renewed. The transaction that makes the
asset ready says that the upload is done, too, and only for the holder of the lease; so it is done once or not at all.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import hashlib
import random
import secrets
from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mememime_proxy.errors import (
    DatabaseError,
    ImageError,
    MememimeError,
    ObjectNotFoundError,
    ResourceError,
    StorageError,
    StorageFullError,
    UploadGoneError,
    UploadNotFoundError,
    WorkerCrashError,
)
from mememime_proxy.resources.aliases.service import Aliases
from mememime_proxy.resources.assets.repository import Asset
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.schema import CHUNKS, UPLOADS
from mememime_proxy.resources.uploads.ingest import Ingest
from mememime_proxy.resources.uploads.intent import Wish, set_alias
from mememime_proxy.resources.uploads.model import (
    DONE,
    FAILED,
    OPEN,
    RECEIVING,
    SINGLE,
    VERIFYING,
    WHOLE,
    Upload,
    problem_of,
)
from mememime_proxy.resources.uploads.repository import Uploads, end_parts
from mememime_proxy.resources.uploads.temp_file import Spool, Spooled
from mememime_proxy.service.logs import logger
from mememime_proxy.storage.protocol import Storage

LEASE: Final = 5_000
"""Milliseconds after which others go on with what a dead process had begun; renewed three times as often."""
PATIENCE: Final = 20.0
"""Seconds that a request waits for its upload to be done; the work goes on after that."""
_POLL: Final = 0.1
"""Seconds between two looks at what another process does."""
_ROUND: Final = 15.0
_LEFT: Final = 30_000
"""Milliseconds after which nobody is expected to ask for a complete upload any more, so that it is taken up here."""
_BATCH: Final = 20
_DELETES: Final = 8


class _LeaseLostError(Exception):
    """Somebody else goes on with the upload."""


class Finisher:
    """``start`` looks for uploads that were left complete and not done, until ``close``."""

    def __init__(
        self,
        database: Database,
        storage: Storage,
        spool: Spool,
        uploads: Uploads,
        ingest: Ingest,
        aliases: Aliases,
        clock: Callable[[], int],
    ) -> None:
        self._database = database
        self._storage = storage
        self._spool = spool
        self._uploads = uploads
        self._ingest = ingest
        self._aliases = aliases
        self._clock = clock
        self._me = secrets.token_hex(16)
        self._tasks: dict[str, asyncio.Task[Upload]] = {}
        self._others: set[asyncio.Task[None]] = set()
        self._log = logger()

    def start(self) -> None:
        """Begins the rounds."""
        self._keep(self._rounds())

    async def close(self) -> None:
        """Leaves off; what was under way is given back to whoever comes next."""
        tasks = [*self._others, *self._tasks.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def finish(self, upload: Upload, patience: float = PATIENCE) -> Upload:
        """A complete upload, done; or still ``verifying`` after so many seconds, while the work goes on.

        Raises what it failed of, the same to everybody who asks; or what was in the way this time, and may not be the
        next one (StorageError, WorkerError, DatabaseError).
        """
        if upload.is_due:
            task = self.begin(upload)
            await asyncio.wait({task}, timeout=patience)
            if not task.done():
                return await self._found(upload.id)
            upload = task.result()
        if upload.state != DONE:
            raise upload.failure()
        return upload

    def begin(self, upload: Upload) -> asyncio.Task[Upload]:
        """The work on a complete upload, which is done once in this process, however many ask for it."""
        task = self._tasks.get(upload.id)
        if task is None:
            task = self._tasks[upload.id] = asyncio.create_task(self._work(upload.id))
            task.add_done_callback(functools.partial(self._ended, upload.id))
        return task

    def _ended(self, name: str, task: asyncio.Task[Upload]) -> None:
        self._tasks.pop(name, None)
        if task.cancelled() or (error := task.exception()) is None:
            return
        if isinstance(error, MememimeError):
            said = {"error": error.code, "detail": error.detail}
            self._log.warning("upload.postponed", upload=name, **said)
        else:
            self._log.error("upload.failed", upload=name, exc_info=error)

    def _keep(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._others.add(task)
        task.add_done_callback(self._others.discard)

    async def _work(self, name: str) -> Upload:
        while True:
            if await self._take(name):
                found = await self._finish(await self._found(name))
            else:
                found = await self._found(name)
            if found.state not in OPEN:
                return found
            await asyncio.sleep(_POLL)

    async def _take(self, name: str) -> bool:
        """Whether the upload is this process's from now on, for as long as a lease."""
        column, now = UPLOADS.c, self._clock()
        free = or_(
            column.state == RECEIVING,
            and_(column.state == VERIFYING, or_(column.lease_until.is_(None), column.lease_until <= now)),
        )
        async with self._database.write() as tx:
            done = await tx.execute(
                update(UPLOADS)
                .where(column.id == name, column.kind.in_((SINGLE, WHOLE)), column.received == column.length, free)
                .values(state=VERIFYING, lease_owner=self._me, lease_until=now + LEASE, changed=now)
            )
        return done.rowcount == 1

    async def _finish(self, upload: Upload) -> Upload:
        renewal = asyncio.create_task(self._renew(upload.id))
        try:
            async with self._spool.room() as room:
                await self._assemble(upload, room)
                also = functools.partial(self._done, upload)
                await self._ingest.finish(
                    room, upload.caller, declared=upload.wanted.sha256, also=also, reserved=room.size
                )
        except _LeaseLostError:
            return await self._found(upload.id)
        except BaseException as error:
            if not isinstance(error, MememimeError) or not _is_final(error):
                await self._give_back(upload.id)
                raise
            await self._fail(upload, error)
        finally:
            renewal.cancel()
        self._keep(self._clear(upload))
        return await self._found(upload.id)

    async def _assemble(self, upload: Upload, room: Spooled) -> None:
        """All pieces, each looked at again. UploadGoneError where one is not there, or not what it was."""
        for name in upload.parts or (upload.id,):
            async with self._database.read() as tx:
                rows = (await tx.execute(select(CHUNKS).where(CHUNKS.c.upload == name).order_by(CHUNKS.c.start))).all()
            start = 0
            for row in rows:
                if row.start != start:
                    break
                start += row.size
                await self._piece(row.object_key, row.sha256, room)
        if room.size != upload.length:
            raise UploadGoneError("a piece of the upload was lost in the storage")

    async def _piece(self, key: str, sha256: str, room: Spooled) -> None:
        digest = hashlib.sha256()
        try:
            async with await self._storage.open(key) as body:
                async for chunk in body:
                    digest.update(chunk)
                    await room.write(chunk)
        except ObjectNotFoundError as error:
            raise UploadGoneError("a piece of the upload was lost in the storage") from error
        if digest.hexdigest() != sha256:
            raise UploadGoneError("a piece of the upload was damaged in the storage")

    async def _done(self, upload: Upload, tx: AsyncConnection, asset: Asset) -> None:
        """In the transaction that makes the asset ready."""
        wish = Wish(alias=upload.wanted.alias, condition=upload.wanted.condition)
        await set_alias(self._aliases, tx, upload.caller, wish, asset)
        now = self._clock()
        done = await tx.execute(
            self._mine(upload.id).values(
                state=DONE, sha256=asset.sha256, lease_owner=None, lease_until=None, changed=now
            )
        )
        if done.rowcount != 1:
            raise _LeaseLostError
        await end_parts(tx, upload, DONE, now)

    async def _fail(self, upload: Upload, error: MememimeError) -> None:
        now = self._clock()
        values = {"state": FAILED, "problem": problem_of(error), "lease_owner": None, "lease_until": None}
        async with self._database.write() as tx:
            done = await tx.execute(self._mine(upload.id).values(**values, changed=now))
            if done.rowcount == 1:
                await end_parts(tx, upload, FAILED, now)

    async def _renew(self, name: str) -> None:
        while True:
            await asyncio.sleep(LEASE / 3000)
            with contextlib.suppress(DatabaseError, StorageFullError):
                async with self._database.write() as tx:
                    await tx.execute(self._mine(name).values(lease_until=self._clock() + LEASE))

    async def _give_back(self, name: str) -> None:
        """Others need not wait for the end of the lease."""
        with contextlib.suppress(DatabaseError, StorageFullError):
            async with self._database.write() as tx:
                await tx.execute(self._mine(name).values(lease_owner=None, lease_until=None, changed=self._clock()))

    def _mine(self, name: str) -> Any:
        return update(UPLOADS).where(
            UPLOADS.c.id == name, UPLOADS.c.state == VERIFYING, UPLOADS.c.lease_owner == self._me
        )

    async def _found(self, name: str) -> Upload:
        found = await self._uploads.find(name)
        if found is None:
            raise UploadNotFoundError(f"there is no upload {name}")
        return found

    async def _clear(self, upload: Upload) -> None:
        """The pieces are needed no more. What is left of them, the janitor finds."""
        names = upload.parts or (upload.id,)
        gate = asyncio.Semaphore(_DELETES)

        async def away(key: str) -> None:
            async with gate:
                await self._storage.delete(key)

        with contextlib.suppress(DatabaseError, StorageError):
            async with self._database.read() as tx:
                keys = list((await tx.execute(select(CHUNKS.c.object_key).where(CHUNKS.c.upload.in_(names)))).scalars())
            for outcome in await asyncio.gather(*map(away, keys), return_exceptions=True):
                if outcome is not None:
                    raise outcome
            async with self._database.write() as tx:
                await tx.execute(delete(CHUNKS).where(CHUNKS.c.object_key.in_(keys)))

    async def _rounds(self) -> None:
        while True:
            await asyncio.sleep(_ROUND * random.uniform(0.5, 1.0))  # noqa: S311
            await self.round()

    async def round(self) -> int:
        """Goes on with uploads that were left complete and not done; how many there were."""
        column, now = UPLOADS.c, self._clock()
        left = (
            select(column.id)
            .where(column.state.in_(OPEN), column.kind.in_((SINGLE, WHOLE)), column.received == column.length)
            .where(column.changed <= now - _LEFT, or_(column.lease_until.is_(None), column.lease_until <= now))
            .order_by(column.changed)
            .limit(_BATCH)
        )
        try:
            async with self._database.read() as tx:
                names = list((await tx.execute(left)).scalars())
        except DatabaseError as error:
            self._log.warning("upload.recovery_failed", detail=error.detail)
            return 0
        for name in names:
            with contextlib.suppress(MememimeError):  # logged; another round comes
                await asyncio.shield(self.begin(await self._found(name)))
        return len(names)


def _is_final(error: MememimeError) -> bool:
    """Whether it will be the same the next time: what was sent is wrong, not what it was sent to."""
    return isinstance(error, (ResourceError, ImageError, WorkerCrashError)) and error.retry_after is None
