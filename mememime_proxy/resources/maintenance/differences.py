"""What can be wrong between the database and the storage."""

from __future__ import annotations

import enum
from collections import Counter
from dataclasses import dataclass, field


class Kind(enum.StrEnum):
    """What is wrong, and what is done about it."""

    ORPHAN_ASSET = "asset without a row"
    """The object is removed."""
    ORPHAN_PIECE = "piece without a row"
    """The object is removed."""
    ORPHAN_INCOMING = "incoming object without an upload"
    """The object is removed."""
    MISSING_ASSET = "asset without its object"
    """A ready one is quarantined, until the same bytes come again; a deleted one is forgotten."""
    WRONG_SIZE = "asset of another size"
    """It is quarantined."""
    MISSING_PIECE = "piece without its object"
    """Its upload fails; where that has ended, the row goes."""
    RETURNED = "asset whose object is back"
    """It is hashed soon, and in service again if it is right (``scrub``)."""
    STUCK_ASSET = "asset that nobody goes on with"
    """It is removed, and whoever brings it again begins anew. One that somebody had before is hashed."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is wrong."""

    kind: Kind
    key: str
    mended: bool


@dataclass(slots=True)
class Report:
    """What a run saw."""

    objects: int = 0
    rows: int = 0
    young: int = 0
    """Differences within the grace period, left alone."""
    too_many: bool = False
    """Assets were left alone because so many are lost or nobody's."""
    strangers: int = 0
    """Objects whose keys are not of our making, left alone."""
    found: Counter[Kind] = field(default_factory=Counter)
    mended: Counter[Kind] = field(default_factory=Counter)

    @property
    def left(self) -> int:
        """Differences that are still there."""
        return self.found.total() - self.mended.total()
