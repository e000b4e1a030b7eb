"""What an operator decides about sources."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourcesConfig:
    """The resource service, which knows what ``alias://`` and ``asset://`` stand for. Times in seconds."""

    url: str
    """Without a slash at its end."""
    api_key: str = field(default="", repr=False)
    freshness: float = 0.5
    """For which its answers count."""
    stale: float = 86400.0
    """For which they count while it does not answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcesConfig:
    """Where originals may come from. Times in seconds."""

    local_root: str = ""
    """Folder that ``local:///`` is; empty = there is none."""
    query_separator: str = "?"
    """What ends the path of a source that is not on the web; empty = nothing does."""
    allow_loopback: bool = False
    allow_link_local: bool = False
    allow_private: bool = False
    check_redirect: Callable[[str], None] | None = None
    """Raises SourceForbiddenError for a URL that no redirect may lead to; None = the guard alone decides."""
    verify_tls: bool = True
    max_redirects: int = 10
    user_agent: str = "mememime"
    keepalive_timeout: float = 90.0
    connections: int = 1000
    connections_per_host: int = 100
    connect_timeout: float = 30.0
    idle_timeout: float = 10.0
    """Between two pieces of an answer."""
    min_rate: float = 1024.0
    """Bytes a second on average; slower sources are given up after ``rate_grace`` seconds of waiting."""
    rate_grace: float = 10.0
    max_bytes: int = 1 << 29
    """Bytes of an original from the web where nothing else limits them: it is held in memory."""
    max_inflated: int = 32 << 20
    """Bytes that a compressed answer may become: pictures hardly shrink by it, and bombs do nothing else."""
    resources: ResourcesConfig | None = None
    """None = there are no ``alias://`` and ``asset://``."""
