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
    WRONG_SIZE = "asset with a wrong size"
    """The asset is quarantined."""
    MISSING_CHUNK = "chunk without its object"
    """Its upload fails; the row of a finished upload is removed."""
    RESTORED_ASSET = "asset with a restored object"
    """The scrubber hashes it, and makes the asset ready again if the digest is right."""
    STUCK_ASSET = "asset in an unfinished state"
    """It is removed, so that it can be uploaded again. One that a tenant had before is hashed."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference."""

    kind: DifferenceKind
    key: str
    repaired: bool


@dataclass(slots=True)
class Report:
    """The result of a run."""

    objects: int = 0
    rows: int = 0
    in_grace_period: int = 0
    """Differences within the grace period, which are not repaired."""
    share_exceeded: bool = False
    """No asset was repaired, because too large a share of them differs."""
    foreign_objects: int = 0
    """Objects whose keys are not those of this service; they are ignored."""
    differences: Counter[DifferenceKind] = field(default_factory=Counter)
    repairs: Counter[DifferenceKind] = field(default_factory=Counter)

    @property
    def remaining(self) -> int:
        """Number of differences that were not repaired."""
        return self.differences.total() - self.repairs.total()
