"""The worker of jobs as a service: ``mememime work``."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from mememime_proxy.errors import SettingsError
from mememime_proxy.jobs.claims import Claims
from mememime_proxy.jobs.kinds import JobKind
from mememime_proxy.jobs.metrics import JobMetrics
from mememime_proxy.jobs.queue import JobQueue
from mememime_proxy.jobs.recovery import Recovery
from mememime_proxy.jobs.repository import Jobs
from mememime_proxy.jobs.webhooks import WebhookSender
from mememime_proxy.jobs.worker import JobWorker
from mememime_proxy.resources.aliases.purge_job import purge_kind
from mememime_proxy.resources.database.engine import Database, now
from mememime_proxy.resources.database.migrate import bring_up
from mememime_proxy.resources.database.outbox import Outbox
from mememime_proxy.service.server import Listeners, metrics_server
from mememime_proxy.settings import sections
from mememime_proxy.settings.addresses import listen_address
from mememime_proxy.settings.checks import SettingsCheck, check_all, check_writes
from mememime_proxy.settings.settings import Settings
from mememime_proxy.workers.process_memory import ProcessMeter


def _check_database(settings: Settings) -> None:
    if not settings.database_url:
        raise SettingsError("MEMEMIME_DATABASE_URL: found nothing, which a worker of jobs needs")
    check_writes(settings, "a worker of jobs")
    Database(settings.database_url)


def _check_metrics(settings: Settings) -> None:
    if settings.prometheus_bind:
        listen_address(settings.prometheus_bind, "tcp", "MEMEMIME_PROMETHEUS_BIND")


_CHECKS: tuple[SettingsCheck, ...] = (_check_database, _check_metrics, sections.sources_config)


@dataclass(frozen=True, slots=True)
class WorkerParts:
    """The parts of a worker that kinds of jobs may use."""

    settings: Settings
    jobs: Jobs
    metrics: JobMetrics


KindsOf = Callable[[WorkerParts], AbstractAsyncContextManager[Sequence[JobKind]]]
"""Opens further kinds of jobs that a worker runs, and closes them when none of their chunks runs any more."""


@contextlib.asynccontextmanager
async def no_kinds(_parts: WorkerParts) -> AsyncIterator[Sequence[JobKind]]:
    """Yield no further kind."""
    yield ()


class JobWorkerService:
    """A running worker. ``start`` opens everything, ``stop`` lets chunks finish and closes everything."""

    def __init__(self, settings: Settings, more_kinds: KindsOf = no_kinds) -> None:
        """Raise SettingsError, with a line for each fault. ``more_kinds``: beside those of the resource service."""
        check_all(settings, _CHECKS)
        self.settings = settings
        self.metrics = JobMetrics(settings.prometheus_namespace)
        self._database = Database(settings.database_url)
        self._more_kinds = more_kinds
        self._listeners = Listeners(settings.graceful_stop_timeout)
        self._meter = ProcessMeter(lambda: (os.getpid(),))
        self.addresses: list[str] = []
        """None: jobs come through the database."""
        self.metrics_addresses: list[str] = []
        """Addresses with metrics for Prometheus."""

    @property
    def sandbox(self) -> tuple[str, ...]:
        """No layers: it has no worker processes of its own."""
        return ()

    async def start(self) -> None:
        """Return when jobs are taken. Raises SettingsError, DatabaseError or OSError."""
        settings = self.settings
        async with contextlib.AsyncExitStack() as undo:
            await bring_up(settings.database_url)
            await self._database.start()
            undo.push_async_callback(self._database.close)
            queue = JobQueue(self._database)
            await queue.start()
            # Rows are delivered by the resource service: here they are only written.
            # Whether there are proxies to send them to, the service knows; the janitor deletes what nobody sends.
            outbox = Outbox(lambda: None)
            parts = WorkerParts(settings, Jobs(self._database, queue, now), self.metrics)
            more_kinds = await undo.enter_async_context(self._more_kinds(parts))
            kinds = (purge_kind(outbox, now), *more_kinds)
            self._webhooks = WebhookSender(
                self._database, now, settings.webhook_key, sections.sources_config(settings), self.metrics
            )
            await self._webhooks.start()
            undo.push_async_callback(self._webhooks.close)
            slots = settings.job_slots
            claims = Claims(self._database, now, {kind.name for kind in kinds if kind.isolates})
            worker = JobWorker(claims, queue, kinds, self.metrics, slots, self._webhooks.wake)
            worker.start()
            undo.push_async_callback(worker.close, settings.graceful_stop_timeout)
            recovery = Recovery(self._database, queue, kinds, now, slots)
            recovery.start()
            undo.push_async_callback(recovery.close)
            if settings.prometheus_bind:
                address = listen_address(settings.prometheus_bind, "tcp", "MEMEMIME_PROMETHEUS_BIND")
                server = metrics_server(self.metrics.registry, self._meter.read)
                self.metrics_addresses = await self._listeners.open(server, address)
            self._opened = undo.pop_all()

    async def reload(self, settings: Settings) -> None:
        """Check the new settings: none of those that a worker reads can change while it runs."""
        check_all(settings, _CHECKS)
        self.settings = settings

    async def stop(self) -> None:
        """Take no more chunks, wait for those that run up to GRACEFUL_STOP_TIMEOUT, and close everything."""
        await self._listeners.close()
        await self._opened.aclose()
