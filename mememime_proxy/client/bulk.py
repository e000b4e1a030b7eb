"""Bulk uploads: only missing files are sent, completed work is not repeated, and a failed file stops no other."""

from __future__ import annotations

import asyncio
import json
import weakref
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from unicodedata import normalize

from mememime_proxy.client.errors import (
    AnswerError,
    ClientError,
    FileError,
    RefusedError,
    UnreachableError,
    as_file_error,
)
from mememime_proxy.client.inputs.alias_choice import AliasChoice
from mememime_proxy.client.inputs.alias_template import Template
from mememime_proxy.client.inputs.batches import Batches
from mememime_proxy.client.inputs.content import FileContent
from mememime_proxy.client.inputs.rename import Rename
from mememime_proxy.client.inputs.scan import Entry
from mememime_proxy.client.journal import AcknowledgedAlias, Journal
from mememime_proxy.client.pipeline import Pipeline
from mememime_proxy.client.results import Outcome, OutcomeReceiver, State, Totals
from mememime_proxy.client.transfer import batch
from mememime_proxy.client.transfer.batch import SmallFile, StoredFile
from mememime_proxy.client.transfer.session import RETRY_STATUSES
from mememime_proxy.client.uploader import AliasAttributes, Uploader
from mememime_proxy.service.alias_names import skeleton

_MAX_BATCHED = 256 << 10
"""Bytes up to which a file is sent together with others."""
_CONFLICT = 412
"""Status for an alias that has another target."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Options of a bulk upload."""

    template: Template | None = None
    """Makes the aliases of files that have none of their own."""
    renames: Sequence[Rename] = ()
    """Rules that change every alias."""
    replace: bool = True
    """Whether an alias with another target is moved."""
    dry_run: bool = False
    """Determine what would be done, and change nothing."""
    parallel: int = 8
    """Files at once, or requests of many small files."""


