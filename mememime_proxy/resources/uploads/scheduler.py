"""Schedule of finishing complete uploads: once in this process for all requests, and again after a crash."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import random
from collections.abc import Callable, Coroutine
from typing import Any, Final

from sqlalchemy import or_, select

from mememime_proxy.errors import DatabaseError, MememimeError, UploadNotFoundError
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.schema import UPLOADS
from mememime_proxy.resources.database.states import OPEN_UPLOADS, UploadState
from mememime_proxy.resources.uploads.assembly import Assembly
from mememime_proxy.resources.uploads.finalizer import Finalizer, Finished
from mememime_proxy.resources.uploads.lease import LeaseLostError
from mememime_proxy.resources.uploads.model import FINISHABLE, Upload
from mememime_proxy.resources.uploads.repository import Uploads
from mememime_proxy.service.logs import limited_logger

TIMEOUT: Final = 20.0
"""Seconds that a request waits for its upload to be finished; the task continues after that."""
_POLL: Final = 0.1
"""Seconds between polls of an upload that another process finishes."""
_INTERVAL: Final = 15.0
_ABANDONED_AFTER: Final = 30_000
"""Milliseconds after which no request is expected for a complete upload any more, so that it is finished here."""
_BATCH: Final = 20


class FinalizerScheduler:
    """``start`` looks for complete uploads that were not finished, until ``close``."""

    def __init__(
        self,
        database: Database,
        uploads: Uploads,
        finalizer: Finalizer,
        assembly: Assembly,
        clock: Callable[[], int],
    ) -> None:
        self._database = database
        self._uploads = uploads
        self._finalizer = finalizer
        self._assembly = assembly
        self._clock = clock
        self._tasks: dict[str, asyncio.Task[Finished]] = {}
        self._background: set[asyncio.Task[None]] = set()
        self._log = limited_logger("error")

    def start(self) -> None:
        """Begin the rounds."""
        self._spawn(self._rounds())

    async def close(self) -> None:
        """Cancel the work under way; the leases are given back to whichever process comes next."""
        tasks = [*self._background, *self._tasks.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def finish(self, upload: Upload, seconds: float | None = TIMEOUT) -> Finished:
        """Finish an upload if it is due, and return it: ``done``, or ``verifying`` where the timeout ends first.

        Raises the error that it failed with, the same each time; or a temporary one (StorageError, WorkerError,
        DatabaseError), after which the upload can be finished all the same. ``seconds``: the timeout; None = none.
        """
        finished = Finished(upload, None)
        if upload.is_due:
            task = self.begin(upload)
            await asyncio.wait({task}, timeout=seconds)
            finished = task.result() if task.done() else Finished(await self._find(upload.id), None)
        if finished.upload.state is UploadState.FAILED:
            raise finished.upload.error()
        return finished

    def begin(self, upload: Upload) -> asyncio.Task[Finished]:
        """Return the task that finishes a complete upload; there is one in this process for all requests."""
        task = self._tasks.get(upload.id)
        if task is None:
            task = self._tasks[upload.id] = asyncio.create_task(self._run(upload))
            task.add_done_callback(functools.partial(self._on_done, upload.id))
        return task

    async def round(self) -> int:
        """Finish uploads that were left complete; return how many there were."""
        column, now = UPLOADS.c, self._clock()
        left = (
            select(column.id)
            .where(column.state.in_(OPEN_UPLOADS), column.kind.in_(FINISHABLE), column.received == column.length)
            .where(
                column.changed <= now - _ABANDONED_AFTER, or_(column.lease_until.is_(None), column.lease_until <= now)
            )
            .order_by(column.changed)
            .limit(_BATCH)
        )
        try:
            async with self._database.read() as tx:
                upload_ids = list((await tx.execute(left)).scalars())
        except DatabaseError as error:
            self._log.warning("upload.recovery_failed", detail=error.detail)
            return 0
        for upload_id in upload_ids:
            with contextlib.suppress(MememimeError):  # logged; another round comes
                await asyncio.shield(self.begin(await self._find(upload_id)))
        return len(upload_ids)

    async def _run(self, upload: Upload) -> Finished:
        while True:
            try:
                finished = await self._finalizer.finish_upload(upload)
            except LeaseLostError:
                upload = await self._find(upload.id)
                if upload.state not in OPEN_UPLOADS:
                    return Finished(upload, None)
                await asyncio.sleep(_POLL)
            else:
                self._spawn(self._assembly.discard(finished.upload))
                return finished

    def _on_done(self, upload_id: str, task: asyncio.Task[Finished]) -> None:
        self._tasks.pop(upload_id, None)
        if task.cancelled() or (error := task.exception()) is None:
            return
        if isinstance(error, MememimeError):
            self._log.warning("upload.postponed", upload=upload_id, error=error.code, detail=error.detail)
        else:
            self._log.error("upload.failed", upload=upload_id, exc_info=error)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _rounds(self) -> None:
        while True:
            await asyncio.sleep(_INTERVAL * random.uniform(0.5, 1.0))  # noqa: S311
            await self.round()

    async def _find(self, upload_id: str) -> Upload:
        upload = await self._uploads.find(upload_id)
        if upload is None:
            raise UploadNotFoundError(f"there is no upload {upload_id}")
        return upload
