"""Changes of aliases by their time."""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Go to this step."""
    op.create_index(op.f("ix_alias_versions_changed"), "alias_versions", ["changed"], unique=False)


def downgrade() -> None:
    """Go back to the step before."""
    op.drop_index(op.f("ix_alias_versions_changed"), table_name="alias_versions")
