"""Times in JSON (RFC 3339)."""

from __future__ import annotations

from datetime import UTC, datetime


def rfc3339(milliseconds: int) -> str:
    """Return milliseconds since 1970 as a date and time in UTC."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def rfc3339_or_none(milliseconds: int | None) -> str | None:
    """Return the same, or None."""
    return None if milliseconds is None else rfc3339(milliseconds)
