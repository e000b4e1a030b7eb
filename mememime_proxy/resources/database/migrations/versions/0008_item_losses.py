"""A chunk says which of its items runs alone, and which of them have lost their workers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Go to this step."""
    op.add_column("job_chunks", sa.Column("begun", sa.BigInteger(), nullable=False, server_default="-1"))
    op.add_column("job_chunks", sa.Column("item_losses", sa.JSON(), nullable=True))


def downgrade() -> None:
    """Go back to the step before."""
    op.drop_column("job_chunks", "item_losses")
    op.drop_column("job_chunks", "begun")
