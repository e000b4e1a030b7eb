"""Bulk uploads: only missing files are sent, completed work is not repeated, and a failed file stops no other."""

from __future__ import annotations

import asyncio
import json
import weakref
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from mememime_proxy.client.errors import ClientError, FileError, RefusedError, UnreachableError
from mememime_proxy.client.inputs import exif
from mememime_proxy.client.inputs.alias_template import FileFacts, Template
from mememime_proxy.client.inputs.batches import Batches, scan_in_thread
from mememime_proxy.client.inputs.content import FileContent
from mememime_proxy.client.inputs.scan import Entry
from mememime_proxy.client.journal import AcknowledgedAlias, Journal
from mememime_proxy.client.pipeline import Pipeline
from mememime_proxy.client.results import Outcome, State, Totals
from mememime_proxy.client.uploader import AliasAttributes, Uploader

if TYPE_CHECKING:
    from mememime_proxy.client.progress import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Options of a bulk upload."""

    template: Template | None = None
    """Makes the aliases of files that have none of their own."""
    replace: bool = True
    """Whether an alias with another target is moved."""
    dry_run: bool = False
    """Determine what would be done, and change nothing."""
    parallel: int = 8
    """Files at once."""


@dataclass(slots=True, kw_only=True)
class FileJob:
    """One file in the pipeline."""

    entry: Entry
    content: FileContent
    sha256: str
    alias: str
    present: bool = False

    @property
    def attributes(self) -> AliasAttributes:
        """The attributes of the file's alias."""
        return AliasAttributes(tags=self.entry.tags, focal=self.entry.focal, preset=self.entry.preset)

    @property
    def attributes_key(self) -> str:
        """The attributes as text, for the journal."""
        return json.dumps(asdict(self.attributes), sort_keys=True)


class BulkUpload:
    """One bulk upload."""

    def __init__(self, uploader: Uploader, journal: Journal, order: Order, progress: Progress | OutcomeQueue) -> None:
        self._uploader, self._journal, self._order, self._progress = uploader, journal, order, progress
        self._sent: set[bytes] = set()
        self._locks: weakref.WeakValueDictionary[str, asyncio.Lock] = weakref.WeakValueDictionary()
        self.totals = Totals()

    async def run(self, sources: Iterable[Batches]) -> Totals:
        """Upload every file and report each outcome to the progress.

        Raises RefusedError and UnreachableError; the journal has what was completed until then.
        """
        pipeline = Pipeline(
            prepare=self._prepare,
            look_up=self._look_up,
            finish=self._finish,
            on_failure=self._record_failure,
            parallel=self._order.parallel,
        )
        await pipeline.run(sources)
        return self.totals

    async def _prepare(self, entry: Entry, content: FileContent) -> FileJob:
        self.totals.files += 1
        self.totals.size += content.size
        self._progress.file_found(content.size)
        sha256 = self._journal.get_digest(entry.place, content.stamp)
        if not sha256:
            sha256 = await content.digest()
            self._journal.store_digest(entry.place, content.stamp, sha256)
        alias = await choose_alias(entry, content, sha256, self._order.template)
        return FileJob(entry=entry, content=content, sha256=sha256, alias=alias)

    async def _look_up(self, jobs: list[FileJob]) -> list[FileJob]:
        present = await self._uploader.find_existing(sorted({job.sha256 for job in jobs}))
        accepted = []
        for job in jobs:
            job.present = job.sha256 in present
            # Of two files with one alias, the first one in the order of the scan gets it: the same one in every run.
            owner = self._journal.claim_alias(job.alias, job.entry.place) if job.alias else job.entry.place
            if owner == job.entry.place:
                accepted.append(job)
            else:
                self._record_failure(
                    job.entry,
                    FileError(
                        f"the alias {job.alias} is used by {owner}; rename one of the files or change the template"
                    ),
                )
        return accepted

    async def _finish(self, job: FileJob) -> None:
        try:
            sent, alias = await self._send(job)
            if alias is None:
                alias = await self._set_alias(job, sent=sent) if job.alias else AcknowledgedAlias("", 0)
        except (RefusedError, UnreachableError):
            raise
        except ClientError as error:
            self._record_failure(job.entry, error)
            return
        unfinished = self._order.dry_run and (not job.present or (job.alias and not alias.version))
        state: State = "planned" if unfinished else "uploaded" if sent else "present"
        self._record(
            Outcome(
                path=job.entry.path,
                place=job.entry.place,
                state=state,
                sha256=job.sha256,
                size=job.content.size,
                alias=alias.name,
                version=alias.version,
            )
        )

    async def _send(self, job: FileJob) -> tuple[bool, AcknowledgedAlias | None]:
        """Return whether bytes were sent, and the alias if it was created with them.

        Of files with the same bytes, one is sent.
        """
        if job.present or self._order.dry_run:
            return False, None
        new_alias = job.alias if job.attributes == AliasAttributes() and not self._journal.has_alias(job.alias) else ""
        digest = bytes.fromhex(job.sha256)
        lock = self._locks.setdefault(job.sha256, asyncio.Lock())
        async with lock:
            if digest in self._sent:
                return False, None
            name = job.entry.path.rpartition("/")[2]
            alias = await self._uploader.send(job.content, job.sha256, name, self, new_alias=new_alias)
            self._sent.add(digest)
            if alias is not None:
                self._journal.store_alias(job.alias, job.sha256, job.attributes_key, alias)
            return True, alias

    async def _set_alias(self, job: FileJob, *, sent: bool) -> AcknowledgedAlias:
        stored = self._journal.get_alias(job.alias, job.sha256, job.attributes_key)
        if stored is not None and job.present:
            return stored
        if self._order.dry_run:
            return AcknowledgedAlias(job.alias, 0)
        alias = await self._uploader.set_alias(
            job.alias, job.sha256, job.attributes, replace=self._order.replace, likely_new=sent
        )
        self._journal.store_alias(job.alias, job.sha256, job.attributes_key, alias)
        return alias

    def add_sent(self, size: int) -> None:
        """See ``Meter``."""
        self.totals.sent += size
        self._progress.add_sent(size)

    def add_resumed(self, size: int) -> None:
        """See ``Meter``."""
        self._progress.add_resumed(size)

    def _record_failure(self, entry: Entry | None, error: ClientError) -> None:
        path, place = (entry.path, entry.place) if entry else ("", "")
        self._record(Outcome(path=path, place=place, state="failed", reason=str(error)))

    def _record(self, outcome: Outcome) -> None:
        self.totals.add(outcome)
        self._progress.file_finished(outcome)


