"""Columns that lists of assets are filtered and sorted by, and the names of files."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0008"
_POSTGRESQL = """
UPDATE assets SET
  width = CAST(facts ->> 'width' AS integer),
  height = CAST(facts ->> 'height' AS integer),
  dominant_color = CASE WHEN facts ->> 'dominant_color' ~ '^#[0-9a-f]{6}$'
    THEN CAST(CAST('x00' || substr(facts ->> 'dominant_color', 2) AS bit(32)) AS integer) END
WHERE facts ->> 'width' IS NOT NULL
"""
# SQLite reads no hexadecimal digits from a text: each is looked up and moved to its place.
_DIGITS = " | ".join(
    f"((instr('0123456789abcdef', substr(json_extract(facts, '$.dominant_color'), {place + 2}, 1)) - 1)"
    f" << {20 - 4 * place})"
    for place in range(6)
)
_SQLITE = f"""
UPDATE assets SET
  width = json_extract(facts, '$.width'),
  height = json_extract(facts, '$.height'),
  dominant_color = CASE WHEN json_extract(facts, '$.dominant_color') GLOB '#{"[0-9a-f]" * 6}' THEN {_DIGITS} END
WHERE json_extract(facts, '$.width') IS NOT NULL
"""  # noqa: S608 - constants
_SIZES = """
UPDATE holdings SET size = (SELECT assets.size FROM assets WHERE assets.sha256 = holdings.sha256)
"""
_INDEXES = (
    ("assets", ("created", "sha256")),
    ("assets", ("size", "sha256")),
    ("holdings", ("tenant", "size", "sha256")),
)


def upgrade() -> None:
    """Go to this step."""
    for name in ("width", "height", "dominant_color"):
        op.add_column("assets", sa.Column(name, sa.Integer(), nullable=True))
    op.add_column("holdings", sa.Column("size", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("holdings", sa.Column("filename", sa.String(length=255), server_default="", nullable=False))
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    op.execute(sa.text(_POSTGRESQL if is_postgresql else _SQLITE))
    op.execute(sa.text(_SIZES))
    for table, columns in _INDEXES:
        op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, list(columns), unique=False)
    if is_postgresql:
        op.execute("ANALYZE assets")
        op.execute("ANALYZE holdings")


def downgrade() -> None:
    """Go back to the step before. The names of files are lost."""
    for table, columns in _INDEXES:
        op.drop_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table_name=table)
    for table, names in (("holdings", ("filename", "size")), ("assets", ("dominant_color", "height", "width"))):
        for name in names:
            op.execute(f"ALTER TABLE {table} DROP COLUMN {name}")
