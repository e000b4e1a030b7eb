"""The tables of jobs and of their chunks, and the metadata that all tables of the database share.

Times are milliseconds since 1970, UTC.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, Integer, MetaData, String, Table

METADATA: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _count(name: str) -> Column[Any]:
    return Column(name, BigInteger, nullable=False, default=0)


JOBS: Final = Table(
    "jobs",
    METADATA,
    # Its first 12 digits are the time of its creation, so that jobs are in the order of their ids.
    Column("id", String(32), primary_key=True),
    Column("tenant", String(255), ForeignKey("tenants.name"), nullable=False),
    Column("credential", String(255), nullable=False),
    Column("kind", String(32), nullable=False),
    # By which the one who creates it finds it again; '' = it has none.
    Column("name", String(64), nullable=False, default="", server_default=""),
    Column("state", String(16), nullable=False),
    Column("priority", Integer, nullable=False),
    # What all chunks have in common, as the kind reads it.
    Column("input", JSON, nullable=False),
    # Chunks by the state that they ended in; the others are queued or running.
    _count("chunks"),
    _count("chunks_done"),
    _count("chunks_failed"),
    _count("chunks_cancelled"),
    _count("items"),
    _count("items_done"),
    _count("items_skipped"),
    _count("items_failed"),
    # Repetitions of chunks: after errors that pass, and after the loss of a worker.
    _count("retries"),
    _count("losses"),
    # The first error that a chunk ended with.
    Column("error_code", String(64), nullable=False, default=""),
    Column("error_detail", String(1024), nullable=False, default=""),
    Column("webhook", String(2048), nullable=False, default=""),
    Column("webhook_state", String(16), nullable=False, default=""),
    Column("webhook_attempts", Integer, nullable=False, default=0),
    Column("webhook_due", BigInteger),
    # Raised by each change: the id of the event that tells it.
    Column("version", BigInteger, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("started", BigInteger),
    Column("changed", BigInteger, nullable=False),
    Column("ended", BigInteger),
    Index(None, "tenant", "id"),
    Index(None, "name"),
    Index(None, "state", "kind"),
    Index(None, "ended"),
    Index(None, "webhook_state", "webhook_due"),
)

JOB_CHUNKS: Final = Table(
    "job_chunks",
    METADATA,
    Column("job", String(32), ForeignKey("jobs.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    # The job's priority, negated: the index has the most urgent chunk first.
    Column("rank", Integer, nullable=False),
    Column("payload", JSON, nullable=False),
    _count("items"),
    # Where a repetition goes on: the handler's own number.
    _count("position"),
    _count("items_done"),
    _count("items_skipped"),
    _count("items_failed"),
    # Errors that pass; losses of a worker, in a row and without progress; the position at the last one.
    Column("tries", Integer, nullable=False, default=0),
    Column("losses", Integer, nullable=False, default=0),
    Column("lost_at", BigInteger, nullable=False, default=-1),
    # The item that runs alone in the chunk, -1 = none; losses of a worker by such items, as JSON; NULL = none.
    Column("begun", BigInteger, nullable=False, default=-1, server_default="-1"),
    Column("item_losses", JSON(none_as_null=True)),
    Column("error_code", String(64), nullable=False, default=""),
    Column("error_detail", String(1024), nullable=False, default=""),
    # What the handler reports at the end, as JSON; NULL = nothing.
    Column("results", JSON(none_as_null=True)),
    Column("lease_owner", String(32)),
    Column("lease_until", BigInteger),
    Column("due", BigInteger, nullable=False),
    Column("changed", BigInteger, nullable=False),
    Index(None, "kind", "state", "rank", "due"),
    Index(None, "state", "lease_until"),
)
