"""Looks after what is over: uploads that nobody goes on with, deleted assets, tombstones, used tokens, old leftovers.

Every step works in batches by compare-and-set, each in a short transaction, and objects go before the rows that know
of them: a process that dies in the middle leaves work for the next round, of this process or another one.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, Final

from sqlalchemy import and_, delete, exists, or_, select

from mememime_proxy.errors import DatabaseError, StorageError
from mememime_proxy.resources.assets.model import AssetDefect
from mememime_proxy.resources.assets.removal import STALE, Removal
from mememime_proxy.resources.database.engine import Database
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
from mememime_proxy.resources.maintenance.reconcile import Reconciler
from mememime_proxy.resources.maintenance.upload_cleanup import UploadCleanup
from mememime_proxy.service.logs import logger
from mememime_proxy.settings.settings import Settings
from mememime_proxy.storage.protocol import Storage

_BATCH: Final = 200
_BATCHES: Final = 100
"""Batches of one step in one round, so that the other steps run, too."""


class Janitor:
    """``start`` begins rounds every JANITOR_INTERVAL; ``round`` makes one. Any number of processes at once."""

    def __init__(self, settings: Settings, database: Database, storage: Storage, clock: Callable[[], int]) -> None:
        self._settings = settings
        self._database = database
        self._clock = clock
        self._removal = Removal(database, storage)
        self._upload_cleanup = UploadCleanup(database, storage, clock, keep=_ms(settings.upload_expiry))
        self._reconciler = Reconciler(database, storage, clock, _ms(settings.orphan_grace))
        self._next_reconciliation = 0
        self._log = logger()

    def start(self) -> None:
        """Start rounds at random intervals, so that several processes do not run them at the same time."""
        self._task = asyncio.create_task(self._work())

    async def close(self) -> None:
        """Stop; a round that is running is cancelled."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    async def _work(self) -> None:
        while True:
            await asyncio.sleep(self._settings.janitor_interval * random.uniform(0.5, 1.0))  # noqa: S311
            await self.round()

    async def round(self) -> Counter[str]:
        """Run every step that is due; return the counts. A failed step is logged and runs again in the next round."""
        steps: dict[str, Callable[[], Awaitable[int]]] = {
            "uploads expired": self._upload_cleanup.expire,
            "uploads cleared": self._upload_cleanup.clear,
            "multipart uploads aborted": self._upload_cleanup.abort,
            "uploads forgotten": self._upload_cleanup.forget,
            "assets removed": self._assets,
            "tombstones removed": self._tombstones,
            "token uses forgotten": self._token_uses,
            "purges given up": self._purges,
            "differences mended": self._differences,
        }
        done: Counter[str] = Counter()
        for name, step in steps.items():
            try:
                for _ in range(_BATCHES):
                    count = await step()
                    done[name] += count
                    if not count:
                        break
            except (DatabaseError, StorageError) as error:
                self._log.warning("cleanup.failed", step=name, detail=error.detail)
        done = +done
        if done:
            self._log.info("cleanup.finished", **{name.replace(" ", "_"): count for name, count in done.items()})
        return done

    async def _assets(self) -> int:
        """Remove deleted assets past their grace period, unfinished ones, and quarantined ones that no tenant uses."""
        now, column = self._clock(), ASSETS.c
        unwanted = and_(
            or_(column.reason == AssetDefect.REMOVED, ~exists().where(HOLDINGS.c.sha256 == column.sha256)),
            ~exists().where(ALIASES.c.sha256 == column.sha256, ALIASES.c.state == AliasState.ACTIVE),
        )
        grace, orphan_grace = _ms(self._settings.delete_grace), _ms(self._settings.orphan_grace)
        due = or_(
            and_(column.state == AssetState.DELETED, column.changed <= now - grace),
            and_(column.state == AssetState.REMOVING, column.changed <= now - STALE),
            and_(column.state.in_(OPEN_ASSETS), column.changed <= now - max(orphan_grace, STALE)),
            and_(column.state == AssetState.QUARANTINED, column.changed <= now - grace, unwanted),
        )
        async with self._database.read() as tx:
            rows = (
                await tx.execute(select(column.sha256, column.state, column.changed).where(due).limit(_BATCH))
            ).all()
        gone = 0
        for sha256, state, changed in rows:
            remove = self._removal.remove_stuck if state in OPEN_ASSETS else self._removal.remove
            gone += await remove(sha256, state, changed, now)
        return gone

    async def _tombstones(self) -> int:
        """Names of deleted aliases that everybody may have again."""
        over = and_(ALIASES.c.state == AliasState.DELETED, ALIASES.c.reusable <= self._clock())
        gone = 0
        async with self._database.write() as tx:
            rows = (await tx.execute(select(ALIASES.c.name, ALIASES.c.version).where(over).limit(_BATCH))).all()
            for name, version in rows:
                mine = and_(over, ALIASES.c.name == name, ALIASES.c.version == version)
                if (await tx.execute(select(ALIASES.c.name).where(mine).with_for_update())).first() is None:
                    continue
                for table in (ALIAS_TAGS, ALIAS_VERSIONS, ALIASES):
                    await tx.execute(delete(table).where(table.c.name == name))
                gone += 1
        return gone

    async def _token_uses(self) -> int:
        return await self._delete(TOKEN_USES, TOKEN_USES.c.token, TOKEN_USES.c.expires <= self._clock())

    async def _purges(self) -> int:
        """Purges that no proxy took for so long that none can serve the old picture any more."""
        before = self._clock() - _ms(self._settings.alias_stale)
        return await self._delete(OUTBOX, OUTBOX.c.id, OUTBOX.c.created <= before)

    async def _delete(self, table: Any, key: Any, due: Any) -> int:
        async with self._database.write() as tx:
            gone = await tx.execute(delete(table).where(key.in_(select(key).where(due).limit(_BATCH))))
        return gone.rowcount

    async def _differences(self) -> int:
        """Twice in each grace period the whole storage is held against the database."""
        now = self._clock()
        if now < self._next_reconciliation:
            return 0
        self._next_reconciliation = now + _ms(self._settings.orphan_grace) // 2
        report = await self._reconciler.run()
        if report.too_many:
            self._log.error("reconciliation.stopped", detail="too many assets are missing; see mememime reconcile")
        for kind, count in report.found.items():
            self._log.warning("reconciliation.difference_found", kind=kind, count=count, mended=report.mended[kind])
        return report.mended.total()


def _ms(seconds: float) -> int:
    return int(seconds * 1000)
