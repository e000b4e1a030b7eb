"""The queue that brings due chunks to workers: PgQueuer on PostgreSQL, its in-memory adapter beside SQLite.

This is the only module that knows the engine. What it carries is a hint: the rows of ``schema`` are the truth, a worker
claims a chunk there, and ``recovery`` fills a queue again that has lost its messages.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.inmemory import InMemoryDriver, InMemoryQueries
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment, QueryQueueBuilder, QuerySchedulerBuilder
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.core.qm import QueueManager
from pgqueuer.domain.errors import PgqException, RetryRequested
from pgqueuer.domain.models import Job as EngineJob
from pgqueuer.domain.models import TableChangedEvent
from pgqueuer.domain.settings import DBSettings, Durability
from pgqueuer.domain.types import Channel, QueueEntrypoint
from pgqueuer.ports.repository import EntrypointExecutionParameter
from sqlalchemy.ext.asyncio import AsyncConnection

from mememime_proxy.errors import DatabaseError, missing_extra
from mememime_proxy.jobs.kinds import JobKind
from mememime_proxy.jobs.model import ChunkKey, Message, Transactions
from mememime_proxy.service.logs import limited_logger

_NAMES: Final = DBSettings(
    prefix="",
    channel=Channel("mememime_jobs"),
    function="job_queue_changed",
    trigger="job_queue_changed",
    queue_table="job_queue",
    queue_table_log="job_queue_log",
    statistics_table="job_queue_statistics",
    schedules_table="job_queue_schedules",
    queue_status_type="job_queue_status",
    durability=Durability.balanced,
)
"""Names of the engine's objects, whatever variables of its own the environment has."""
_INSTALL_LOCK: Final = 0x6D656D6A
"""Number of PostgreSQL's advisory lock."""
_HEARTBEAT: Final = timedelta(seconds=6)
"""Age of a heartbeat after which the engine brings a chunk to another worker: a little more than the lease."""
_POLL: Final = timedelta(seconds=0.5)
"""Between two looks at a queue that has work for which no slot is free; a slot that becomes free wakes it at once."""
_IDLE: Final = timedelta(seconds=15)
"""Between two looks at an empty queue; a new message wakes it at once."""
_AFTER_FAULT: Final = 10.0
"""Seconds after which a chunk is brought again whose delivery ended in a fault of this program."""
_WAKE_MARGIN: Final = 0.05
_SQLALCHEMY_ONLY: Final = ("prepared_statement_cache_size", "prepared_statement_name_func")
_CONNECT_TIMEOUT: Final = 5.0
_COMMAND_TIMEOUT: Final = 30.0
_MIN_BACKOFF, _MAX_BACKOFF = 0.5, 5.0
Deliver = Callable[[ChunkKey], Awaitable[float | None]]
"""Takes a chunk; returns the seconds after which it is to be brought again, or None."""


class _Manager(QueueManager):
    """The engine's loop, with an exact limit: its own is twice what it takes from the queue at once."""

    slots = 1

    async def fetch_jobs(
        self, batch_size: int, global_concurrency_limit: int | None, heartbeat_timeout: timedelta
    ) -> AsyncGenerator[EngineJob, None]:
        entrypoints = {
            name: EntrypointExecutionParameter(executor.parameters.concurrency_limit)
            for name, executor in self.entrypoint_registry.items()
        }
        while not self.shutdown.is_set() and (free := self.slots - len(self.job_context)) > 0:
            jobs = await self.queries.dequeue(
                batch_size=free,
                entrypoints=entrypoints,
                queue_manager_id=self.queue_manager_id,
                global_concurrency_limit=self.slots,
                heartbeat_timeout=heartbeat_timeout,
            )
            if not jobs:
                return
            for job in jobs:
                yield job