class OutcomeQueue:
    """A progress that queues outcomes for an iterator; None after the last."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[Outcome | None] = asyncio.Queue()

    def file_found(self, size: int) -> None:
        """See ``Progress``."""

    def add_sent(self, size: int) -> None:
        """See ``Progress``."""

    def add_resumed(self, size: int) -> None:
        """See ``Progress``."""

    def file_finished(self, outcome: Outcome) -> None:
        """See ``Progress``."""
        self.queue.put_nowait(outcome)


async def upload_all(
    uploader: Uploader, entries: Iterable[Entry], order: Order | None = None
) -> AsyncIterator[Outcome]:
    """Upload files as ``BulkUpload`` does, and yield the outcome of each as soon as it is known.

    ``entries``: of ``files`` or ``local``; iterated in threads, one at a time. Closing the iterator cancels
    unfinished uploads. Raises RefusedError and UnreachableError.
    """
    outcomes = OutcomeQueue()
    bulk = BulkUpload(uploader, uploader.journal, order or Order(), outcomes)
    task = asyncio.ensure_future(bulk.run([scan_in_thread(iter(entries))]))
    task.add_done_callback(lambda _: outcomes.queue.put_nowait(None))
    try:
        while (outcome := await outcomes.queue.get()) is not None:
            yield outcome
        await task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, ClientError):
            await task


async def choose_alias(entry: Entry, content: FileContent, sha256: str, template: Template | None) -> str:
    """Return the entry's own alias, else that of the template; '' = none. Raises FileError for a missing field."""
    if entry.alias or template is None:
        return entry.alias
    date_taken = None
    if template.needs_date:
        async with content.head() as file:
            date_taken = await asyncio.to_thread(exif.read_date_taken, file)
    return template.make_alias(FileFacts(path=entry.path, sha256=sha256, date_taken=date_taken))
