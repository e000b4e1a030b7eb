"""JSON documents of aliases: requests, responses, and the cursor of a list."""

from __future__ import annotations

import base64
from typing import Annotated, Self

import msgspec
from msgspec import Meta

from mememime_proxy.asset_facts import Point
from mememime_proxy.errors import AliasNameError, RequestError
from mememime_proxy.resources.aliases.model import AliasContent, AliasRow, AliasVersionRow
from mememime_proxy.resources.assets.model import AssetRow, Digest
from mememime_proxy.resources.times import rfc3339
from mememime_proxy.service.alias_names import normalise

_Share = Annotated[float, Meta(ge=0, le=1)]
_Text = Annotated[str, Meta(max_length=255, pattern=r"^[^\x00]*$")]
Tag = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f,]+$")]
PresetName = Annotated[str, Meta(max_length=255, pattern=r"^[^\x00-\x1f\x7f/]*$")]


class FocalPoint(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """The focal point of the picture: 0 to 1 from the left and from the top."""

    x: _Share
    y: _Share

    @classmethod
    def of_content(cls, content: AliasContent) -> Self | None:
        """Return the focal point of an alias's content; None where it has none."""
        return cls(x=content.focal[0], y=content.focal[1]) if content.focal else None


class AliasUpdate(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The new target and attributes of an alias."""

    sha256: Digest
    focal: FocalPoint | None = None
    preset: PresetName = ""
    tags: Annotated[list[Tag], Meta(max_length=50)] = []

    def content(self) -> AliasContent:
        """Return the content of the alias's next version."""
        focal = (self.focal.x, self.focal.y) if self.focal else None
        return AliasContent(sha256=self.sha256, focal=focal, preset=self.preset, tags=tuple(self.tags))


class AliasAsset(msgspec.Struct, kw_only=True):
    """The facts of an alias's asset that are needed to show it."""

    sha256: str
    state: str
    size: int
    media_type: str
    stored_sha256: str
    stored_size: int
    width: int
    height: int
    saliency: Point | None = None

    @classmethod
    def of_row(cls, row: AssetRow) -> Self:
        """Return the document of a row."""
        saliency = row.facts.get("saliency")
        return cls(
            sha256=row.sha256,
            state=row.state,
            size=row.size,
            media_type=row.media_type,
            stored_sha256=row.stored_sha256,
            stored_size=row.stored_size,
            width=row.facts.get("width", 0),
            height=row.facts.get("height", 0),
            saliency=msgspec.convert(saliency, Point) if saliency else None,
        )


class Alias(msgspec.Struct, kw_only=True):
    """An alias: a human name, its asset, and its attributes."""

    name: str
    sha256: str
    version: int
    focal: FocalPoint | None
    preset: str
    tags: list[str]
    tenant: str
    created: str
    changed: str
    asset: AliasAsset

    @classmethod
    def of_row(cls, row: AliasRow) -> Self:
        """Return the document of a row."""
        return cls(
            name=row.name,
            sha256=row.content.sha256,
            version=row.version,
            focal=FocalPoint.of_content(row.content),
            preset=row.content.preset,
            tags=list(row.content.tags),
            tenant=row.tenant,
            created=rfc3339(row.created),
            changed=rfc3339(row.changed),
            asset=AliasAsset.of_row(row.asset),
        )


class AliasPage(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A page of aliases in the order of their names; ``cursor``: that of the next page."""

    aliases: list[Alias]
    cursor: str | None = None


class AliasQuery(msgspec.Struct, kw_only=True):
    """Filters of a list of aliases. ``q``: text that the name contains."""

    prefix: _Text = ""
    tag: _Text = ""
    q: _Text = ""
    cursor: Annotated[str, Meta(max_length=2000)] = ""
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100


class AliasVersion(msgspec.Struct, kw_only=True):
    """One version of an alias; ``sha256`` null: the alias was deleted."""

    version: int
    action: str
    sha256: str | None
    focal: FocalPoint | None
    preset: str
    tags: list[str]
    by: str
    changed: str

    @classmethod
    def of_row(cls, row: AliasVersionRow) -> Self:
        """Return the document of a row."""
        return cls(
            version=row.version,
            action=row.action,
            sha256=row.content.sha256 or None,
            focal=FocalPoint.of_content(row.content),
            preset=row.content.preset,
            tags=list(row.content.tags),
            by=row.credential,
            changed=rfc3339(row.changed),
        )


class VersionList(msgspec.Struct, kw_only=True):
    """Versions of an alias, the newest first, a thousand at most."""

    versions: list[AliasVersion]


class Rollback(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The version to restore."""

    version: Annotated[int, Meta(ge=1, le=1_000_000_000)]


def encode_cursor(name: str) -> str:
    """Return the cursor of the page that begins after the alias ``name``."""
    return base64.urlsafe_b64encode(name.encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> str:
    """Return the name in a cursor; '' for an empty one. Raises RequestError for an invalid one."""
    if not cursor:
        return ""
    try:
        return normalise(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode())
    except (ValueError, AliasNameError):
        raise RequestError("the cursor is invalid") from None