@dataclass(slots=True, kw_only=True)
class FileJob:
    """One file in the pipeline."""

    entry: Entry
    content: FileContent
    sha256: str
    alias: str
    """Normalised."""
    present: bool = False
    alias_exists: bool = False
    """Whether the service said that the alias has another target."""
    sent_in_batch: bool = False
    """Whether its bytes were sent together with others; its alias is not set yet."""

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

    def __init__(self, uploader: Uploader, journal: Journal, order: Order, progress: OutcomeReceiver) -> None:
        self._uploader, self._journal, self._order, self._progress = uploader, journal, order, progress
        self._aliases = AliasChoice(order.template, order.renames)
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
            on_left_out=self._record_left_out,
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
        alias = await self._aliases.choose(entry, content, sha256)
        return FileJob(entry=entry, content=content, sha256=sha256, alias=alias)

    async def _look_up(self, jobs: list[FileJob]) -> list[Sequence[FileJob]]:
        present = await self._uploader.find_existing(sorted({job.sha256 for job in jobs}))
        accepted = []
        for job in jobs:
            job.present = job.sha256 in present
            try:
                self._claim(job)
            except FileError as error:
                self._record_failure(job.entry, error)
            else:
                accepted.append(job)
        return self._groups(accepted) if await self._uploader.takes_batches() else [[job] for job in accepted]

    def _claim(self, job: FileJob) -> None:
        """Reserve the alias for the file. Raises FileError where another file of this run has it, or one like it.

        Of two files with one alias, the first one in the order of the scan gets it: the same one in every run.
        """
        if not job.alias:
            return
        owner = self._journal.claim_alias(skeleton(job.alias), job.alias, job.entry.place)
        if owner is None:
            return
        what = "is used by" if owner.name == job.alias else f"is to the service the same as {owner.name}, used by"
        place, mine = owner.place, job.entry.place
        if place != mine and normalize("NFC", place) == normalize("NFC", mine):  # they look alike
            names = [ascii(each.rpartition("/")[2]) for each in (place, mine)]
            place += f", whose name is written {names[0]}, the other one {names[1]}"
        raise FileError(
            f"the alias {job.alias} {what} {place}; rename one of the files, change the template or use --rename"
        )

    def _groups(self, jobs: list[FileJob]) -> list[Sequence[FileJob]]:
        """Return the jobs in groups: small files that are sent together, and others alone."""
        groups: list[Sequence[FileJob]] = []
        small: list[FileJob] = []
        digests: set[str] = set()
        size = 0
        for job in jobs:
            if job.sha256 in digests or not self._is_batched(job):
                groups.append([job])
                continue
            if small and (len(small) == batch.MAX_FILES or size + job.content.size > batch.MAX_SIZE):
                groups.append(small)
                small, size = [], 0
            digests.add(job.sha256)
            small.append(job)
            size += job.content.size
        # The batches come first: of files with the same bytes, one is in a batch, and the others wait for it.
        groups.sort(key=len, reverse=True)
        return [small, *groups] if small else groups

    def _is_batched(self, job: FileJob) -> bool:
        is_small = 0 < job.content.size <= min(_MAX_BATCHED, self._uploader.transfer.part_threshold - 1)
        return is_small and not job.present and not self._order.dry_run

    async def _finish(self, jobs: Sequence[FileJob]) -> None:
        rest = await self._send_batch(jobs) if len(jobs) > 1 else jobs
        for job in rest:
            await self._finish_one(job)

    async def _finish_one(self, job: FileJob) -> None:
        try:
            sent, alias = await self._send(job)
            if alias is None:
                alias = await self._set_alias(job, sent=sent) if job.alias else AcknowledgedAlias("", 0)
        except RefusedError:
            raise
        except UnreachableError as error:
            if not await self._uploader.answers():
                raise
            # It is this file that the service cannot take: the others go on.
            self._record_failure(job.entry, error)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one file is that file's failure
            self._record_failure(job.entry, as_file_error(error))
        else:
            self._record_success(job, alias, sent=sent)

    def _record_success(self, job: FileJob, alias: AcknowledgedAlias, *, sent: bool) -> None:
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

    async def _send_batch(self, jobs: Sequence[FileJob]) -> Sequence[FileJob]:
        """Send small files in one request, and record those that are finished or have failed; return the others."""
        if not await self._uploader.takes_batches():
            return jobs
        async with AsyncExitStack() as stack:
            for sha256 in sorted(job.sha256 for job in jobs):
                await stack.enter_async_context(self._lock(sha256))
            waiting = [job for job in jobs if bytes.fromhex(job.sha256) in self._sent]
            files: list[tuple[FileJob, SmallFile]] = []
            for job in jobs:
                if bytes.fromhex(job.sha256) not in self._sent:
                    try:
                        body = b"".join([chunk async for chunk in job.content.chunks(0, job.content.size)])
                    except Exception as error:  # noqa: BLE001 - whatever is wrong with one file is that file's failure
                        self._record_failure(job.entry, as_file_error(error))
                        continue
                    files.append((job, SmallFile(body=body, sha256=job.sha256, alias=self._new_alias(job))))
            try:
                outcomes = await self._uploader.send_batch([file for _, file in files], self)
            except RefusedError:
                raise
            except ClientError as error:
                if isinstance(error, UnreachableError) and not await self._uploader.answers():
                    raise
                outcomes = None
            if outcomes is None:
                return [*waiting, *(job for job, _ in files)]
            for (job, file), outcome in zip(files, outcomes, strict=True):
                if not self._take_outcome(job, file, outcome):
                    waiting.append(job)
        return waiting

    def _take_outcome(self, job: FileJob, file: SmallFile, outcome: StoredFile | AnswerError) -> bool:
        """Record the outcome of a file in a batch; False where the file has to be finished alone."""
        if isinstance(outcome, AnswerError):
            if outcome.status == _CONFLICT and file.alias:
                job.alias_exists = True
                return False
            if outcome.status in RETRY_STATUSES:
                return False
            self._record_failure(job.entry, outcome)
            return True
        self._sent.add(bytes.fromhex(job.sha256))
        job.sent_in_batch = True
        if job.alias and outcome.alias is None:
            return False
        if outcome.alias is not None:
            self._journal.store_alias(job.alias, job.sha256, job.attributes_key, outcome.alias)
        self._record_success(job, outcome.alias or AcknowledgedAlias("", 0), sent=True)
        return True

    def _lock(self, sha256: str) -> asyncio.Lock:
        """Return the lock of a digest: of files with the same bytes, one is sent."""
        return self._locks.setdefault(sha256, asyncio.Lock())

    def _new_alias(self, job: FileJob) -> str:
        """Return the alias that can be created with the file; '' where it needs a request of its own."""
        is_new = job.attributes == AliasAttributes() and not job.alias_exists and not self._journal.has_alias(job.alias)
        return job.alias if is_new else ""

    async def _send(self, job: FileJob) -> tuple[bool, AcknowledgedAlias | None]:
        """Return whether bytes were sent, and the alias if it was created with them.

        Of files with the same bytes, one is sent.
        """
        if job.present or self._order.dry_run:
            return False, None
        digest = bytes.fromhex(job.sha256)
        async with self._lock(job.sha256):
            if digest in self._sent:
                return job.sent_in_batch, None
            name = job.entry.path.rpartition("/")[2]
            alias = await self._uploader.send(job.content, job.sha256, name, self, new_alias=self._new_alias(job))
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
            job.alias,
            job.sha256,
            job.attributes,
            replace=self._order.replace,
            likely_new=sent and not job.alias_exists,
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

    def _record_left_out(self, entry: Entry) -> None:
        self._record(Outcome(path=entry.path, place=entry.place, state="left_out", reason=entry.left_out))

    def _record_failure(self, entry: Entry | None, error: ClientError) -> None:
        path, place = (entry.path, entry.place) if entry else ("", "")
        self._record(Outcome(path=path, place=place, state="failed", reason=str(error)))

    def _record(self, outcome: Outcome) -> None:
        self.totals.add(outcome)
        self._progress.file_finished(outcome)
