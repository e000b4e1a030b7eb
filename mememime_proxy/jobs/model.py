"""Jobs and chunks as values, and the interface of a database that this room needs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, Self

from sqlalchemy import URL, Row
from sqlalchemy.ext.asyncio import AsyncConnection

from mememime_proxy.jobs.retries import NO_LOSSES, Losses
from mememime_proxy.jobs.states import ENDED_JOBS, JobState, WebhookState


class Transactions(Protocol):
    """A database: transactions that raise DatabaseError where it cannot be had."""

    dialect: str
    """``sqlite`` or ``postgresql``."""
    url: URL

    def read(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """Return a transaction that only reads."""
        ...

    def write(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """Return a transaction that may change rows."""
        ...


class ChunkKey(NamedTuple):
    """The key of a chunk."""

    job: str
    number: int


class Items(NamedTuple):
    """Items by their outcome."""

    done: int = 0
    skipped: int = 0
    failed: int = 0

    def plus(self, other: Items) -> Items:
        """Return the sums."""
        return Items(*(mine + its for mine, its in zip(self, other, strict=True)))

    def minus(self, other: Items) -> Items:
        """Return the differences."""
        return Items(*(mine - its for mine, its in zip(self, other, strict=True)))


@dataclass(frozen=True, slots=True, kw_only=True)
class NewChunk:
    """A chunk to create: about ten seconds of work."""

    payload: Any
    """A JSON value, which the kind's handler reads."""
    items: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """A job to create."""

    kind: str
    tenant: str
    credential: str
    """Id of the credential that creates it, never the secret."""
    chunks: Iterable[NewChunk]
    """At least one."""
    name: str = ""
    """By which it is found again, up to 64 characters."""
    input: Any = None
    """A JSON value that all chunks have in common."""
    priority: int = 0
    """The larger, the sooner."""
    webhook: str = ""
    """URL that is told the end; '' = none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRow:
    """A row of JOBS. Times are milliseconds since 1970."""

    id: str
    tenant: str
    kind: str
    name: str
    state: JobState
    priority: int
    chunks: int
    chunks_done: int
    chunks_failed: int
    chunks_cancelled: int
    items: int
    counts: Items
    retries: int
    losses: int
    error_code: str
    error_detail: str
    webhook: str
    webhook_state: WebhookState
    webhook_attempts: int
    version: int
    created: int
    started: int | None
    changed: int
    ended: int | None

    @property
    def has_ended(self) -> bool:
        """Whether nothing happens to it any more, unless somebody asks for it."""
        return self.state in ENDED_JOBS

    @classmethod
    def of_row(cls, row: Row[Any]) -> Self:
        """Return the job of a row of JOBS."""
        return cls(
            id=row.id,
            tenant=row.tenant,
            kind=row.kind,
            name=row.name,
            state=JobState(row.state),
            priority=row.priority,
            chunks=row.chunks,
            chunks_done=row.chunks_done,
            chunks_failed=row.chunks_failed,
            chunks_cancelled=row.chunks_cancelled,
            items=row.items,
            counts=Items(row.items_done, row.items_skipped, row.items_failed),
            retries=row.retries,
            losses=row.losses,
            error_code=row.error_code,
            error_detail=row.error_detail,
            webhook=row.webhook,
            webhook_state=WebhookState(row.webhook_state),
            webhook_attempts=row.webhook_attempts,
            version=row.version,
            created=row.created,
            started=row.started,
            changed=row.changed,
            ended=row.ended,
        )


async def _record_nothing(_item: int) -> None:
    pass


@dataclass(slots=True, kw_only=True)
class Chunk:
    """A chunk in the hands of a handler."""

    key: ChunkKey
    kind: str
    tenant: str
    priority: int
    job_input: Any
    """What all chunks of the job have in common."""
    payload: Any
    items: int
    tries: int
    due: int
    """Milliseconds since 1970 since when it could have been claimed."""
    position: int = 0
    """Where the handler goes on; 0 at first. It sets it to whatever helps a repetition."""
    counts: Items = field(default_factory=Items)
    """Items of this chunk up to now, repetitions included."""
    results: Any = None
    """A JSON value that is stored when the chunk ends, whether with an error or without."""
    losses: Losses = NO_LOSSES
    """Of workers that ran it before."""
    begin_item: Callable[[int], Awaitable[None]] = _record_nothing
    """Returns when it is stored which item runs alone in the chunk from now on, NO_ITEM = none."""

    @property
    def runs_one_by_one(self) -> bool:
        """Whether a worker of it was lost: a kind that isolates items calls ``begin_item`` before each of them."""
        return bool(self.losses.count or self.losses.items)

    def report(self, position: int, counts: Items) -> None:
        """Set position and counts. They are stored with the next renewal of the lease, in about two seconds."""
        self.position, self.counts = position, counts


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkOutcome:
    """The outcome of a chunk."""

    counts: Items
    """Of all its items."""
    finish: Callable[[AsyncConnection], Awaitable[None]] | None = None
    """Called in the transaction that marks the chunk as done: what it writes happens once, however often it runs."""


class Message(NamedTuple):
    """What the queue carries: a chunk that is due."""

    kind: str
    key: ChunkKey
    priority: int
