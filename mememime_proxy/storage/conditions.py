"""Conditions and spans, for storages that do not judge these themselves."""

from __future__ import annotations

from email.utils import formatdate, parsedate_to_datetime

from mememime_proxy.errors import RangeNotSatisfiableError
from mememime_proxy.storage.protocol import ObjectInfo, Span


def http_date(seconds: float) -> str:
    """Seconds since the epoch as HTTP writes them; what is below a second is cut off."""
    return formatdate(int(seconds), usegmt=True)


def holds(tags: str, etag: str) -> bool:
    """Whether one of the entity tags of an If-None-Match header stands for ``etag``."""
    return not {tag.strip().removeprefix("W/") for tag in tags.split(",")}.isdisjoint({etag.removeprefix("W/"), "*"})


def modified_since(date: str, last_modified: str) -> bool:
    """Whether ``last_modified`` is later than ``date``; so it is, too, where one of them is no date."""
    try:
        return parsedate_to_datetime(last_modified) > parsedate_to_datetime(date)
    except (TypeError, ValueError):
        return True


def is_unchanged(info: ObjectInfo, if_none_match: str, if_modified_since: str) -> bool:
    """Whether a reader with these conditions has the object already (RFC 9110 13.2.2)."""
    if if_none_match:
        return holds(if_none_match, info.etag)
    return bool(if_modified_since) and not modified_since(if_modified_since, info.last_modified)


def bounds(span: Span | None, size: int) -> tuple[int, int]:
    """First byte of ``span`` and the one behind its last.

    RangeNotSatisfiableError where an object of ``size`` bytes ends before.
    """
    if span is None:
        return 0, size
    if span.first is None:
        start, end = max(0, size - (span.last or 0)), size
    else:
        start, end = span.first, size if span.last is None else min(size, span.last + 1)
    if start >= end:
        raise RangeNotSatisfiableError(f"the object has {size} bytes")
    return start, end
