"""Differences between the database and the storage."""

from __future__ import annotations

import enum
from collections import Counter
from dataclasses import dataclass, field


class DifferenceKind(enum.StrEnum):
    """Kinds of differences, and what the reconciler does about each."""

    ORPHAN_ASSET = "asset without a row"
    """The object is removed."""
    ORPHAN_CHUNK = "chunk without a row"
    """The object is removed."""
    ORPHAN_INCOMING = "incoming object without an upload"
    """The object is removed."""
    MISSING_ASSET = "asset without its object"
    """A ready asset is quarantined until the same bytes are uploaded; the row of a deleted one is removed."""
    WRONG_SIZE = "asset of another size"
    """The asset is quarantined."""
    MISSING_CHUNK = "chunk without its object"
    """Its upload fails; the row of a finished upload is removed."""
    RETURNED = "asset whose object is back"
    """The scrubber hashes it, and makes the asset ready again if the digest is right."""
    STUCK_ASSET = "asset that nobody goes on with"
    """It is removed, so that it can be uploaded again. One that a tenant had before is hashed."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference."""

    kind: DifferenceKind
    key: str
    mended: bool


@dataclass(slots=True)
class Report:
    """The result of a run."""

    objects: int = 0
    rows: int = 0
    young: int = 0
    """Differences within the grace period, which are not repaired."""
    too_many: bool = False
    """No asset was repaired, because too large a share of them differs."""
    strangers: int = 0
    """Objects with keys of other programs, which are ignored."""
    found: Counter[DifferenceKind] = field(default_factory=Counter)
    mended: Counter[DifferenceKind] = field(default_factory=Counter)

    @property
    def left(self) -> int:
        """Differences that were not repaired."""
        return self.found.total() - self.mended.total()
