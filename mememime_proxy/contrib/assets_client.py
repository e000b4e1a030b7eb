"""A small client of the resource service for web applications: one request, one answer, no event loop."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import quote, urlsplit

_ERROR: Final = 65_536
"""Bytes of an error that are read."""
_ATTEMPTS: Final = 3
"""Of a change by compare-and-set."""


class ServiceError(OSError):
    """An answer that is no success, with the sentence of the service. ``status`` 0: it did not answer."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status} {text}" if status else text)
        self.status = status


class AssetsClient:
    """Requests with one API key. Objects may be shared by threads: each request has a connection of its own."""

    def __init__(self, url: str, api_key: str, *, timeout: float = 60.0) -> None:
        """``url``: of the resource service, with its path prefix. ValueError for another kind of URL."""
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError(f"found {url!r}, expected http://host:port")
        self._kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._host, self._port, self._prefix = parts.hostname, parts.port, parts.path.rstrip("/")
        self._headers = {"Authorization": f"Bearer {api_key}"}
        self._timeout = timeout

    def upload(self, content: Any, alias: str, filename: str = "") -> dict[str, Any]:
        """Store bytes, or what a binary file has, and point an alias at it; return the asset. ServiceError."""
        query = f"alias={quote(alias, safe='')}" + (f"&filename={quote(filename, safe='')}" if filename else "")
        return self._json("PUT", f"/assets?{query}", content, {"Content-Type": "application/octet-stream"})

    def alias(self, name: str) -> dict[str, Any] | None:
        """Return an alias; None where there is none. ServiceError."""
        try:
            return self._json("GET", _alias(name))
        except ServiceError as error:
            if error.status == http.client.NOT_FOUND:
                return None
            raise

    def delete_alias(self, name: str) -> None:
        """Delete an alias, if it is there. ServiceError."""
        try:
            self._json("DELETE", _alias(name))
        except ServiceError as error:
            if error.status != http.client.NOT_FOUND:
                raise

    def set_focal(self, name: str, x: float, y: float) -> None:
        """Set the focal point of an alias, 0 to 1 from the left and from the top; all else stays. ServiceError."""
        for _ in range(_ATTEMPTS):
            now = self.alias(name)
            if now is None:
                raise ServiceError(http.client.NOT_FOUND, f"there is no alias {name}")
            fields = {"sha256": now["sha256"], "focal": {"x": x, "y": y}, "preset": now["preset"], "tags": now["tags"]}
            headers = {"If-Match": f'"{now["version"]}"', "Content-Type": "application/json"}
            try:
                self._json("PUT", _alias(name), json.dumps(fields).encode(), headers)
            except ServiceError as error:
                if error.status != http.client.PRECONDITION_FAILED:
                    raise
            else:
                return
        raise ServiceError(http.client.PRECONDITION_FAILED, f"the alias {name} is being changed by others; try again")

    def content(self, sha256: str) -> bytes:
        """Return the bytes of an asset. ServiceError."""
        with self._answer("GET", f"/assets/{sha256}/content", None, {}) as response:
            return response.read()

    def upload_token(self, expires_in: int, **claims: Any) -> dict[str, Any]:
        """Return a token for uploads from a browser, ``token`` and ``expires``; claims as POST /tokens has them."""
        body = json.dumps({"expires_in": expires_in, **claims}).encode()
        return self._json("POST", "/tokens", body, {"Content-Type": "application/json"})

    def _json(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        with self._answer(method, path, body, headers or {}) as response:
            content = response.read()
        found: dict[str, Any] = json.loads(content) if content else {}
        return found

    @contextmanager
    def _answer(
        self, method: str, path: str, body: Any, headers: Mapping[str, str]
    ) -> Iterator[http.client.HTTPResponse]:
        connection = self._kind(self._host, self._port, timeout=self._timeout)
        try:
            try:
                connection.request(method, self._prefix + path, body, {**self._headers, **headers})
                response = connection.getresponse()
            except (OSError, http.client.HTTPException) as error:
                raise ServiceError(0, f"the resource service at {self._host} does not answer: {error}") from error
            if response.status >= http.client.MULTIPLE_CHOICES:
                raise ServiceError(response.status, _sentence(response.read(_ERROR), response.reason))
            yield response
        finally:
            connection.close()


def _alias(name: str) -> str:
    return f"/aliases/{quote(name)}"


def _sentence(body: bytes, reason: str) -> str:
    try:
        problem = json.loads(body)
        return ": ".join(filter(None, (str(problem["title"]), str(problem.get("detail", "")))))
    except (ValueError, KeyError, TypeError):
        return reason
