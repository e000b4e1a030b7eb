"""Jobs and their chunks. The tables of the queue are its engine's own, and hold nothing that is not here."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def _count(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def upgrade() -> None:
    """Go to this step."""
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=255), nullable=False),
        sa.Column("credential", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("input", sa.JSON(), nullable=False),
        _count("chunks"),
        _count("chunks_done"),
        _count("chunks_failed"),
        _count("chunks_cancelled"),
        _count("items"),
        _count("items_done"),
        _count("items_skipped"),
        _count("items_failed"),
        _count("retries"),
        _count("losses"),
        sa.Column("error_code", sa.String(length=64), nullable=False),
        sa.Column("error_detail", sa.String(length=1024), nullable=False),
        sa.Column("webhook", sa.String(length=2048), nullable=False),
        sa.Column("webhook_state", sa.String(length=16), nullable=False),
        sa.Column("webhook_attempts", sa.Integer(), nullable=False),
        sa.Column("webhook_due", sa.BigInteger(), nullable=True),
        _count("version"),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("started", sa.BigInteger(), nullable=True),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.name"], name=op.f("fk_jobs_tenant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
    )
    op.create_index(op.f("ix_jobs_tenant_id"), "jobs", ["tenant", "id"], unique=False)
    op.create_index(op.f("ix_jobs_state_kind"), "jobs", ["state", "kind"], unique=False)
    op.create_index(op.f("ix_jobs_ended"), "jobs", ["ended"], unique=False)
    op.create_index(op.f("ix_jobs_webhook_state_webhook_due"), "jobs", ["webhook_state", "webhook_due"], unique=False)
    op.create_table(
        "job_chunks",
        sa.Column("job", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        _count("items"),
        _count("position"),
        _count("items_done"),
        _count("items_skipped"),
        _count("items_failed"),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("losses", sa.Integer(), nullable=False),
        _count("lost_at"),
        sa.Column("error_code", sa.String(length=64), nullable=False),
        sa.Column("error_detail", sa.String(length=1024), nullable=False),
        sa.Column("lease_owner", sa.String(length=32), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["job"], ["jobs.id"], name=op.f("fk_job_chunks_job")),
        sa.PrimaryKeyConstraint("job", "number", name=op.f("pk_job_chunks")),
    )
    op.create_index(
        op.f("ix_job_chunks_kind_state_rank_due"), "job_chunks", ["kind", "state", "rank", "due"], unique=False
    )
    op.create_index(op.f("ix_job_chunks_state_lease_until"), "job_chunks", ["state", "lease_until"], unique=False)


def downgrade() -> None:
    """Go back to the step before."""
    op.drop_table("job_chunks")
    op.drop_table("jobs")
