"""``mememime work``: start a worker of jobs."""

from __future__ import annotations

from functools import partial

import click

from mememime_proxy.batch.worker import batch_kinds
from mememime_proxy.commands import env_file
from mememime_proxy.resources.job_worker import JobWorkerService
from mememime_proxy.service import process
from mememime_proxy.settings.settings import Settings


def _service(settings: Settings, concurrency: int | None) -> JobWorkerService:
    if concurrency is not None:
        settings = settings.model_copy(update={"job_concurrency": concurrency})
    return JobWorkerService(settings, batch_kinds)


@click.command()
@click.option(
    "--concurrency",
    type=click.IntRange(1, 1000),
    help="Chunks at a time. [default: MEMEMIME_JOB_CONCURRENCY, or one for each CPU]",
)
def work(concurrency: int | None) -> None:
    """Run chunks of jobs until SIGTERM: as many workers on as many machines as you like share one database."""
    process.run(partial(_service, concurrency=concurrency), env_file.current(), keys_needed=False)
