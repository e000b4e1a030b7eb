"""Numbers of the database for the metrics: uploads, purges and jobs that wait, checks that are due, defective assets.

They are the same in every process of the service; of several, take the largest.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import random
from typing import Any, Final

from sqlalchemy import func, select

from mememime_proxy.errors import DatabaseError, StorageFullError
from mememime_proxy.jobs.repository import count_jobs
from mememime_proxy.jobs.schema import JOB_CHUNKS
from mememime_proxy.jobs.states import ChunkState
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.replication import inspect_replication
from mememime_proxy.resources.database.schema import ASSETS, OUTBOX, UPLOADS
from mememime_proxy.resources.database.states import OPEN_UPLOADS, AssetState, UploadState
from mememime_proxy.resources.maintenance.background import BackgroundTask
from mememime_proxy.resources.metrics import BacklogFigures, ResourceMetrics

_INTERVAL: Final = 15.0
"""Seconds between two readings; each is a few look-ups in an index."""
_MOST: Final = 10_000
"""Rows of one kind that are counted: beyond that the number only grows, and counting would take long."""
_ASSET_STATES: Final = (AssetState.QUARANTINED, AssetState.DELETED, AssetState.REMOVING, AssetState.VERIFYING)

_CHUNK_STATES: Final = (ChunkState.QUEUED, ChunkState.RUNNING)


class Backlog(BackgroundTask):
    """Reads the numbers every few seconds into the metrics, for the first time at once."""

    def __init__(self, database: Database, metrics: ResourceMetrics) -> None:
        self._database = database
        self._metrics = metrics

    async def _work(self) -> None:
        while True:
            # A database that is away is in the log and in /ready; `resource_backlog_read_seconds` grows meanwhile.
            with contextlib.suppress(DatabaseError, StorageFullError):
                await self.read()
            await self.read_replica_lag()
            await asyncio.sleep(_INTERVAL * random.uniform(0.8, 1.2))  # noqa: S311

    async def read_replica_lag(self) -> None:
        """Read how far the database lags behind its primary."""
        lag = None
        with contextlib.suppress(DatabaseError):
            lag = (await inspect_replication(self._database)).lag
        self._metrics.replica_lag.set(math.nan if lag is None else lag)

    async def read(self) -> None:
        """Read the numbers once. DatabaseError."""
        self._metrics.set_backlog(await measure_backlog(self._database))


async def measure_backlog(database: Database) -> BacklogFigures:
    """Return the numbers of now. DatabaseError."""
    uploads, assets, outbox, chunks = UPLOADS.c, ASSETS.c, OUTBOX.c, JOB_CHUNKS.c
    async with database.read() as tx:

        async def count(column: Any, *conditions: Any) -> int:
            rows = select(column).where(*conditions).limit(_MOST).subquery()
            return int((await tx.execute(select(func.count()).select_from(rows))).scalar_one())

        async def oldest(column: Any, *conditions: Any) -> float | None:
            value = (await tx.execute(select(func.min(column)).where(*conditions))).scalar_one()
            return None if value is None else value / 1000

        jobs: dict[str, dict[str, int]] = {}
        for (kind, state), number in (await count_jobs(tx)).items():
            jobs.setdefault(kind, {})[state] = number
        return BacklogFigures(
            open_uploads={state: await count(uploads.id, uploads.state == state) for state in OPEN_UPLOADS},
            oldest_upload=await oldest(uploads.changed, uploads.state == UploadState.VERIFYING),
            outbox=await count(outbox.id),
            oldest_purge=await oldest(outbox.created),
            oldest_check=await oldest(assets.checked, assets.state == AssetState.READY),
            unchecked=await count(assets.sha256, assets.state == AssetState.READY, assets.checked.is_(None)),
            jobs=jobs,
            oldest_chunk=await oldest(chunks.due, chunks.state == ChunkState.QUEUED),
            chunks={state: await count(chunks.job, chunks.state == state) for state in _CHUNK_STATES},
            assets={state: await count(assets.sha256, assets.state == state) for state in _ASSET_STATES},
        )
