"""Removal of expired uploads, deleted assets, tombstones, used tokens, old purges and ended jobs.

Each step works in batches by compare-and-set, each batch in a short transaction. An object is deleted before its row,
so that after a crash the next round, in this process or another one, finishes the work.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, Final

from sqlalchemy import and_, delete, exists, or_, select

from mememime_proxy.errors import DatabaseError, StorageError
from mememime_proxy.jobs.repository import delete_ended
from mememime_proxy.resources.aliases.purge_log import PurgeLog
from mememime_proxy.resources.assets.model import AssetDefect
from mememime_proxy.resources.assets.removal import STALE, Removal
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.outbox import Outbox
from mememime_proxy.resources.database.schema import (
    ALIAS_TAGS,
    ALIAS_VERSIONS,
    ALIASES,
    ASSETS,
    HOLDINGS,
    OUTBOX,
    TOKEN_USES,
)
from mememime_proxy.resources.database.states import OPEN_ASSETS, AliasState, AssetState
from mememime_proxy.resources.maintenance.background import BackgroundTask
from mememime_proxy.resources.maintenance.reconcile import Reconciler
from mememime_proxy.resources.maintenance.upload_cleanup import UploadCleanup
from mememime_proxy.resources.metrics import ResourceMetrics
from mememime_proxy.service.logs import logger
from mememime_proxy.settings.settings import Settings
from mememime_proxy.storage.protocol import Storage

_BATCH: Final = 200
_BATCHES: Final = 100
"""Batches of one step in one round, so that the other steps run, too."""


class Janitor(BackgroundTask):
    """Runs rounds of removal every JANITOR_INTERVAL. Several processes may run one at once.

    Intervals are random, so that they do not run their rounds at the same time.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        storage: Storage,
        clock: Callable[[], int],
        outbox: Outbox,
        metrics: ResourceMetrics | None = None,
    ) -> None:
        self._metrics = metrics or ResourceMetrics()
        self._settings = settings
        self._database = database
        self._clock = clock
        self._removal = Removal(database, storage)
        self._upload_cleanup = UploadCleanup(database, storage, clock, keep=_ms(settings.upload_expiry))
        self._purge_log = PurgeLog(database, clock)
        self._reconciler = Reconciler(database, storage, clock, _ms(settings.orphan_grace), outbox)
        self._next_reconciliation = 0
        self._log = logger()

    async def _work(self) -> None:
        self._metrics.mark_cleanup()
        while True:
            await asyncio.sleep(self._settings.janitor_interval * random.uniform(0.5, 1.0))  # noqa: S311
            await self.round()

    async def round(self) -> Counter[str]:
        """Run every step that is due; return the counts. A failed step is logged and runs again in the next round."""
        steps: dict[str, Callable[[], Awaitable[int]]] = {
            "uploads expired": self._upload_cleanup.expire,
            "uploads cleared": self._upload_cleanup.clear,
            "multipart uploads aborted": self._upload_cleanup.abort,
            "uploads deleted": self._upload_cleanup.delete,
            "assets removed": self._remove_assets,
            "tombstones removed": self._remove_tombstones,
            "token uses deleted": self._delete_token_uses,
            "purges expired": self._delete_purges,
            "purges removed from the log": self._delete_logged_purges,
            "jobs deleted": self._delete_jobs,
            "differences repaired": self._repair_differences,
        }
        counts: Counter[str] = Counter()
        failures = 0
        for name, step in steps.items():
            try:
                for _ in range(_BATCHES):
                    count = await step()
                    counts[name] += count
                    if not count:
                        break
            except (DatabaseError, StorageError) as error:
                failures += 1
                self._metrics.cleanup_failures.labels(name).inc()
                self._log.warning("cleanup.failed", step=name, detail=error.detail)
        if not failures:
            self._metrics.mark_cleanup()
        counts = +counts
        for name, count in counts.items():
            self._metrics.cleaned.labels(name).inc(count)
        if counts:
            self._log.info("cleanup.finished", **{name.replace(" ", "_"): count for name, count in counts.items()})
        return counts

    async def _remove_assets(self) -> int:
        """Remove deleted assets past their grace period, unfinished ones, and quarantined ones that no tenant uses."""
        now, column = self._clock(), ASSETS.c
        unwanted = and_(
            or_(column.reason == AssetDefect.REMOVED, ~exists().where(HOLDINGS.c.sha256 == column.sha256)),
            ~exists().where(ALIASES.c.sha256 == column.sha256, ALIASES.c.state == AliasState.ACTIVE),
        )
        grace, orphan_grace = _ms(self._settings.delete_grace), _ms(self._settings.orphan_grace)
        is_due = or_(
            and_(column.state == AssetState.DELETED, column.changed <= now - grace),
            and_(column.state == AssetState.REMOVING, column.changed <= now - STALE),
            and_(column.state.in_(OPEN_ASSETS), column.changed <= now - max(orphan_grace, STALE)),
            and_(column.state == AssetState.QUARANTINED, column.changed <= now - grace, unwanted),
        )
        async with self._database.read() as tx:
            rows = (
                await tx.execute(select(column.sha256, column.state, column.changed).where(is_due).limit(_BATCH))
            ).all()
        count = 0
        for sha256, state, changed in rows:
            remove = self._removal.remove_stuck if state in OPEN_ASSETS else self._removal.remove
            count += await remove(sha256, state, changed, now)
        return count

    async def _remove_tombstones(self) -> int:
        """Delete tombstones whose names may be used again by any tenant."""
        is_expired = and_(ALIASES.c.state == AliasState.DELETED, ALIASES.c.reusable <= self._clock())
        count = 0
        async with self._database.write() as tx:
            rows = (await tx.execute(select(ALIASES.c.name, ALIASES.c.version).where(is_expired).limit(_BATCH))).all()
            for name, version in rows:
                same_version = and_(is_expired, ALIASES.c.name == name, ALIASES.c.version == version)
                if (await tx.execute(select(ALIASES.c.name).where(same_version).with_for_update())).first() is None:
                    continue
                for table in (ALIAS_TAGS, ALIAS_VERSIONS, ALIASES):
                    await tx.execute(delete(table).where(table.c.name == name))
                count += 1
        return count

    async def _delete_token_uses(self) -> int:
        return await self._delete(TOKEN_USES, TOKEN_USES.c.token, TOKEN_USES.c.expires <= self._clock())

    async def _delete_purges(self) -> int:
        """Delete purges so old that no proxy can serve the old picture any more."""
        before = self._clock() - _ms(self._settings.alias_stale)
        return await self._delete(OUTBOX, OUTBOX.c.id, OUTBOX.c.created <= before)

    async def _delete_logged_purges(self) -> int:
        return await self._purge_log.delete_old(_BATCH)

    async def _delete_jobs(self) -> int:
        return await delete_ended(self._database, self._clock() - _ms(self._settings.job_retention), _BATCH)

    async def _delete(self, table: Any, key: Any, is_due: Any) -> int:
        async with self._database.write() as tx:
            result = await tx.execute(delete(table).where(key.in_(select(key).where(is_due).limit(_BATCH))))
        return result.rowcount

    async def _repair_differences(self) -> int:
        """Compare the whole storage with the database, twice in each grace period."""
        now = self._clock()
        if now < self._next_reconciliation:
            return 0
        self._next_reconciliation = now + _ms(self._settings.orphan_grace) // 2
        report = await self._reconciler.run()
        if report.share_exceeded:
            self._log.error("reconciliation.stopped", detail="too many assets are missing; see mememime reconcile")
        for kind, count in report.differences.items():
            self._metrics.differences.labels(kind).inc(count)
            self._log.warning("reconciliation.difference_found", kind=kind, count=count, repaired=report.repairs[kind])
        return report.repairs.total()


def _ms(seconds: float) -> int:
    return int(seconds * 1000)
