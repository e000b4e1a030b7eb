"""One meaning a column: intent and principal of an upload, its parts, its error; the reason of an asset.

- ``wanted`` had two encodings. The intent (digest, alias, condition) has a column, in one encoding; so have the
  principal and the size limit.
- ``parts`` had the partial uploads of a final one, the final upload of a partial one, or a size of parts.
- A joined partial upload has its own length and offset, which ``wanted`` had for it.
- ``problem`` and an asset's ``reason`` had the name of an error's class and its detail in one text.

What a multipart upload may do, if a token has begun it, was not in its row: such an upload expires if it is open.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
_BATCH = 500
_ROLES = {1: "read", 2: "write", 3: "admin"}
_DEFECTS = {
    "the stored bytes are missing": "object.missing",
    "the stored bytes are corrupt": "object.corrupt",
    "the bytes were removed": "object.removed",
}
_UPLOADS = sa.table(
    "uploads",
    *(sa.column(name) for name in ("id", "kind", "state", "credential", "problem", "storage_upload_id")),
    *(sa.column(name, sa.BigInteger) for name in ("length", "received", "size_limit", "part_size")),
    *(sa.column(name) for name in ("final_upload", "error_code", "error_detail")),
    *(sa.column(name, sa.JSON) for name in ("wanted", "parts", "intent", "principal")),
)
_ASSETS = sa.table("assets", *(sa.column(name) for name in ("sha256", "reason", "reason_detail")))


def upgrade() -> None:
    """Go to this step."""
    op.execute("ALTER TABLE uploads RENAME COLUMN external TO storage_upload_id")
    for column in (
        sa.Column("intent", sa.JSON(), nullable=False, server_default="{}"),
        sa.Column("principal", sa.JSON(), nullable=False, server_default="{}"),
        sa.Column("size_limit", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("final_upload", sa.String(length=32), nullable=True),
        sa.Column("part_size", sa.BigInteger(), nullable=True),
        sa.Column("error_code", sa.String(length=64), nullable=False, server_default=""),
        sa.Column("error_detail", sa.String(length=1024), nullable=False, server_default=""),
    ):
        op.add_column("uploads", column)
    op.add_column("assets", sa.Column("reason_detail", sa.String(length=512), nullable=False, server_default=""))
    connection = op.get_bind()
    for row in _rows(connection, _UPLOADS, _UPLOADS.c.id):
        connection.execute(sa.update(_UPLOADS).where(_UPLOADS.c.id == row.id).values(**_upload(row)))
    for row in _rows(connection, _ASSETS, _ASSETS.c.sha256, _ASSETS.c.reason != ""):
        reason, detail = _DEFECTS.get(row.reason, ""), row.reason
        if not reason:
            reason, detail = _error(row.reason)
        connection.execute(
            sa.update(_ASSETS).where(_ASSETS.c.sha256 == row.sha256).values(reason=reason, reason_detail=detail)
        )
    op.execute("ALTER TABLE uploads DROP COLUMN wanted")
    op.execute("ALTER TABLE uploads DROP COLUMN problem")


def downgrade() -> None:
    """Go back to the step before. Uploads and their chunks are lost; assets and aliases are not."""
    op.execute("DELETE FROM chunks")
    op.execute("DELETE FROM uploads")
    op.execute(
        "UPDATE assets SET reason = CASE WHEN reason LIKE 'object.%' THEN reason_detail"
        " ELSE reason || ': ' || reason_detail END WHERE reason != ''"
    )
    op.execute("ALTER TABLE assets DROP COLUMN reason_detail")
    for name in ("intent", "principal", "size_limit", "final_upload", "part_size", "error_code", "error_detail"):
        op.execute(f"ALTER TABLE uploads DROP COLUMN {name}")
    op.add_column("uploads", sa.Column("wanted", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("uploads", sa.Column("problem", sa.String(length=1024), nullable=False, server_default=""))
    op.execute("ALTER TABLE uploads RENAME COLUMN storage_upload_id TO external")


def _rows(connection: sa.Connection, table: Any, key: Any, *where: Any) -> Iterator[Any]:
    page, last = sa.select(table).where(*where).order_by(key).limit(_BATCH), ""
    while rows := connection.execute(page.where(key > last)).all():
        yield from rows
        last = rows[-1][0]


def _upload(row: Any) -> dict[str, Any]:
    """Return the new columns of an upload."""
    wanted = row.wanted
    code, detail = _error(row.problem)
    columns: dict[str, Any] = {"error_code": code, "error_detail": detail}
    intent = {name: wanted[name] for name in ("sha256", "alias") if wanted.get(name)}
    principal: dict[str, Any] = {"role": _ROLES[wanted.get("role", 2)]}
    if row.kind == "multipart":
        version, exists, absent = wanted.get("condition") or (None, False, False)
        condition = {"version": version, "exists": exists, "absent": absent}
        columns |= {"part_size": row.parts[0], "parts": [], "size_limit": row.length}
        if row.credential.startswith("token:") and row.state in {"receiving", "verifying"}:
            columns["state"] = "expired"
    else:
        condition = wanted.get("condition", {})
        columns["size_limit"] = wanted.get("limit", row.length or 0)
        if wanted.get("prefix"):
            principal["prefix"] = wanted["prefix"]
        if wanted.get("token"):
            claims = {"id": wanted["token"], "types": wanted.get("types", []), "sha256": wanted.get("only", "")}
            principal["claims"] = {name: value for name, value in claims.items() if value}
    if row.kind == "joined":
        length = wanted.get("length", 0)
        columns |= {"final_upload": row.parts[0], "parts": [], "length": length, "received": length}
    condition = {name: value for name, value in condition.items() if value not in (None, False)}
    if condition:
        intent["condition"] = condition
    return columns | {"intent": intent, "principal": principal}


def _error(text: str) -> tuple[str, str]:
    """Return the name of the error's class and its detail; ('', text) for a text without a name."""
    name, separator, detail = text.partition(": ")
    return (name, detail) if separator and name.isidentifier() else ("", text)
