"""Results of checks: each says what was looked at, whether it is right, and what was found."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import StrEnum

from mememime_proxy.errors import MememimeError


class State(StrEnum):
    """Result of a check."""

    OK = "ok"
    NOTE = "note"
    """It works, and could be better."""
    WRONG = "wrong"
    """The service does not start, or does not work."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Result of one check."""

    state: State
    check: str
    """Stable name of the check, ``noun.noun``."""
    subject: str
    """What was looked at: a variable, a folder, a bucket, an address."""
    detail: str = ""
    """What was found, and where it is wrong, what is expected."""


def ok(check: str, subject: str, detail: str = "") -> Finding:
    """Return the finding of something that is right."""
    return Finding(State.OK, check, subject, detail)


def note(check: str, subject: str, detail: str) -> Finding:
    """Return the finding of something that works and could be better."""
    return Finding(State.NOTE, check, subject, detail)


def wrong(check: str, subject: str, detail: str) -> Finding:
    """Return the finding of a fault."""
    return Finding(State.WRONG, check, subject, detail)


async def with_faults(check: str, subject: str, findings: AsyncIterator[Finding]) -> AsyncIterator[Finding]:
    """Yield ``findings``; an exception that ends them is a finding, too, so that other checks go on."""
    try:
        async for finding in findings:
            yield finding
    except MememimeError as error:
        for line in error.detail.splitlines():
            yield wrong(check, subject, line)
    except OSError as error:
        yield wrong(check, subject, f"{error.strerror or error}")
    except Exception as error:  # noqa: BLE001 - a fault of a check must not hide the others
        yield wrong(check, subject, f"the check itself failed: {type(error).__name__}: {error}")
