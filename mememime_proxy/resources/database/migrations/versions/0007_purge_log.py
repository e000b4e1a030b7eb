"""The log of purges that proxies read, and the last number that was given in it."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Go to this step."""
    op.create_table(
        "purges",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.Column("source", sa.String(length=1200), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purges")),
    )
    op.create_index(op.f("ix_purges_number"), "purges", ["number"], unique=True)
    head = op.create_table(
        "purge_head",
        sa.Column("log", sa.String(length=32), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("log", name=op.f("pk_purge_head")),
    )
    op.bulk_insert(head, [{"log": secrets.token_hex(16), "number": 0}])


def downgrade() -> None:
    """Go back to the step before."""
    op.drop_table("purge_head")
    op.drop_table("purges")
