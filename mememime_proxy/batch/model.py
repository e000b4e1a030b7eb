"""Items of a batch, what came of them, and the interface of what works on them."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

import msgspec

from mememime_proxy.errors import MememimeError


class BatchItem(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """One original of an input: a chunk carries it as a short array."""

    source: str
    """URL of the original, as a request would name it: ``asset://…``, ``local:///…``, ``https://…``."""
    options: str = ""
    """Options as in a URL, in place of those of the command; '' = those of the command."""
    name: str = ""
    """For file names: an alias or a path, without the extension; '' = made from the source."""
    changed: float = 0.0
    """Unix time of the original's last change, where the input knows it; 0 = unknown."""
    size: int = 0
    """Its bytes, where the input knows them; 0 = unknown."""


class UnitState(enum.StrEnum):
    """What came of a unit."""

    DONE = "done"
    SKIPPED = "skipped"
    """There already."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitOutcome:
    """The outcome of one unit: of one variant for ``render``, of one original for other commands."""

    source: str
    unit: str
    """Which unit of the original, as ``card@webp``; '' where an original is one unit."""
    state: UnitState
    error: MememimeError | OSError | None = None
    size: int = 0
    """Bytes that were written."""
    file: str = ""
    """Key of the file that was written, where the result is a file."""
    sha256: str = ""
    """Of that file."""

    @property
    def code(self) -> str:
        """Code of the error, as docs/errors.md has it; '' without one."""
        return "" if self.error is None else getattr(self.error, "code", MememimeError.code)


class UnitLine(msgspec.Struct, kw_only=True, omit_defaults=True):
    """An outcome as a line of JSON: of reports, and of what a chunk stores."""

    source: str
    unit: str = ""
    state: str
    error: str = ""
    detail: str = ""
    size: int = 0
    file: str = ""
    sha256: str = ""

    @classmethod
    def of(cls, outcome: UnitOutcome) -> UnitLine:
        """Return the line of an outcome."""
        return cls(
            source=outcome.source,
            unit=outcome.unit,
            state=outcome.state.value,
            error=outcome.code,
            detail="" if outcome.error is None else str(outcome.error)[:_MAX_DETAIL],
            size=outcome.size,
            file=outcome.file,
            sha256=outcome.sha256,
        )


_MAX_DETAIL = 500
"""Characters of an error's detail in a line."""


class ItemWorker(Protocol):
    """Works on the items of one chunk."""

    def units(self, item: BatchItem) -> Sequence[str]:
        """Return the names of an item's units."""
        ...

    async def process(self, item: BatchItem) -> Sequence[UnitOutcome]:
        """Work on an item, and return an outcome for each unit. It bears to be repeated: what is there is skipped.

        An error that it raises is that of every unit.
        """
        ...


class BatchHandler(Protocol):
    """What a command does, opened once for a process."""

    def chunk(self, items: Sequence[BatchItem]) -> AbstractAsyncContextManager[ItemWorker]:
        """Return the worker for a chunk; its end records what the chunk has written."""
        ...
