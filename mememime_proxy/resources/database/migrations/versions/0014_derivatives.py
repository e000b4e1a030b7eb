"""Derivatives of assets."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0012"


def upgrade() -> None:
    """Go to this step."""
    op.create_table(
        "derivatives",
        sa.Column("tenant", sa.String(length=255), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("plan", sa.String(length=32), nullable=False),
        sa.Column("format", sa.String(length=8), nullable=False),
        sa.Column("options", sa.String(length=1024), nullable=False),
        sa.Column("job", sa.String(length=32), nullable=False),
        sa.Column("result", sa.String(length=64), nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["sha256"], ["assets.sha256"], name=op.f("fk_derivatives_sha256")),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.name"], name=op.f("fk_derivatives_tenant")),
        sa.PrimaryKeyConstraint("tenant", "sha256", "plan", name=op.f("pk_derivatives")),
    )
    op.create_index(op.f("ix_derivatives_sha256"), "derivatives", ["sha256"], unique=False)


def downgrade() -> None:
    """Go back to the step before. The assets that were made stay."""
    op.drop_table("derivatives")
