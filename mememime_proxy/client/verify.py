"""Compares files with the service, by their digests: every file is read anew."""

from __future__ import annotations

from collections.abc import Iterable

from mememime_proxy.client.bulk import Job, alias_of
from mememime_proxy.client.errors import ClientError
from mememime_proxy.client.inputs.alias_template import Template
from mememime_proxy.client.inputs.content import Content
from mememime_proxy.client.inputs.scan import Entry
from mememime_proxy.client.pipeline import Pipeline, Source
from mememime_proxy.client.progress import Progress
from mememime_proxy.client.results import Outcome, State, Totals
from mememime_proxy.client.uploader import Uploader


class Verify:
    """One comparison of many files. Nothing is changed."""

    def __init__(self, uploader: Uploader, template: Template | None, progress: Progress, parallel: int = 8) -> None:
        self._uploader, self._template, self._progress, self._parallel = uploader, template, progress, parallel
        self.totals = Totals()

    async def run(self, sources: Iterable[Source]) -> Totals:
        """Looks at every file: ``same``, ``missing``, or ``differs`` where the service has the bytes, but the alias
        points at others or at none. RefusedError, UnreachableError."""
        pipeline = Pipeline(
            prepare=self._prepare, ask=self._ask, finish=self._finish, failed=self._failed, parallel=self._parallel
        )
        await pipeline.run(sources)
        return self.totals

    async def _prepare(self, entry: Entry, content: Content) -> Job:
        self.totals.files += 1
        self.totals.size += content.size
        self._progress.found(content.size)
        sha256 = await content.digest()
        self._progress.sent(content.size)
        alias = await alias_of(entry, content, sha256, self._template)
        return Job(entry=entry, content=content, sha256=sha256, alias=alias)

    async def _ask(self, jobs: list[Job]) -> list[Job]:
        present = await self._uploader.present(sorted({job.sha256 for job in jobs}))
        for job in jobs:
            job.present = job.sha256 in present
        return jobs

    async def _finish(self, job: Job) -> None:
        state: State = "same" if job.present else "missing"
        reason, spelt, version = "" if job.present else "the service has not these bytes", "", 0
        if job.alias:
            found = await self._uploader.alias(job.alias)
            if found is not None:
                spelt, version = str(found["name"]), int(found["version"])
            if job.present and (found is None or found.get("sha256") != job.sha256):
                state = "differs"
                reason = f"the alias {job.alias} " + ("is not there" if found is None else "points at something else")
        self._end(
            Outcome(
                path=job.entry.path,
                place=job.entry.place,
                state=state,
                sha256=job.sha256,
                size=job.content.size,
                alias=spelt,
                version=version,
                reason=reason,
            )
        )

    def _failed(self, entry: Entry | None, error: ClientError) -> None:
        path, place = (entry.path, entry.place) if entry else ("", "")
        self._end(Outcome(path=path, place=place, state="failed", reason=str(error)))

    def _end(self, outcome: Outcome) -> None:
        self.totals.add(outcome)
        self._progress.ended(outcome)
