"""Verification: compare files with the service by their digests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mememime_proxy.client.bulk import FileJob
from mememime_proxy.client.errors import ClientError
from mememime_proxy.client.inputs.alias_choice import AliasChoice
from mememime_proxy.client.inputs.batches import Batches
from mememime_proxy.client.inputs.content import FileContent
from mememime_proxy.client.inputs.scan import Entry
from mememime_proxy.client.pipeline import Pipeline
from mememime_proxy.client.progress import Progress
from mememime_proxy.client.results import Outcome, State, Totals
from mememime_proxy.client.uploader import Uploader


class Verification:
    """One comparison of many files; every file is read, nothing is changed."""

    def __init__(self, uploader: Uploader, aliases: AliasChoice, progress: Progress, parallel: int = 8) -> None:
        self._uploader, self._aliases, self._progress, self._parallel = uploader, aliases, progress, parallel
        self.totals = Totals()

    async def run(self, sources: Iterable[Batches]) -> Totals:
        """Compare every file.

        Its state is ``same``, ``missing``, or ``differs`` where the service has the bytes, but the alias has another
        target or does not exist. Raises RefusedError and UnreachableError.
        """
        pipeline = Pipeline(
            prepare=self._prepare,
            look_up=self._look_up,
            finish=self._finish,
            on_failure=self._record_failure,
            on_left_out=self._record_left_out,
            parallel=self._parallel,
        )
        await pipeline.run(sources)
        return self.totals

    async def _prepare(self, entry: Entry, content: FileContent) -> FileJob:
        self.totals.files += 1
        self.totals.size += content.size
        self._progress.file_found(content.size)
        sha256 = await content.digest()
        self._progress.add_sent(content.size)
        alias = await self._aliases.choose(entry, content, sha256)
        return FileJob(entry=entry, content=content, sha256=sha256, alias=alias)

    async def _look_up(self, jobs: list[FileJob]) -> list[Sequence[FileJob]]:
        present = await self._uploader.find_existing(sorted({job.sha256 for job in jobs}))
        for job in jobs:
            job.present = job.sha256 in present
        return [[job] for job in jobs]

    async def _finish(self, jobs: Sequence[FileJob]) -> None:
        for job in jobs:
            self._record(await self._compare(job))

    async def _compare(self, job: FileJob) -> Outcome:
        state: State = "same" if job.present else "missing"
        reason, name, version = "" if job.present else "the service does not have these bytes", "", 0
        if job.alias:
            alias = await self._uploader.get_alias(job.alias)
            if alias is not None:
                name, version = str(alias["name"]), int(alias["version"])
            if job.present and (alias is None or alias.get("sha256") != job.sha256):
                state = "differs"
                reason = f"the alias {job.alias} " + ("does not exist" if alias is None else "has another target")
        return Outcome(
            path=job.entry.path,
            place=job.entry.place,
            state=state,
            sha256=job.sha256,
            size=job.content.size,
            alias=name,
            version=version,
            reason=reason,
        )

    def _record_left_out(self, entry: Entry) -> None:
        self._record(Outcome(path=entry.path, place=entry.place, state="left_out", reason=entry.left_out))

    def _record_failure(self, entry: Entry | None, error: ClientError) -> None:
        path, place = (entry.path, entry.place) if entry else ("", "")
        self._record(Outcome(path=path, place=place, state="failed", reason=str(error)))

    def _record(self, outcome: Outcome) -> None:
        self.totals.add(outcome)
        self._progress.file_finished(outcome)
