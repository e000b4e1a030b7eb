"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
_ALIAS = sa.String(length=1024).with_variant(sa.String(length=1024, collation="C"), "postgresql")


def upgrade() -> None:
    """To this step."""
    op.create_table(
        "assets",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=512), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.String(length=64), nullable=False),
        sa.Column("stored_sha256", sa.String(length=64), nullable=False),
        sa.Column("stored_size", sa.BigInteger(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("checked", sa.BigInteger(), nullable=True),
        sa.Column("deleted", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_assets")),
    )
    op.create_index(op.f("ix_assets_state_changed"), "assets", ["state", "changed"], unique=False)
    op.create_index(op.f("ix_assets_state_checked"), "assets", ["state", "checked"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("source", sa.String(length=1200), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    op.create_index(op.f("ix_outbox_due"), "outbox", ["due"], unique=False)
    op.create_table(
        "tenants",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("max_bytes", sa.BigInteger(), nullable=True),
        sa.Column("max_assets", sa.BigInteger(), nullable=True),
        sa.Column("requests_per_minute", sa.Integer(), nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_tenants")),
    )
    op.create_table(
        "token_uses",
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_token_uses")),
    )
    op.create_index(op.f("ix_token_uses_expires"), "token_uses", ["expires"], unique=False)
    op.create_table(
        "aliases",
        sa.Column("name", _ALIAS, nullable=False),
        sa.Column("skeleton", sa.String(length=1024), nullable=False),
        sa.Column("tenant", sa.String(length=255), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("focal_x", sa.Float(), nullable=True),
        sa.Column("focal_y", sa.Float(), nullable=True),
        sa.Column("preset", sa.String(length=255), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("reusable", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["sha256"], ["assets.sha256"], name=op.f("fk_aliases_sha256")),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.name"], name=op.f("fk_aliases_tenant")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_aliases")),
        sa.UniqueConstraint("skeleton", name=op.f("uq_aliases_skeleton")),
    )
    op.create_index(op.f("ix_aliases_reusable"), "aliases", ["reusable"], unique=False)
    op.create_index(op.f("ix_aliases_sha256"), "aliases", ["sha256"], unique=False)
    op.create_index(op.f("ix_aliases_tenant_name"), "aliases", ["tenant", "name"], unique=False)
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("tenant", sa.String(length=255), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("prefix", sa.String(length=255), nullable=False),
        sa.Column("label", sa.String(length=255), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=True),
        sa.Column("revoked", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.name"], name=op.f("fk_api_keys_tenant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
    )
    op.create_table(
        "holdings",
        sa.Column("tenant", sa.String(length=255), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["sha256"], ["assets.sha256"], name=op.f("fk_holdings_sha256")),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.name"], name=op.f("fk_holdings_tenant")),
        sa.PrimaryKeyConstraint("tenant", "sha256", name=op.f("pk_holdings")),
    )
    op.create_index(op.f("ix_holdings_sha256"), "holdings", ["sha256"], unique=False)
    op.create_index(
        op.f("ix_holdings_tenant_created_sha256"), "holdings", ["tenant", "created", "sha256"], unique=False
    )
    op.create_table(
        "uploads",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tenant", sa.String(length=255), nullable=False),
        sa.Column("credential", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=True),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("metadata", sa.JSON(), nullable=False),
        sa.Column("wanted", sa.JSON(), nullable=False),
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.Column("external", sa.String(length=1024), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("problem", sa.String(length=1024), nullable=False),
        sa.Column("lease_owner", sa.String(length=32), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["tenant"], ["tenants.name"], name=op.f("fk_uploads_tenant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uploads")),
    )
    op.create_index(op.f("ix_uploads_expires"), "uploads", ["expires"], unique=False)
    op.create_index(op.f("ix_uploads_state_changed"), "uploads", ["state", "changed"], unique=False)
    op.create_index(op.f("ix_uploads_tenant_state"), "uploads", ["tenant", "state"], unique=False)
    op.create_table(
        "alias_tags",
        sa.Column("name", _ALIAS, nullable=False),
        sa.Column("tag", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(["name"], ["aliases.name"], name=op.f("fk_alias_tags_name")),
        sa.PrimaryKeyConstraint("name", "tag", name=op.f("pk_alias_tags")),
    )
    op.create_index(op.f("ix_alias_tags_tag_name"), "alias_tags", ["tag", "name"], unique=False)
    op.create_table(
        "alias_versions",
        sa.Column("name", _ALIAS, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("focal_x", sa.Float(), nullable=True),
        sa.Column("focal_y", sa.Float(), nullable=True),
        sa.Column("preset", sa.String(length=255), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("credential", sa.String(length=255), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["name"], ["aliases.name"], name=op.f("fk_alias_versions_name")),
        sa.PrimaryKeyConstraint("name", "version", name=op.f("pk_alias_versions")),
    )
    op.create_table(
        "chunks",
        sa.Column("upload", sa.String(length=32), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("object_key", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(["upload"], ["uploads.id"], name=op.f("fk_chunks_upload")),
        sa.PrimaryKeyConstraint("upload", "start", name=op.f("pk_chunks")),
    )


def downgrade() -> None:
    """Back to the step before."""
    op.drop_table("chunks")
    op.drop_table("alias_versions")
    op.drop_index(op.f("ix_alias_tags_tag_name"), table_name="alias_tags")
    op.drop_table("alias_tags")
    op.drop_index(op.f("ix_uploads_tenant_state"), table_name="uploads")
    op.drop_index(op.f("ix_uploads_state_changed"), table_name="uploads")
    op.drop_index(op.f("ix_uploads_expires"), table_name="uploads")
    op.drop_table("uploads")
    op.drop_index(op.f("ix_holdings_tenant_created_sha256"), table_name="holdings")
    op.drop_index(op.f("ix_holdings_sha256"), table_name="holdings")
    op.drop_table("holdings")
    op.drop_table("api_keys")
    op.drop_index(op.f("ix_aliases_tenant_name"), table_name="aliases")
    op.drop_index(op.f("ix_aliases_sha256"), table_name="aliases")
    op.drop_index(op.f("ix_aliases_reusable"), table_name="aliases")
    op.drop_table("aliases")
    op.drop_index(op.f("ix_token_uses_expires"), table_name="token_uses")
    op.drop_table("token_uses")
    op.drop_table("tenants")
    op.drop_index(op.f("ix_outbox_due"), table_name="outbox")
    op.drop_table("outbox")
    op.drop_index(op.f("ix_assets_state_checked"), table_name="assets")
    op.drop_index(op.f("ix_assets_state_changed"), table_name="assets")
    op.drop_table("assets")
