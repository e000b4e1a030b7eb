"""Configuration of sources."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourcesConfig:
    """The resource service, which resolves ``alias://`` and ``asset://``. Times in seconds."""

    url: str
    """Without a slash at the end."""
    api_key: str = field(default="", repr=False)
    freshness: float = 0.5
    """How long its responses are fresh."""
    stale: float = 86400.0
    """How long they are used while it does not answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcesConfig:
    """Sources of originals and their limits. Times in seconds."""

    local_root: str = ""
    """Folder of ``local:///``; empty = no such source."""
    query_separator: str = "?"
    """Separates path and version of a source outside the web; empty = no versions."""
    allow_loopback: bool = False
    allow_link_local: bool = False
    allow_private: bool = False
    check_redirect: Callable[[str], None] | None = None
    """Raises SourceForbiddenError for a target that redirects may not have; None = the guard alone decides."""
    verify_tls: bool = True
    max_redirects: int = 10
    user_agent: str = "mememime"
    keepalive_timeout: float = 90.0
    connections: int = 1000
    connections_per_host: int = 100
    connect_timeout: float = 30.0
    idle_timeout: float = 10.0
    """Between two reads of a response."""
    min_rate: float = 1024.0
    """Bytes a second on average; a slower source fails after ``rate_grace`` seconds of waiting."""
    rate_grace: float = 10.0
    max_bytes: int = 1 << 29
    """Bytes of an original from the web without another limit: it is held in memory."""
    max_inflated: int = 32 << 20
    """Bytes of a decoded compressed response: pictures hardly compress, decompression bombs do."""
    film_ranges: bool = False
    """Of films, only the parts are read that a worker needs (``Original.film``)."""
    film_blocks: int = 0
    """Bytes of films that are kept between requests."""
    resources: ResourcesConfig | None = None
    """None = no ``alias://`` and ``asset://``."""
