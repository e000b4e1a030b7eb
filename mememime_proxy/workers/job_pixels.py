"""The pixels and pictures that go with a render to its worker, and the file for pixels that come back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mememime_proxy.decoded import LoadKey


@dataclass(slots=True, eq=False)
class JobPixels:
    """Memory files of one job. They stay the caller's, and open until the job has ended."""

    given: Mapping[LoadKey, int] = field(default_factory=dict)
    """Descriptors of pixels of this original, sealed; at most ``wire.MAX_PIXELS``."""
    file: int = -1
    """An empty file for pixels to hand back; −1 = none are wanted. May be set until the job begins."""
    limit: int = 0
    """Bytes that may come to be in it."""
    pictures: tuple[int, ...] = ()
    """Descriptors of the pictures that the plan names, in the order of ``Plan.pictures``."""
    has_begun: bool = False
    """Whether the job was given to a worker."""

    @property
    def hand_back(self) -> int:
        """Bytes of pixels that are wanted back; 0 = none."""
        return self.limit if self.file >= 0 else 0

    def descriptors(self) -> tuple[int, ...]:
        """Return the descriptors for the worker, behind those of the original and the result."""
        return (*((self.file,) if self.file >= 0 else ()), *self.given.values(), *self.pictures)
