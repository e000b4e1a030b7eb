"""Variants right after an upload: a job in the transaction that makes the asset ready."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from mememime_proxy.jobs.model import NewJob
from mememime_proxy.jobs.repository import Jobs

JobOfSources = Callable[[Sequence[str], str], NewJob]
"""Makes the job for the sources of some uploads, and a tenant. What it does is no business of this service."""


class Prerendering:
    """Creates the jobs."""

    def __init__(self, jobs: Jobs, job_of: JobOfSources) -> None:
        self._jobs = jobs
        self._job_of = job_of

    async def enqueue(self, tx: AsyncConnection, tenant: str, uploads: Sequence[tuple[str, str | None, bool]]) -> None:
        """Create a job for uploads, with the transaction that publishes them: SHA-256, alias, and whether it is new.

        Variants are those of the alias; without one, those of an asset that was not ready before.
        """
        sources = [
            f"alias://{alias}" if alias else f"asset://{sha256}" for sha256, alias, is_new in uploads if alias or is_new
        ]
        if sources:
            await self._jobs.create(tx, self._job_of(sources, tenant))
