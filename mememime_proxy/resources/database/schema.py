"""The tables. Times are milliseconds since 1970, UTC; digests are SHA-256 in 64 hexadecimal digits."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    text,
)  # fmt: skip

from mememime_proxy.jobs import schema as jobs_schema
from mememime_proxy.resources.database.perceptual_hash import BANDS

METADATA: Final = jobs_schema.METADATA
"""Of all tables of the database: jobs refer to tenants."""

_DIGEST = String(64)
_ID = String(32)
_NAME = String(255)
# By code points in both databases and in every locale: lists by prefix are ranges of the index.
_ALIAS = String(1024).with_variant(String(1024, collation="C"), "postgresql")


def _time(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, BigInteger, nullable=nullable)


TENANTS: Final = Table(
    "tenants",
    METADATA,
    Column("name", _NAME, primary_key=True),
    Column("max_bytes", BigInteger),
    Column("max_assets", BigInteger),
    Column("requests_per_minute", Integer),
    _time("created"),
)

API_KEYS: Final = Table(
    "api_keys",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("hash", _DIGEST, nullable=False),
    Column("tenant", _NAME, ForeignKey("tenants.name"), nullable=False),
    Column("role", String(16), nullable=False),
    Column("prefix", _NAME, nullable=False),
    Column("label", _NAME, nullable=False),
    _time("created"),
    _time("expires", nullable=True),
    _time("revoked", nullable=True),
)

# Of the console. They end with the key that they were begun with.
SESSIONS: Final = Table(
    "sessions",
    METADATA,
    Column("id", _ID, primary_key=True),
    # The id of an API key, or "admin" for that of the settings, and the hash of its secret.
    Column("key_id", _ID, nullable=False),
    Column("key_hash", _DIGEST, nullable=False),
    _time("created"),
    _time("used"),
    Index(None, "used"),
)

TOKEN_USES: Final = Table(
    "token_uses",
    METADATA,
    Column("token", _ID, primary_key=True),
    Column("uses", Integer, nullable=False),
    _time("expires"),
    Index(None, "expires"),
)

ASSETS: Final = Table(
    "assets",
    METADATA,
    Column("sha256", _DIGEST, primary_key=True),
    Column("state", String(16), nullable=False),
    # Why it is quarantined: the code of an error or of a finding of maintenance, and in words.
    Column("reason", String(512), nullable=False, default=""),
    Column("reason_detail", String(512), nullable=False, default=""),
    Column("size", BigInteger, nullable=False),
    Column("media_type", String(64), nullable=False, default=""),
    Column("stored_sha256", _DIGEST, nullable=False),
    Column("stored_size", BigInteger, nullable=False),
    Column("facts", JSON, nullable=False),
    # The perceptual hash of the facts, as a signed number; none before the asset was verified.
    Column("phash", BigInteger),
    # Of the facts, to filter by; see assets.lifted. The color is the number 0xRRGGBB.
    Column("width", Integer),
    Column("height", Integer),
    Column("dominant_color", Integer),
    _time("created"),
    _time("changed"),
    _time("checked", nullable=True),
    _time("deleted", nullable=True),
    Index(None, "state", "changed"),
    Index(None, "state", "checked"),
    Index(None, "created", "sha256"),
    Index(None, "size", "sha256"),
    *(Index(f"ix_assets_phash_band_{number}", text(band)) for number, band in enumerate(BANDS)),
)

HOLDINGS: Final = Table(
    "holdings",
    METADATA,
    Column("tenant", _NAME, ForeignKey("tenants.name"), primary_key=True),
    Column("sha256", _DIGEST, ForeignKey("assets.sha256"), primary_key=True),
    # That of the asset, which never changes: lists by size are read from one index.
    Column("size", BigInteger, nullable=False, server_default="0"),
    # The name of the file that was uploaded first, without its folder; '' = unknown.
    Column("filename", _NAME, nullable=False, server_default=""),
    _time("created"),
    Index(None, "sha256"),
    Index(None, "tenant", "created", "sha256"),
    Index(None, "tenant", "size", "sha256"),
)

# What jobs have made, or are to make, of a film or of sound. The bytes of an asset are always the same, so one plan
# is carried out once.
DERIVATIVES: Final = Table(
    "derivatives",
    METADATA,
    Column("tenant", _NAME, ForeignKey("tenants.name"), primary_key=True),
    # Of the original.
    Column("sha256", _DIGEST, ForeignKey("assets.sha256"), primary_key=True),
    # A digest of format and options.
    Column("plan", _ID, primary_key=True),
    Column("format", String(8), nullable=False),
    Column("options", String(1024), nullable=False),
    Column("job", _ID, nullable=False),
    # The asset that was made; NULL = not yet, or the derivative is no file.
    Column("result", _DIGEST),
    _time("created"),
    Index(None, "sha256"),
)

FILM_FACTS: Final = Table(
    "film_facts",
    METADATA,
    Column("sha256", _DIGEST, ForeignKey("assets.sha256"), primary_key=True),
    # MessagePack of the workers for films.
    Column("facts", LargeBinary, nullable=False),
    Column("has_loudness", Boolean, nullable=False),
    _time("created"),
)

UPLOADS: Final = Table(
    "uploads",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("tenant", _NAME, ForeignKey("tenants.name"), nullable=False),
    Column("credential", _NAME, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("length", BigInteger),
    Column("received", BigInteger, nullable=False),
    Column("metadata", JSON, nullable=False),
    Column("intent", JSON, nullable=False),
    # Role, alias prefix and token claims of the principal that created the upload and for which it is finished.
    Column("principal", JSON, nullable=False),
    Column("size_limit", BigInteger, nullable=False),
    # Of a final upload: the ids of its partial ones, in their order.
    Column("parts", JSON, nullable=False),
    # Of a joined partial upload: the id of its final one.
    Column("final_upload", _ID),
    # Of a multipart upload: bytes of each part but the last.
    Column("part_size", BigInteger),
    # Of a multipart upload: its id in the storage; '' once there is nothing left to abort.
    Column("storage_upload_id", String(1024), nullable=False, default=""),
    # Of a finished upload: its asset.
    Column("sha256", _DIGEST),
    Column("error_code", String(64), nullable=False, default=""),
    Column("error_detail", String(1024), nullable=False, default=""),
    Column("lease_owner", _ID),
    _time("lease_until", nullable=True),
    _time("created"),
    _time("changed"),
    _time("expires"),
    Index(None, "expires"),
    Index(None, "tenant", "state"),
    Index(None, "state", "changed"),
)

CHUNKS: Final = Table(
    "chunks",
    METADATA,
    Column("upload", _ID, ForeignKey("uploads.id"), primary_key=True),
    Column("start", BigInteger, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("sha256", _DIGEST, nullable=False),
    Column("object_key", String(255), nullable=False),
)

ALIASES: Final = Table(
    "aliases",
    METADATA,
    Column("name", _ALIAS, primary_key=True),
    Column("skeleton", String(1024), nullable=False, unique=True),
    Column("tenant", _NAME, ForeignKey("tenants.name"), nullable=False),
    Column("state", String(16), nullable=False),
    Column("version", Integer, nullable=False),
    Column("sha256", _DIGEST, ForeignKey("assets.sha256")),
    Column("focal_x", Float),
    Column("focal_y", Float),
    Column("preset", _NAME, nullable=False, default=""),
    Column("tags", JSON, nullable=False),
    _time("created"),
    _time("changed"),
    _time("reusable", nullable=True),
    Index(None, "reusable"),
    Index(None, "sha256"),
    Index(None, "tenant", "name"),
)

ALIAS_TAGS: Final = Table(
    "alias_tags",
    METADATA,
    Column("name", _ALIAS, ForeignKey("aliases.name"), primary_key=True),
    Column("tag", _NAME, primary_key=True),
    Index(None, "tag", "name"),
)

ALIAS_VERSIONS: Final = Table(
    "alias_versions",
    METADATA,
    Column("name", _ALIAS, ForeignKey("aliases.name"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("action", String(16), nullable=False),
    Column("sha256", _DIGEST),
    Column("focal_x", Float),
    Column("focal_y", Float),
    Column("preset", _NAME, nullable=False, default=""),
    Column("tags", JSON, nullable=False),
    Column("credential", _NAME, nullable=False),
    _time("changed"),
    Index(None, "changed"),
)

OUTBOX: Final = Table(
    "outbox",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("source", String(1200), nullable=False),
    Column("attempts", Integer, nullable=False),
    _time("created"),
    _time("due"),
    Index(None, "due"),
)

PURGES: Final = Table(
    "purges",
    METADATA,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    # Given after the commit, see aliases.purge_log: a reader that has one has all smaller ones. None = not yet.
    Column("number", BigInteger),
    Column("source", String(1200), nullable=False),
    _time("created"),
    Index(None, "number", unique=True),
)

# One row.
PURGE_HEAD: Final = Table(
    "purge_head",
    METADATA,
    # Names the log: numbers of another one say nothing.
    Column("log", _ID, primary_key=True),
    # The last number given. It outlives the rows.
    Column("number", BigInteger, nullable=False),
)
