"""Jobs have names, by which the same batch is found again; a chunk has a place for what its handler reports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Go to this step."""
    op.add_column("jobs", sa.Column("name", sa.String(length=64), nullable=False, server_default=""))
    op.create_index(op.f("ix_jobs_name"), "jobs", ["name"], unique=False)
    op.add_column("job_chunks", sa.Column("results", sa.JSON(), nullable=True))


def downgrade() -> None:
    """Go back to the step before."""
    op.drop_column("job_chunks", "results")
    op.drop_index(op.f("ix_jobs_name"), table_name="jobs")
    op.drop_column("jobs", "name")