class JobQueue:
    """The queue of one process: any may add, and one loop a process takes."""

    def __init__(self, database: Transactions) -> None:
        self._database = database
        self._memory = InMemoryQueries(InMemoryDriver(), **_builders()) if database.dialect == "sqlite" else None
        self._manager: _Manager | None = None
        self._queries: Queries | InMemoryQueries | None = None
        """Of the loop that runs."""
        self._stopping = asyncio.Event()
        self.has_room = asyncio.Event()
        """Set where the queue is in memory, and a worker may want more than it has."""
        self._failures: tuple[type[Exception], ...] = (OSError, TimeoutError, PgqException)
        if self._memory is None:
            self._driver = _driver()
            self._failures += (self._driver.PostgresError, self._driver.InterfaceError)
        self._log = limited_logger("error")
        # While a database is away it writes a traceback several times a second; what it says is in events of ours.
        logging.getLogger("pgqueuer").setLevel(logging.CRITICAL)

    @property
    def is_in_memory(self) -> bool:
        """Whether the messages of this process are its own: others find their work in the rows."""
        return self._memory is not None

    async def start(self) -> None:
        """Create the engine's tables, or bring them up to date. DatabaseError."""
        if self._memory is not None:
            return
        try:
            connection = await self._connect(None)
            try:
                await connection.execute("SELECT pg_advisory_lock($1)", _INSTALL_LOCK)
                queries = _queries(connection)
                if await queries.schema_is_installed():
                    await queries.upgrade()
                else:
                    await queries.install()
            finally:
                await connection.close()
        except self._failures as error:
            raise DatabaseError(f"the queue's tables: {type(error).__name__}: {error}") from error

    async def add(self, tx: AsyncConnection, messages: Sequence[Message]) -> None:
        """Add messages in the caller's transaction; a chunk that has one already gets no second one.

        In memory there is nothing to add where no worker runs in this process.
        """
        if not messages or (self._memory is not None and self._queries is None):
            return
        queries = self._memory or _queries((await tx.get_raw_connection()).driver_connection)
        keys = [_text(message.key) for message in messages]
        try:
            await queries.enqueue(
                [message.kind for message in messages],
                [key.encode() for key in keys],
                [message.priority for message in messages],
                dedupe_key=list(keys),
                on_conflict="skip",
            )
        except self._failures as error:
            raise DatabaseError(f"the queue failed: {type(error).__name__}: {error}") from error

    async def remove(self, tx: AsyncConnection, keys: Sequence[ChunkKey]) -> None:
        """Remove messages that no worker has, in the caller's transaction. DatabaseError.

        In memory they stay: whoever takes one finds that its chunk has ended.
        """
        if self._memory is not None:
            return
        query = f"DELETE FROM {_NAMES.queue_table} WHERE dedupe_key = ANY($1) AND status = 'queued'"  # noqa: S608 - ours
        connection = (await tx.get_raw_connection()).driver_connection
        try:
            await _queries(connection).driver.execute(query, [_text(key) for key in keys])
        except self._failures as error:
            raise DatabaseError(f"the queue failed: {type(error).__name__}: {error}") from error

    async def has_due(self, kind: JobKind) -> bool:
        """Return whether there is a message for this kind that is due and that no worker has. DatabaseError."""
        if (queries := self._queries) is None:
            return False
        try:
            return bool(await queries.eligible_queued_work([QueueEntrypoint(kind.name)]))
        except self._failures as error:
            raise DatabaseError(f"the queue failed: {type(error).__name__}") from error

    async def clear_log(self, kinds: Collection[JobKind]) -> None:
        """Delete what the engine has noted about past messages. DatabaseError."""
        if (queries := self._queries) is None:
            return
        try:
            await queries.clear_queue_log([kind.name for kind in kinds])
        except self._failures as error:
            raise DatabaseError(f"the queue failed: {type(error).__name__}") from error

    async def run(self, kinds: Collection[JobKind], slots: int, deliver: Deliver) -> None:
        """Bring chunks of these kinds, at most ``slots`` at a time, until ``stop``; then wait for those on their way.

        A database that is away is tried again.
        """
        backoff = _MIN_BACKOFF
        while not self._stopping.is_set():
            try:
                if self._memory is not None:
                    await self._take(self._memory, kinds, slots, deliver)
                    continue
                connection = await self._connect(_COMMAND_TIMEOUT)
                try:
                    backoff = _MIN_BACKOFF
                    await self._take(_queries(connection), kinds, slots, deliver)
                finally:
                    connection.terminate()
            except self._failures as error:
                self._log.warning("queue.failed", error=type(error).__name__, detail=str(error))
                try:
                    async with asyncio.timeout(backoff):
                        await self._stopping.wait()
                except TimeoutError:
                    backoff = min(2 * backoff, _MAX_BACKOFF)

    def stop(self) -> None:
        """Take no more messages."""
        self._stopping.set()
        if self._manager is not None:
            self._manager.shutdown.set()

    async def _take(
        self, queries: Queries | InMemoryQueries, kinds: Collection[JobKind], slots: int, deliver: Deliver
    ) -> None:
        wakes: set[asyncio.Task[None]] = set()

        async def run(job: EngineJob) -> None:
            job_id, _, number = (job.payload or b"").decode().partition(":")
            try:
                delay = await deliver(ChunkKey(job_id, int(number)))
            except Exception as error:  # noqa: BLE001 - the outermost place: the engine's own log is off
                self._log.error("queue.delivery_failed", job=job_id, chunk=number, exc_info=error)
                delay = _AFTER_FAULT
            if self.is_in_memory:
                self.has_room.set()
            if delay is not None:
                wake = asyncio.create_task(self.wake(delay + _WAKE_MARGIN))
                wakes.add(wake)
                wake.add_done_callback(wakes.discard)
                raise RetryRequested(timedelta(seconds=delay))

        manager = _Manager(queries, channel=_NAMES.channel)
        manager.slots = slots
        manager.min_dequeue_poll_interval = _POLL
        for kind in kinds:
            manager.entrypoint(kind.name, concurrency_limit=kind.concurrency)(run)
        self._manager, self._queries = manager, queries
        if self._stopping.is_set():
            return
        try:
            await manager.run(
                dequeue_timeout=_IDLE,
                batch_size=1,
                shutdown_on_listener_failure=True,
                heartbeat_timeout=_HEARTBEAT,
                log_aggregation_interval=timedelta(0),
            )
        finally:
            self._manager = self._queries = None
            for wake in wakes:
                wake.cancel()
            await asyncio.gather(*wakes, return_exceptions=True)

    async def wake(self, delay: float = 0) -> None:
        """Let the loops look at the queue: the engine tells them of new messages only, not of those it postpones."""
        if delay:
            await asyncio.sleep(delay)
        if (queries := self._queries) is None:
            return
        event = TableChangedEvent(
            channel=_NAMES.channel,
            operation="update",
            sent_at=datetime.now(UTC),
            table=_NAMES.queue_table,
            type="table_changed_event",
        )
        with contextlib.suppress(*self._failures):
            await queries.driver.notify(_NAMES.channel, event.model_dump_json())

    async def _connect(self, command_timeout: float | None) -> Any:
        """Return a connection of asyncpg, to what SQLAlchemy would connect to."""
        url = self._database.url
        _, arguments = url.get_dialect()().create_connect_args(url)
        for name in _SQLALCHEMY_ONLY:
            arguments.pop(name, None)
        return await self._driver.connect(**arguments, timeout=_CONNECT_TIMEOUT, command_timeout=command_timeout)


def _driver() -> Any:
    """Return the module asyncpg, which the extra ``postgres`` installs. SettingsError where it is missing."""
    try:
        return importlib.import_module("asyncpg")
    except ModuleNotFoundError as error:
        raise missing_extra("MEMEMIME_DATABASE_URL", "postgres") from error


def _text(key: ChunkKey) -> str:
    return f"{key.job}:{key.number}"


def _builders() -> dict[str, Any]:
    return {
        "qbe": QueryBuilderEnvironment(_NAMES),
        "qbq": QueryQueueBuilder(_NAMES),
        "qbs": QuerySchedulerBuilder(_NAMES),
    }


def _queries(connection: Any) -> Queries:
    return Queries(AsyncpgDriver(connection), **_builders())
