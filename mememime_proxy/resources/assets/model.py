"""Assets as values: the row, and the JSON that clients get."""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Mapping
from typing import Annotated, Any, Final, NamedTuple, Self

import msgspec
from msgspec import Meta
from sqlalchemy import Row

from mememime_proxy.asset_facts import AssetFacts
from mememime_proxy.resources.database.states import AssetState
from mememime_proxy.resources.times import rfc3339, rfc3339_or_none

Digest = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
"""SHA-256 in hexadecimal."""


_LONG_FACTS: Final = ("palette", "histogram")
"""Those that lists leave out."""


class AssetDefect(enum.StrEnum):
    """Why maintenance quarantined an asset. After the first two it is ready again when the right bytes come."""

    MISSING = "object.missing"
    CORRUPT = "object.corrupt"
    REMOVED = "object.removed"
    """The object is deleted, but an alias points at the asset."""

    @property
    def detail(self) -> str:
        """The finding in words."""
        return _DETAILS[self]


_DETAILS = {
    AssetDefect.MISSING: "the stored bytes are missing",
    AssetDefect.CORRUPT: "the stored bytes are corrupt",
    AssetDefect.REMOVED: "the bytes were removed",
}


class AssetRow(NamedTuple):
    """A row of ASSETS. Times are milliseconds since 1970."""

    sha256: str
    state: AssetState
    reason: str
    reason_detail: str
    size: int
    media_type: str
    stored_sha256: str
    stored_size: int
    facts: Mapping[str, Any]
    """As ``AssetFacts`` in JSON; empty before the asset was verified."""
    created: int
    changed: int
    checked: int | None
    """When its object was last read back; None = due now."""
    deleted: int | None

    @classmethod
    def of_row(cls, row: Row[Any], prefix: str = "") -> Self:
        """Return the asset of a row whose columns have the names of the fields, behind ``prefix``."""
        columns = row._mapping
        values = {name: columns[prefix + name] for name in cls._fields}
        return cls(**values | {"state": AssetState(values["state"])})


class Asset(msgspec.Struct, kw_only=True, omit_defaults=True):
    """An asset: the bytes that have this digest. Its stored bytes may be packed otherwise, with the same pixels."""

    sha256: Digest
    state: str
    size: int
    reason: str = ""
    media_type: str = ""
    stored_sha256: str = ""
    stored_size: int = 0
    facts: AssetFacts | None = None
    created: str
    changed: str
    deleted: str | None = None
    alias: str | None = None
    """The alias that the upload has set, in its response."""
    alias_version: int | None = None
    filename: str = ""
    """Of the file that it came from, to its tenant."""

    @classmethod
    def of_row(
        cls, row: AssetRow, alias: str | None = None, alias_version: int | None = None, filename: str = ""
    ) -> Self:
        """Return the JSON of a row."""
        return cls(
            sha256=row.sha256,
            state=row.state,
            reason=f"{row.reason}: {row.reason_detail}" if row.reason else "",
            size=row.size,
            media_type=row.media_type,
            stored_sha256=row.stored_sha256,
            stored_size=row.stored_size,
            facts=msgspec.convert(row.facts, AssetFacts) if row.facts else None,
            created=rfc3339(row.created),
            changed=rfc3339(row.changed),
            deleted=rfc3339_or_none(row.deleted),
            alias=alias,
            alias_version=alias_version,
            filename=filename,
        )

    @classmethod
    def in_list(cls, row: AssetRow, filename: str = "") -> Self:
        """Return the JSON of a row among many: without palette and histogram."""
        facts = {name: value for name, value in row.facts.items() if name not in _LONG_FACTS}
        return cls.of_row(row._replace(facts=facts), filename=filename)

    def etag(self) -> str:
        """Return an entity tag that changes whenever the facts do."""
        digest = hashlib.sha256(f"{self.sha256} {self.state} {self.changed}".encode()).hexdigest()
        return f'"{digest[:32]}"'


class AlikeAsset(msgspec.Struct, kw_only=True):
    """An asset that looks like the one that was asked about."""

    distance: int
    """Bits of the perceptual hash, of 64, that differ."""
    mirrored: bool
    """Whether it looks like the mirrored picture."""
    asset: Asset


class AlikePage(msgspec.Struct, kw_only=True):
    """Assets that look alike, the nearest first; ``more``: there are others within the distance."""

    assets: list[AlikeAsset]
    more: bool


class AssetPage(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Assets, where the next page begins, and how many there are, where that was asked for.

    ``total`` is exact up to 10,000; a larger one is at most some seconds old.
    """

    assets: list[Asset]
    cursor: str | None = None
    total: int | None = None
