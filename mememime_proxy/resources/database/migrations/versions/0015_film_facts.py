"""What workers found out about films and sound."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Go to this step."""
    op.create_table(
        "film_facts",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("facts", sa.LargeBinary(), nullable=False),
        sa.Column("has_loudness", sa.Boolean(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["sha256"], ["assets.sha256"], name=op.f("fk_film_facts_sha256")),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_film_facts")),
    )


def downgrade() -> None:
    """Go back to the step before. What is not known is found out again by each proxy."""
    op.drop_table("film_facts")
