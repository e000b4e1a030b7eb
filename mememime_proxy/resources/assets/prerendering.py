"""Jobs of uploads, in the transaction that makes the asset ready; variants right after an upload are one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from mememime_proxy.jobs.model import NewJob
from mememime_proxy.jobs.repository import Jobs

Uploads = Sequence[tuple[str, str | None, bool]]
"""SHA-256, alias, and whether it is new, of each."""


class UploadJobs(Protocol):
    """What creates jobs of uploads."""

    async def enqueue(self, tx: AsyncConnection, tenant: str, uploads: Uploads) -> None:
        """Create a job for uploads, with the transaction that publishes them."""
        ...


class UploadJobList:
    """Several of them."""

    def __init__(self, members: Sequence[UploadJobs]) -> None:
        self._members = members

    async def enqueue(self, tx: AsyncConnection, tenant: str, uploads: Uploads) -> None:
        """See ``UploadJobs``."""
        for member in self._members:
            await member.enqueue(tx, tenant, uploads)


JobOfSources = Callable[[Sequence[str], str], NewJob]
"""Makes the job for the sources of some uploads, and a tenant. What it does is no business of this service."""


class Prerendering:
    """Creates the jobs."""

    def __init__(self, jobs: Jobs, job_of: JobOfSources) -> None:
        self._jobs = jobs
        self._job_of = job_of

    async def enqueue(self, tx: AsyncConnection, tenant: str, uploads: Uploads) -> None:
        """See ``UploadJobs``.

        Variants are those of the alias; without one, those of an asset that was not ready before.
        """
        sources = [
            f"alias://{alias}" if alias else f"asset://{sha256}" for sha256, alias, is_new in uploads if alias or is_new
        ]
        if sources:
            await self._jobs.create(tx, self._job_of(sources, tenant))
