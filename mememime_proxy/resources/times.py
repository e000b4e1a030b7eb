"""Moments as JSON tells them."""

from __future__ import annotations

from datetime import UTC, datetime


def rfc3339(moment: int) -> str:
    """Milliseconds since 1970 as RFC 3339 has them, in UTC."""
    return datetime.fromtimestamp(moment / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def rfc3339_or_none(moment: int | None) -> str | None:
    """The same, where there is one."""
    return None if moment is None else rfc3339(moment)
