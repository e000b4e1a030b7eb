"""One request to a running service, its target byte for byte as it was given.

The standard library's client is used: it sends a path as it is, and a command needs no event loop for one request.
"""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_MAX_TEXT = 300
_SHOWN = ("Content-Type", "Content-Length", "Cache-Control", "Vary", "ETag", "X-Request-ID")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The response to one GET."""

    status: int
    text: str
    """The start of the body of an error; '' for a picture."""
    headers: dict[str, str] = field(default_factory=dict)


def ask(server: str, request: str, headers: Mapping[str, str], timeout: float) -> Answer:
    """Return the response of ``server`` (http://host:port) to the request target. Raises OSError, ValueError."""
    parts = urlsplit(server)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"found {server!r}, expected http://host:port")
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname, parts.port, timeout=timeout)
    try:
        connection.request("GET", request, headers=dict(headers))
        response = connection.getresponse()
        is_error = response.status >= 300
        text = response.read(4 * _MAX_TEXT).decode("utf-8", "replace") if is_error else ""
    except http.client.HTTPException as error:
        raise OSError(f"this is no HTTP server: {error!r}") from error
    finally:
        connection.close()
    shown = {name: value for name in _SHOWN if (value := response.headers.get(name))}
    if location := response.headers.get("Location"):
        shown["Location"] = location
    return Answer(status=response.status, text=" ".join(text.split())[:_MAX_TEXT], headers=shown)
