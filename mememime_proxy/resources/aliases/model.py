"""Aliases as values: what one stands for, its rows, and the condition of a change."""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple, Self

import msgspec
from sqlalchemy import Row

from mememime_proxy.errors import RequestError, VersionError
from mememime_proxy.resources.assets.model import AssetRow
from mememime_proxy.resources.database.states import AliasAction, AliasState

_VERSION: Final = re.compile(r'"(\d{1,9})"', re.ASCII)


class AliasContent(NamedTuple):
    """Target and attributes of an alias; ``sha256`` '' in the version of a deletion."""

    sha256: str = ""
    focal: tuple[float, float] | None = None
    """Focal point, from 0 to 1 each way."""
    preset: str = ""
    tags: tuple[str, ...] = ()

    @classmethod
    def of_row(cls, row: Row[Any]) -> Self:
        """Return the content of a row of ALIASES or ALIAS_VERSIONS."""
        focal = None if row.focal_x is None or row.focal_y is None else (row.focal_x, row.focal_y)
        return cls(row.sha256 or "", focal, row.preset, tuple(row.tags))

    def columns(self) -> dict[str, Any]:
        """Return the same as columns of both tables."""
        x, y = self.focal or (None, None)
        return {
            "sha256": self.sha256 or None,
            "focal_x": x,
            "focal_y": y,
            "preset": self.preset,
            "tags": list(dict.fromkeys(self.tags)),
        }


class AliasRow(NamedTuple):
    """An active alias and the asset that it names. Times are milliseconds since 1970."""

    name: str
    tenant: str
    version: int
    content: AliasContent
    created: int
    changed: int
    asset: AssetRow


class AliasVersionRow(NamedTuple):
    """One version of an alias."""

    version: int
    action: AliasAction
    content: AliasContent
    credential: str
    """Id of the credential that created the version."""
    changed: int


class AliasChange(NamedTuple):
    """The version that a change has made, and whether there was no active alias before."""

    version: int
    created: bool


class AliasCondition(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """The state that an alias has to be in for a change (RFC 9110 13.1); by default any."""

    version: int | None = None
    """If-Match with this version."""
    exists: bool = False
    """If-Match: *."""
    absent: bool = False
    """If-None-Match: *."""

    @classmethod
    def of_headers(cls, if_match: str, if_none_match: str) -> Self:
        """Return the condition of two header values, '' = absent. RequestError for other than ``*`` or a version."""
        match, none_match = if_match.strip(), if_none_match.strip()
        if match and none_match:
            raise RequestError("found both If-Match and If-None-Match, expected one of them")
        if none_match:
            if none_match != "*":
                raise RequestError(f"found If-None-Match: {none_match[:80]}, expected *")
            return cls(absent=True)
        if match == "*":
            return cls(exists=True)
        if match:
            version = _VERSION.fullmatch(match)
            if version is None:
                raise RequestError(f'found If-Match: {match[:80]}, expected * or one version as "7"')
            return cls(version=int(version[1]))
        return cls()

    def check(self, name: str, state: AliasState | None, version: int) -> None:
        """Raise VersionError unless an alias in this state (None: no row) and version meets the condition."""
        active = state == AliasState.ACTIVE
        if self.absent and active:
            raise VersionError(f"the alias {name} exists, in version {version}")
        if (self.exists or self.version is not None) and not active:
            raise VersionError(f"there is no alias {name}")
        if self.version is not None and version != self.version:
            raise VersionError(f"the alias {name} is in version {version}")


UNCONDITIONAL: Final = AliasCondition()
