"""The resource service on a read replica: which methods a path has there, and where changes go."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from mememime_proxy.resources.http.router import RouteMatch

_URL_CHARACTERS: Final = "%/:?#[]@!$&'()*+,;=~"


def allow(match: RouteMatch, *, read_only: bool) -> str:
    """Return the field value of Allow for a path."""
    return ", ".join(sorted({*(match.readable if read_only else match.allowed), "OPTIONS"}))


def writer_link(writer: str, raw_path: str) -> str:
    """Return the field value of Link that names the same path at the writer (RFC 8288; ``edit`` is of RFC 5023).

    ``writer``: the URL of the service that takes changes. ``raw_path``: as received, with the query.
    """
    return f'<{writer.rstrip("/")}{quote(raw_path, safe=_URL_CHARACTERS)}>; rel="edit"'
