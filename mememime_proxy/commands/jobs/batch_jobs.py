"""``mememime batch status``, ``retry``, ``cancel`` and ``report``: batches that are jobs in the database."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import click
import msgspec

from mememime_proxy.batch.engines.queue import BatchJobs, open_batch_jobs
from mememime_proxy.batch.queue_run import write_report
from mememime_proxy.batch.spec import JOB_KIND
from mememime_proxy.errors import BatchUsageError, DatabaseError, MememimeError, SettingsError
from mememime_proxy.jobs.document import JobDocument
from mememime_proxy.jobs.model import JobRow
from mememime_proxy.settings.settings import Settings, load

_UNREACHABLE = 3
_LISTED = 20
T = TypeVar("T")


def run(action: Callable[[Settings, BatchJobs], Awaitable[T]]) -> T:
    """Return what ``action`` returns for the batches of the settings' database; its errors end the command."""

    async def call() -> T:
        settings = load(keys_needed=False)
        async with open_batch_jobs(settings) as jobs:
            return await action(settings, jobs)

    try:
        return asyncio.run(call())
    except (BatchUsageError, SettingsError) as error:
        raise click.UsageError(error.detail) from None
    except DatabaseError as error:
        click.echo(f"Error: {error.detail}", err=True)
        raise SystemExit(_UNREACHABLE) from None
    except MememimeError as error:
        raise click.ClickException(error.detail) from None


@click.command()
@click.argument("job", required=False, default="")
def status(job: str) -> None:
    """Show the batch JOB, by its name or id, as JSON; without it, the last twenty."""

    async def find(_settings: Settings, jobs: BatchJobs) -> list[JobRow]:
        return [await jobs.find(job)] if job else await jobs.jobs.page(None, kind=JOB_KIND, limit=_LISTED)

    for row in run(find):
        _print(row)


@click.command()
@click.argument("job")
def retry(job: str) -> None:
    """Run again what has failed or was cancelled of the batch JOB."""
    _print(run(lambda _, jobs: _change(jobs, job, jobs.jobs.retry)))


@click.command()
@click.argument("job")
def cancel(job: str) -> None:
    """Cancel the batch JOB: workers let go of it within half a second; what was made stays."""
    _print(run(lambda _, jobs: _change(jobs, job, jobs.jobs.cancel)))


@click.command()
@click.argument("job")
def report(job: str) -> None:
    """Print a JSON line for each variant of the batch JOB that failed, and for each file that it has written."""

    async def write(settings: Settings, jobs: BatchJobs) -> None:
        await write_report(jobs, await jobs.find(job), settings, sys.stdout)

    run(write)


async def _change(jobs: BatchJobs, name: str, change: Callable[[str, str | None], Awaitable[JobRow]]) -> JobRow:
    return await change((await jobs.find(name)).id, None)


def _print(job: JobRow) -> None:
    document: Any = msgspec.json.encode(JobDocument.of(job))
    click.echo(document.decode())
