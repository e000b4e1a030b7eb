"""What became of files, one by one and all together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

State = Literal["uploaded", "present", "planned", "failed", "same", "missing", "differs"]
"""Of an upload: ``uploaded``, ``present`` (nothing had to be sent), ``planned`` (a dry run), ``failed``.
Of a comparison: ``same``, ``missing`` (the service has it not), ``differs`` (the alias leads elsewhere), ``failed``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one file."""

    path: str
    place: str
    state: State
    sha256: str = ""
    size: int = 0
    alias: str = ""
    """As the service spells it."""
    version: int = 0
    reason: str = ""


@dataclass(kw_only=True)
class Totals:
    """Sums of one run."""

    files: int = 0
    """Files found so far."""
    size: int = 0
    """Bytes of them."""
    sent: int = 0
    """Bytes that went out."""
    states: dict[str, int] = field(default_factory=dict)

    def add(self, outcome: Outcome) -> None:
        """Counts one file's end."""
        self.states[outcome.state] = self.states.get(outcome.state, 0) + 1

    @property
    def done(self) -> int:
        """Files that came to an end, good or bad."""
        return sum(self.states.values())

    @property
    def clean(self) -> bool:
        """Whether all is as it was wanted."""
        return not self.states.keys() & {"failed", "missing", "differs"}
