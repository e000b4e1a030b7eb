"""The record of an endpoint: path, role, parameters, bodies and errors. Routing and OpenAPI are made from it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
from aiohttp import web

from mememime_proxy.errors import MememimeError
from mememime_proxy.resources.auth.principal import Role
from mememime_proxy.resources.http.call import Call

_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
Handler = Callable[[Call], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """A header of a request or a response, for the documentation."""

    name: str
    description: str
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One endpoint."""

    method: str
    path: str
    """``{name}`` matches a part without slashes, ``{name:.+}`` one with slashes; any regular expression may be used."""
    handler: Handler
    name: str
    """The operation id in the OpenAPI description."""
    summary: str
    role: Role | None
    """The lowest role that may use it; None = anyone, with or without credentials."""
    is_private: bool = False
    """Whether it needs credentials also where ANONYMOUS_READING is on."""
    accepts_tokens: bool = False
    """Whether upload tokens are accepted, too."""
    is_write: bool | None = None
    """Whether it changes rows or objects; None = as its method says."""
    query: type[msgspec.Struct] | None = None
    body: type[Any] | str | None = None
    """A type = JSON of it; a text = that media type, as bytes."""
    responses: Mapping[int, Any] = field(default_factory=dict)
    """Type, media type or None (no body), by status."""
    headers: tuple[Header, ...] = ()
    response_headers: tuple[Header, ...] = ()
    errors: tuple[type[MememimeError], ...] = ()
    """Errors besides those that every endpoint may return."""
    fixed_headers: Mapping[str, str] = field(default_factory=dict)
    """Headers of every response, errors included."""

    @property
    def writes(self) -> bool:
        """Whether a service that only reads (READ_ONLY) refuses it."""
        return self.method not in _SAFE_METHODS if self.is_write is None else self.is_write
