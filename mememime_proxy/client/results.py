"""Results: the outcome of each file, and the totals of a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal, Protocol

State = Literal["uploaded", "present", "planned", "failed", "same", "missing", "differs", "left_out"]
"""Of an upload: ``uploaded``, ``present`` (nothing had to be sent), ``planned`` (a dry run), ``failed``.
Of a verification: ``same``, ``missing``, ``differs`` (the alias has another target), ``failed``.
Of both: ``left_out`` (the filter of names, or no file)."""
_EXAMPLES: Final = 5
_REASONS: Final = 50
"""Different reasons that are counted; files with others are counted together."""


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


class OutcomeReceiver(Protocol):
    """A receiver of the events of a run while it goes on."""

    def file_found(self, size: int) -> None:
        """Record that a file was scanned."""
        ...

    def add_sent(self, size: int) -> None:
        """Count bytes that were sent; negative where bytes have to be sent again."""
        ...

    def add_resumed(self, size: int) -> None:
        """Count bytes that the service has from an earlier run."""
        ...

    def file_finished(self, outcome: Outcome) -> None:
        """Record the outcome of a file."""
        ...


@dataclass(kw_only=True)
class LeftOut:
    """What was left out for one reason."""

    count: int = 0
    examples: list[str] = field(default_factory=list)
    """Paths of the first ones."""


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
    left_out: dict[str, LeftOut] = field(default_factory=dict)
    """By reason."""

    def add(self, outcome: Outcome) -> None:
        """Count the outcome of one file."""
        self.states[outcome.state] = self.states.get(outcome.state, 0) + 1
        if outcome.state == "left_out":
            known = outcome.reason in self.left_out or len(self.left_out) < _REASONS
            group = self.left_out.setdefault(outcome.reason if known else "other reasons", LeftOut())
            group.count += 1
            if len(group.examples) < _EXAMPLES:
                group.examples.append(outcome.path)

    @property
    def found(self) -> int:
        """Files so far, with those that could not be opened."""
        return max(self.files, self.finished - self.states.get("left_out", 0))

    @property
    def finished(self) -> int:
        """Files that are finished, failed or left out."""
        return sum(self.states.values())

    @property
    def is_clean(self) -> bool:
        """Whether every file is on the service as wanted."""
        return not self.states.keys() & {"failed", "missing", "differs"}
