"""Kinds of jobs: a name and a handler. Whoever starts a worker says which kinds it runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from mememime_proxy.jobs.model import Chunk, ChunkOutcome

Handler = Callable[[Chunk], Awaitable[ChunkOutcome]]
"""Works on one chunk.

It may be repeated, from ``chunk.position`` on: what it does outside of ``ChunkOutcome.finish`` must bear that. It is
cancelled when its job is cancelled, when its lease is lost, when it takes too long, and when the worker stops. An error
whose cause passes (``retries.passes``) lets it be tried again; any other one ends the chunk.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobKind:
    """A kind of job."""

    name: str
    run: Handler
    concurrency: int = 0
    """Chunks of it at the same time, in all workers of a PostgreSQL, or in one worker with SQLite; 0 = no limit."""
    timeout: float = 300.0
    """Seconds after which a chunk is cancelled and tried again."""
    isolates: bool = False
    """Whether it runs the items of a chunk that has lost a worker one by one and says which (``Chunk.begin_item``).

    It fails those that have lost too many (``retries.MAX_LOSSES``) instead of running them.
    """
