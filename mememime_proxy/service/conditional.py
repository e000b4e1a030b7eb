"""Conditional requests (RFC 9110, section 13): entity tags, HTTP dates, and the order in which they are evaluated.

Pure functions over header texts. An entity tag is its text as HTTP has it: ``"abc"``, or ``W/"abc"`` where it is weak.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_tz
from enum import Enum

from multidict import MultiMapping

ANY = "*"
"""Stands for any current representation, in If-Match and If-None-Match."""

_ENTITY_TAG = r'(?:W/)?"[\x21\x23-\x7e\x80-\U0010ffff]*"'
_NEXT_TAG = re.compile(rf"[ \t,]*({_ENTITY_TAG})[ \t]*(?=,|$)")
_WHOLE_TAG = re.compile(_ENTITY_TAG)


@dataclass(frozen=True, slots=True)
class Representation:
    """The validators of the selected representation; '' = it has none."""

    etag: str = ""
    last_modified: str = ""
    """An HTTP date."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preconditions:
    """The precondition headers of a request; '' = the request has none."""

    if_match: str = ""
    if_none_match: str = ""
    if_modified_since: str = ""
    if_unmodified_since: str = ""
    if_range: str = ""

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Preconditions:
        """Read the precondition headers. Several lines of a list header are one list."""
        return cls(
            if_match=field_value(headers, "If-Match"),
            if_none_match=field_value(headers, "If-None-Match"),
            if_modified_since=headers.get("If-Modified-Since", "").strip(),
            if_unmodified_since=headers.get("If-Unmodified-Since", "").strip(),
            if_range=headers.get("If-Range", "").strip(),
        )


class Decision(Enum):
    """Outcomes of a conditional request."""

    PROCEED = "proceed"
    """Answer as if there was no condition; a Range header counts."""
    IGNORE_RANGE = "ignore range"
    """If-Range names another state: send the complete representation."""
    NOT_MODIFIED = "not modified"
    """Answer 304."""
    FAILED = "failed"
    """Answer 412."""


def evaluate(conditions: Preconditions, current: Representation | None, *, safe: bool = True) -> Decision:
    """Decide what to do with a request, in the order of RFC 9110, section 13.2.2.

    ``current``: the selected representation; None where there is none. ``safe``: the method is GET or HEAD.
    """
    if conditions.if_match:
        if not if_match_holds(conditions.if_match, current):
            return Decision.FAILED
    elif conditions.if_unmodified_since and not _is_unmodified(conditions.if_unmodified_since, current, default=True):
        return Decision.FAILED
    if conditions.if_none_match:
        if not if_none_match_holds(conditions.if_none_match, current):
            return Decision.NOT_MODIFIED if safe else Decision.FAILED
    elif safe and conditions.if_modified_since and _is_unmodified(conditions.if_modified_since, current, default=False):
        return Decision.NOT_MODIFIED
    if conditions.if_range and safe and not if_range_holds(conditions.if_range, current):
        return Decision.IGNORE_RANGE
    return Decision.PROCEED


def if_match_holds(header: str, current: Representation | None) -> bool:
    """Whether If-Match is true: one of its tags is the current one, in the strong comparison (13.1.1)."""
    tags = parse_etags(header)
    return current is not None and (tags == (ANY,) or any_strong_match(current.etag, tags))


def if_none_match_holds(header: str, current: Representation | None) -> bool:
    """Whether If-None-Match is true: none of its tags is the current one, in the weak comparison (13.1.2)."""
    tags = parse_etags(header)
    return current is None or not (tags == (ANY,) or any_weak_match(current.etag, tags))


def if_range_holds(header: str, current: Representation | None) -> bool:
    """Whether If-Range is true: its strong tag is the current one, or its date is exactly Last-Modified (13.1.5)."""
    if current is None:
        return False
    if _WHOLE_TAG.fullmatch(header):
        return strong_match(header, current.etag)
    date = parse_http_date(header)
    return date is not None and date == parse_http_date(current.last_modified)


def is_modified_since(date: str, last_modified: str) -> bool:
    """Whether ``last_modified`` is later than ``date``; true where one of them is no HTTP date (13.1.3)."""
    since, modified = parse_http_date(date), parse_http_date(last_modified)
    return since is None or modified is None or modified > since


def _is_unmodified(date: str, current: Representation | None, *, default: bool) -> bool:
    """Whether the representation is not later than ``date``; ``default`` where one of them has no HTTP date."""
    since = parse_http_date(date)
    modified = parse_http_date(current.last_modified) if current is not None else None
    return default if since is None or modified is None else modified <= since


def parse_etags(header: str) -> tuple[str, ...]:
    """Return the entity tags of an If-Match or If-None-Match header; ``(ANY,)`` for ``*``.

    A comma inside quotes belongs to its tag. Parsing ends at the first text that is no entity tag: what follows is
    ignored.
    """
    header = header.strip()
    if header == ANY:
        return (ANY,)
    tags, position = [], 0
    while match := _NEXT_TAG.match(header, position):
        tags.append(match[1])
        position = match.end()
    return tuple(tags)


def weak_match(first: str, second: str) -> bool:
    """Compare two entity tags whether or not they are weak (8.8.3.2). An empty text matches nothing."""
    return bool(first) and first.removeprefix("W/") == second.removeprefix("W/")


def strong_match(first: str, second: str) -> bool:
    """Compare two entity tags, neither of which may be weak (8.8.3.2). An empty text matches nothing."""
    return bool(first) and first == second and not first.startswith("W/")


def any_weak_match(etag: str, tags: Iterable[str]) -> bool:
    """Whether ``etag`` matches one of ``tags`` in the weak comparison."""
    return any(weak_match(etag, tag) for tag in tags)


def any_strong_match(etag: str, tags: Iterable[str]) -> bool:
    """Whether ``etag`` matches one of ``tags`` in the strong comparison."""
    return any(strong_match(etag, tag) for tag in tags)


def parse_http_date(text: str) -> int | None:
    """Return an HTTP date, in any of the three forms of RFC 9110, section 5.6.7, as seconds since 1970.

    None for any other text. A date without a zone is in UTC.
    """
    fields = parsedate_tz(text)
    if fields is None:
        return None
    try:
        date = datetime(*fields[:6], tzinfo=UTC) - timedelta(seconds=fields[9] or 0)
    except (ValueError, OverflowError):
        return None
    return int(date.timestamp())


def field_value(headers: Mapping[str, str], name: str) -> str:
    """Return the combined value of a header: several lines are one list (5.3); '' where there is none."""
    lines = headers.getall(name, []) if isinstance(headers, MultiMapping) else [headers.get(name, "")]
    return ", ".join(line.strip() for line in lines)
