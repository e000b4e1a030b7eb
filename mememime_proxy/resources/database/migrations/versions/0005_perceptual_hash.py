"""The perceptual hash of an asset as a number, and an index for each of its four bands of 16 bits."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
_SHIFTS = (0, 16, 32, 48)
_POSTGRESQL = """
UPDATE assets SET phash = CAST(CAST('x' || (facts ->> 'phash') AS bit(64)) AS bigint)
WHERE facts ->> 'phash' ~ '^[0-9a-f]{16}$'
"""
# SQLite reads no hexadecimal digits from a text: each is looked up and moved to its place.
_DIGITS = " | ".join(
    f"((instr('0123456789abcdef', substr(json_extract(facts, '$.phash'), {place}, 1)) - 1) << {64 - 4 * place})"
    for place in range(1, 17)
)
_SQLITE = f"""
UPDATE assets SET phash = {_DIGITS}
WHERE length(json_extract(facts, '$.phash')) = 16 AND json_extract(facts, '$.phash') NOT GLOB '*[^0-9a-f]*'
"""  # noqa: S608 - constants


def upgrade() -> None:
    """Go to this step."""
    op.add_column("assets", sa.Column("phash", sa.BigInteger(), nullable=True))
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    op.execute(sa.text(_POSTGRESQL if is_postgresql else _SQLITE))
    for number, shift in enumerate(_SHIFTS):
        op.create_index(
            op.f(f"ix_assets_phash_band_{number}"), "assets", [sa.text(f"((phash >> {shift}) & 65535)")], unique=False
        )
    if is_postgresql:
        # Without statistics of the expressions each band is expected to match a share of all rows.
        op.execute("ANALYZE assets")


def downgrade() -> None:
    """Go back to the step before. The facts keep the hash."""
    for number in range(len(_SHIFTS)):
        op.drop_index(op.f(f"ix_assets_phash_band_{number}"), table_name="assets")
    op.execute("ALTER TABLE assets DROP COLUMN phash")
