"""Many small uploads in one request: each becomes an asset, with its alias, or has an error of its own.

The same steps as for one upload, in the same order, each for all files at once: verify by decoding in workers, claim
the rows in one transaction, store the objects, then publish assets and aliases in one transaction. Of each file all of
that happens or nothing: what a crash leaves is what it leaves of single uploads. The same batch again has the same
outcome.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from typing import Final, NamedTuple

from mememime_proxy.errors import (
    DigestError,
    ImageError,
    MememimeError,
    RequestError,
    StorageUnavailableError,
    WorkerCrashError,
)
from mememime_proxy.resources.aliases.creation import AliasCreation, ConcurrentClaimError
from mememime_proxy.resources.assets.batch_publication import BatchPublication
from mememime_proxy.resources.assets.film_inspection import Inspection
from mememime_proxy.resources.assets.model import AssetRow
from mememime_proxy.resources.assets.prerendering import UploadJobs
from mememime_proxy.resources.assets.publication import StoredOriginal
from mememime_proxy.resources.auth.principal import Principal
from mememime_proxy.resources.auth.quotas import lock_room
from mememime_proxy.resources.database.engine import Database
from mememime_proxy.resources.database.states import AssetState
from mememime_proxy.resources.metrics import ResourceMetrics
from mememime_proxy.resources.uploads.admission import upload_intent
from mememime_proxy.resources.uploads.finalizer import Published
from mememime_proxy.resources.uploads.ingest import MAX_REASON, Ingest
from mememime_proxy.resources.uploads.model import printable
from mememime_proxy.resources.uploads.temp_file import MemoryOriginal

_ATTEMPTS: Final = 5
_CONCURRENT_WRITES: Final = 16
"""Objects of one batch that are written at once."""


class BatchFile(NamedTuple):
    """One file of a batch, as the client sent it."""

    body: bytes
    sha256: str
    """The digest that the bytes have to have."""
    alias: str
    """A name that is new, or names these bytes already; '' = none."""
    filename: str = ""


class _Pending(NamedTuple):
    """A file that is not finished yet."""

    number: int
    original: MemoryOriginal
    alias: str
    filename: str


class BatchFinalizer:
    """``finish`` may raise DatabaseError: nothing is lost, and it can be repeated."""

    def __init__(
        self,
        database: Database,
        ingest: Ingest,
        publication: BatchPublication,
        creation: AliasCreation,
        clock: Callable[[], int],
        concurrent_jobs: int,
        metrics: ResourceMetrics,
        upload_jobs: UploadJobs | None = None,
    ) -> None:
        """``concurrent_jobs``: files of all batches that are given to workers at once; single uploads come between.

        ``upload_jobs`` None: uploads have no jobs.
        """
        self._upload_jobs = upload_jobs
        self._database = database
        self._ingest = ingest
        self._publication = publication
        self._creation = creation
        self._clock = clock
        self._jobs = asyncio.Semaphore(concurrent_jobs)
        self._metrics = metrics

    async def finish(self, files: Sequence[BatchFile], principal: Principal) -> list[Published | MememimeError]:
        """Return the outcome of each file: what ``Finalizer.finish_body`` returns or raises for one."""
        outcomes: dict[int, Published | MememimeError] = {}
        digests = await asyncio.to_thread(lambda: [hashlib.sha256(file.body).hexdigest() for file in files])
        pending: dict[str, _Pending] = {}
        for number, (file, sha256) in enumerate(zip(files, digests, strict=True)):
            try:
                pending[sha256] = self._admit(number, file, sha256, principal, pending)
            except MememimeError as error:
                outcomes[number] = error
        for sha256, name_error in (await self._name_errors(pending, principal)).items():
            outcomes[pending.pop(sha256).number] = name_error
        async with AsyncExitStack() as stack:
            # In one order in all batches, since each waits for the others that have the same files.
            for sha256 in sorted(pending):
                await stack.enter_async_context(self._ingest.lock(sha256))
            for _ in range(_ATTEMPTS):
                if not pending:
                    break
                results = await self._attempt(pending, principal)
                for sha256, outcome in results.items():
                    outcomes[pending.pop(sha256).number] = outcome
        for sha256, left in pending.items():
            outcomes[left.number] = StorageUnavailableError(f"the asset {sha256} is being removed again and again")
        for number, outcome in outcomes.items():
            done = isinstance(outcome, Published)
            self._metrics.count_upload("done" if done else "failed", len(files[number].body) if done else 0)
        return [outcomes[number] for number in range(len(files))]

    @staticmethod
    def _admit(
        number: int, file: BatchFile, sha256: str, principal: Principal, pending: dict[str, _Pending]
    ) -> _Pending:
        if not file.body:
            raise RequestError("the file is empty")
        if file.sha256 != sha256:
            raise DigestError(f"found the SHA-256 {sha256}, expected {file.sha256}")
        if sha256 in pending:
            raise RequestError(f"the bytes {sha256} are in the batch twice, expected them once")
        intent = upload_intent(principal, sha256=sha256, alias=file.alias, filename=file.filename)
        if intent.alias and any(other.alias == intent.alias for other in pending.values()):
            raise RequestError(f"the alias {intent.alias} is in the batch twice, expected it once")
        return _Pending(number, MemoryOriginal(file.body), intent.alias, intent.filename)

    async def _name_errors(self, pending: dict[str, _Pending], principal: Principal) -> dict[str, MememimeError]:
        """Return the files whose names cannot be created: nothing is verified or changed for them."""
        targets = {file.alias: sha256 for sha256, file in pending.items() if file.alias}
        async with self._database.read() as tx:
            plan = await self._creation.plan(tx, principal, targets)
        return {targets[name]: error for name, error in plan.errors.items()}

    async def _attempt(
        self, pending: dict[str, _Pending], principal: Principal
    ) -> dict[str, Published | MememimeError]:
        """Return the outcomes; files without one have to be stored again."""
        outcomes: dict[str, Published | MememimeError] = {}
        stored, facts = await self._verify(pending, outcomes)
        claimed = await self._publication.claim(
            {sha256: pending[sha256].original.size for sha256 in facts}, self._clock()
        )
        slots = asyncio.Semaphore(_CONCURRENT_WRITES)

        async def store(sha256: str) -> None:
            async with slots:
                try:
                    with pending[sha256].original as original:
                        stored[sha256] = await self._ingest.store(original, sha256, facts[sha256])
                except MememimeError as error:
                    outcomes[sha256] = error

        async with asyncio.TaskGroup() as group:
            for sha256 in claimed:
                group.create_task(store(sha256))
        if stored:
            outcomes |= await self._publish(stored, pending, principal)
        return outcomes

    async def _verify(
        self, pending: dict[str, _Pending], outcomes: dict[str, Published | MememimeError]
    ) -> tuple[dict[str, StoredOriginal], dict[str, Inspection]]:
        """Return which files are stored already, and the facts of the others; write errors to ``outcomes``."""
        assets = await self._publication.find(list(pending))
        stored: dict[str, StoredOriginal] = {}
        facts: dict[str, Inspection] = {}
        broken: dict[str, tuple[int, str, str]] = {}

        async def verify(sha256: str, original: MemoryOriginal, asset: AssetRow | None) -> None:
            async with self._jobs:
                try:
                    if asset is not None and asset.state is AssetState.REMOVING:
                        asset = await self._ingest.after_removal(sha256)
                    found = None if asset is None else await self._ingest.find_stored(asset)
                    if found is not None:
                        stored[sha256] = found
                        return
                    with original:
                        facts[sha256] = await self._ingest.inspect(original, sha256)
                except (ImageError, WorkerCrashError) as error:
                    broken[sha256] = (original.size, error.code, printable(error.detail, MAX_REASON))
                    outcomes[sha256] = error
                except MememimeError as error:
                    outcomes[sha256] = error

        async with asyncio.TaskGroup() as group:
            for sha256, file in pending.items():
                group.create_task(verify(sha256, file.original, assets.get(sha256)))
        await self._publication.quarantine(broken, self._clock())
        return stored, facts

    async def _publish(
        self, stored: dict[str, StoredOriginal], pending: dict[str, _Pending], principal: Principal
    ) -> dict[str, Published | MememimeError]:
        """Publish in one transaction; files without an outcome have to be stored again."""
        try:
            return await self._publish_once(stored, pending, principal)
        except ConcurrentClaimError:
            return {}

    async def _publish_once(
        self, stored: dict[str, StoredOriginal], pending: dict[str, _Pending], principal: Principal
    ) -> dict[str, Published | MememimeError]:
        now, tenant = self._clock(), principal.tenant
        outcomes: dict[str, Published | MememimeError] = {}
        async with self._database.write() as tx:
            rows = await self._publication.lock(tx, stored)
            room = await lock_room(tx, tenant)
            targets = {pending[sha256].alias: sha256 for sha256 in rows if pending[sha256].alias}
            plan = await self._creation.plan(tx, principal, targets)
            outcomes |= {targets[name]: error for name, error in plan.errors.items()}
            missing = await self._publication.missing_holdings(tx, tenant, list(rows))
            # In the order of the request: of a batch that has no room, the first files are taken.
            possible = {sha256: rows[sha256] for sha256 in pending if sha256 in rows and sha256 not in outcomes}
            outcomes |= self._publication.check_room(possible, missing, room)
            rows = {sha256: row for sha256, row in possible.items() if sha256 not in outcomes}
            filenames = {sha256: pending[sha256].filename for sha256 in rows}
            assets = await self._publication.publish(tx, tenant, stored, rows, missing, now, filenames)
            targets = {name: sha256 for name, sha256 in targets.items() if sha256 in rows}
            versions = await self._creation.create(tx, principal, targets, plan, now)
            if self._upload_jobs is not None:
                uploads = [(each, pending[each].alias or None, stored[each].facts is not None) for each in assets]
                await self._upload_jobs.enqueue(tx, tenant, uploads)
        for sha256, asset in assets.items():
            alias = pending[sha256].alias or None
            is_new = stored[sha256].facts is not None
            outcomes[sha256] = Published(asset, is_new, alias, versions[alias] if alias else None)
        return outcomes
