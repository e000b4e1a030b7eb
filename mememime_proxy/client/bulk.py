"""Many files: what the service has is not sent, what was acknowledged is not done again, one failure stops nobody."""

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
from mememime_proxy.client.inputs.alias_template import Facts, Template
from mememime_proxy.client.inputs.content import Content
from mememime_proxy.client.inputs.scan import Entry
from mememime_proxy.client.journal import Journal, Named
from mememime_proxy.client.pipeline import Pipeline, Source, threaded
from mememime_proxy.client.results import Outcome, State, Totals
from mememime_proxy.client.uploader import Uploader, Wishes

if TYPE_CHECKING:
    from mememime_proxy.client.progress import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """How files are to be uploaded."""

    template: Template | None = None
    """Makes the aliases of files that bring none along."""
    replace: bool = True
    """Whether an alias may be moved that points at something else."""
    dry: bool = False
    """Find out what there is to do, and do nothing."""
    parallel: int = 8
    """Files at once."""


@dataclass(slots=True, kw_only=True)
class Job:
    """One file on its way."""

    entry: Entry
    content: Content
    sha256: str
    alias: str
    present: bool = False

    @property
    def wishes(self) -> Wishes:
        """Of the alias."""
        return Wishes(tags=self.entry.tags, focal=self.entry.focal, preset=self.entry.preset)

    @property
    def wanted(self) -> str:
        """The wishes, for the journal."""
        return json.dumps(asdict(self.wishes), sort_keys=True)


class Bulk:
    """One run over many files."""

    def __init__(self, uploader: Uploader, journal: Journal, order: Order, progress: Progress | Outcomes) -> None:
        self._uploader, self._journal, self._order, self._progress = uploader, journal, order, progress
        self._sent: set[bytes] = set()
        self._locks: weakref.WeakValueDictionary[str, asyncio.Lock] = weakref.WeakValueDictionary()
        self.totals = Totals()

    async def run(self, sources: Iterable[Source]) -> Totals:
        """Uploads every file; the progress is told of each end. RefusedError and UnreachableError end the run: what was
        done until then is remembered."""
        pipeline = Pipeline(
            prepare=self._prepare,
            ask=self._ask,
            finish=self._finish,
            failed=self._failed,
            parallel=self._order.parallel,
        )
        await pipeline.run(sources)
        return self.totals

    async def _prepare(self, entry: Entry, content: Content) -> Job:
        self.totals.files += 1
        self.totals.size += content.size
        self._progress.found(content.size)
        sha256 = self._journal.digest(entry.place, content.stamp)
        if not sha256:
            sha256 = await content.digest()
            self._journal.keep_digest(entry.place, content.stamp, sha256)
        alias = await alias_of(entry, content, sha256, self._order.template)
        return Job(entry=entry, content=content, sha256=sha256, alias=alias)

    async def _ask(self, jobs: list[Job]) -> list[Job]:
        present = await self._uploader.present(sorted({job.sha256 for job in jobs}))
        good = []
        for job in jobs:
            job.present = job.sha256 in present
            # Of two files with one alias the first that was found has it: the same one in every run.
            owner = self._journal.claim(job.alias, job.entry.place) if job.alias else job.entry.place
            if owner == job.entry.place:
                good.append(job)
            else:
                self._failed(job.entry, FileError(f"the alias {job.alias} is that of {owner}"))
        return good

    async def _finish(self, job: Job) -> None:
        try:
            sent, named = await self._send(job)
            if named is None:
                named = await self._name(job, sent=sent) if job.alias else Named("", 0)
        except (RefusedError, UnreachableError):
            raise
        except ClientError as error:
            self._failed(job.entry, error)
            return
        unfinished = self._order.dry and (not job.present or (job.alias and not named.version))
        state: State = "planned" if unfinished else "uploaded" if sent else "present"
        self._end(
            Outcome(
                path=job.entry.path,
                place=job.entry.place,
                state=state,
                sha256=job.sha256,
                size=job.content.size,
                alias=named.spelt,
                version=named.version,
            )
        )

    async def _send(self, job: Job) -> tuple[bool, Named | None]:
        """Whether bytes were sent, and the alias if it came to be by that. Of files with the same bytes the first one's
        are."""
        if job.present or self._order.dry:
            return False, None
        new_alias = job.alias if job.wishes == Wishes() and not self._journal.knows(job.alias) else ""
        digest = bytes.fromhex(job.sha256)
        lock = self._locks.setdefault(job.sha256, asyncio.Lock())
        async with lock:
            if digest in self._sent:
                return False, None
            name = job.entry.path.rpartition("/")[2]
            named = await self._uploader.send(job.content, job.sha256, name, self, new_alias=new_alias)
            self._sent.add(digest)
            if named is not None:
                self._journal.keep_named(job.alias, job.sha256, job.wanted, named)
            return True, named

    async def _name(self, job: Job, *, sent: bool) -> Named:
        known = self._journal.named(job.alias, job.sha256, job.wanted)
        if known is not None and job.present:
            return known
        if self._order.dry:
            return Named(job.alias, 0)
        named = await self._uploader.name(
            job.alias, job.sha256, job.wishes, replace=self._order.replace, likely_new=sent
        )
        self._journal.keep_named(job.alias, job.sha256, job.wanted, named)
        return named

    def sent(self, size: int) -> None:
        """See ``Meter``."""
        self.totals.sent += size
        self._progress.sent(size)

    def there(self, size: int) -> None:
        """See ``Meter``."""
        self._progress.there(size)

    def _failed(self, entry: Entry | None, error: ClientError) -> None:
        path, place = (entry.path, entry.place) if entry else ("", "")
        self._end(Outcome(path=path, place=place, state="failed", reason=str(error)))

    def _end(self, outcome: Outcome) -> None:
        self.totals.add(outcome)
        self._progress.ended(outcome)


class Outcomes:
    """A progress that keeps outcomes for whoever waits for them; None behind the last."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[Outcome | None] = asyncio.Queue()

    def found(self, size: int) -> None:
        """See ``Progress``."""

    def sent(self, size: int) -> None:
        """See ``Progress``."""

    def there(self, size: int) -> None:
        """See ``Progress``."""

    def ended(self, outcome: Outcome) -> None:
        """See ``Progress``."""
        self.queue.put_nowait(outcome)


async def upload_all(
    uploader: Uploader, entries: Iterable[Entry], order: Order | None = None
) -> AsyncIterator[Outcome]:
    """Uploads files as ``Bulk`` does, and gives what became of each as they come to their ends.

    ``entries``: from ``files``, or made by ``local``; iterated in threads, one at a time. RefusedError and
    UnreachableError, where all ends. Who leaves before the end gives up what is under way.
    """
    outcomes = Outcomes()
    bulk = Bulk(uploader, uploader.journal, order or Order(), outcomes)
    task = asyncio.ensure_future(bulk.run([threaded(iter(entries))]))
    task.add_done_callback(lambda _: outcomes.queue.put_nowait(None))
    try:
        while (outcome := await outcomes.queue.get()) is not None:
            yield outcome
        await task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, ClientError):
            await task


async def alias_of(entry: Entry, content: Content, sha256: str, template: Template | None) -> str:
    """The entry's own alias, else the template's; '' = none. FileError where the template wants more than there is."""
    if entry.alias or template is None:
        return entry.alias
    taken = None
    if template.needs_date:
        async with content.head() as file:
            taken = await asyncio.to_thread(exif.taken, file)
    return template.alias(Facts(path=entry.path, sha256=sha256, taken=taken))
