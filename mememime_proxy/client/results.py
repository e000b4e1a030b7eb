"""Results: the outcome of each file, and the totals of a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

State = Literal["uploaded", "present", "planned", "failed", "same", "missing", "differs"]
"""Of an upload: ``uploaded``, ``present`` (nothing had to be sent), ``planned`` (a dry run), ``failed``.
Of a verification: ``same``, ``missing``, ``differs`` (the alias has another target), ``failed``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The result of one file."""

    path: str
    place: str
    state: State
    sha256: str = ""
    size: int = 0
    alias: str = ""
    """As the service normalises it."""
    version: int = 0
    reason: str = ""


@dataclass(kw_only=True)
class Totals:
    """Sums of one run."""

    files: int = 0
    """Files so far."""
    size: int = 0
    """Bytes of them."""
    sent: int = 0
    """Bytes that were sent."""
    states: dict[str, int] = field(default_factory=dict)

    def add(self, outcome: Outcome) -> None:
        """Count the outcome of one file."""
        self.states[outcome.state] = self.states.get(outcome.state, 0) + 1

    @property
    def finished(self) -> int:
        """Files that are finished or failed."""
        return sum(self.states.values())

    @property
    def is_clean(self) -> bool:
        """Whether every file is on the service as wanted."""
        return not self.states.keys() & {"failed", "missing", "differs"}
