"""Parameters of an NGINX configuration: addresses, paths, and settings that it shares with the service."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from mememime_proxy.errors import SettingsError
from mememime_proxy.settings.environment import variable
from mememime_proxy.settings.folders import check_folders
from mememime_proxy.settings.sections import url_config
from mememime_proxy.settings.settings import Settings

_UPSTREAM = re.compile(r"(?:unix:/[^\s;{}\"'\\$]+|(?:\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+):[0-9]{1,5})", re.ASCII)
_NAME = re.compile(r"dns\+(?:http://)?[A-Za-z0-9._-]+:[0-9]{1,5}", re.ASCII)
_RESOLVER = re.compile(r"(?:\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?", re.ASCII)
_LISTEN = re.compile(r"(?:(?:\[[0-9a-fA-F:]+\]|[A-Za-z0-9._*-]+):)?[0-9]{1,5}", re.ASCII)
_PATH = re.compile(r"/[^\s;{}\"'\\$]*")
_EXPIRY = re.compile(r"[=/](?:exp|expires)\b")
_SIZE = re.compile(r"[1-9][0-9]*[kmg]")
_UNSAFE = str.maketrans(dict.fromkeys('"\\$', " "))
"""Characters that would end or change a quoted text of NGINX."""
CACHE_PATH = "/var/cache/mememime-nginx"
"""Default folder of NGINX's cache. ``/var/cache/mememime`` is the service's own, for variants."""
_LOOPBACK = ("127.", "localhost", "[::1]")
_ANY_HOST = ("", "*", "0.0.0.0", "[::]")  # noqa: S104 - addresses that NGINX listens on
NEGOTIATED = ("jxl", "avif", "webp")
"""Formats that the service may select by the Accept header, in its order of preference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeConfig:
    """One NGINX in front of one or more processes of the service.

    Raises SettingsError for a value that a configuration file cannot contain.
    """

    upstreams: tuple[str, ...]
    """``host:port`` or ``unix:/path`` of each process, or ``dns+http://name:port`` for all addresses of a name."""
    resolvers: tuple[str, ...] = ()
    """DNS servers that NGINX asks for the addresses of names."""
    listen: str = "8000"
    certificate: str = ""
    """File with the certificate chain for TLS; empty = plain HTTP."""
    certificate_key: str = ""
    cache_path: str = CACHE_PATH
    cache_size: str = "40g"
    state: str = "/var/lib/mememime-nginx"
    """Folder of the sockets, and of all other files that a standalone NGINX writes outside its cache."""
    slices: bool = True
    """Whether this NGINX has the slice module."""
    miss_rate: int = 50
    """Cache misses a second for one client, with a burst of twenty times as many; 0 = no limit."""
    lan: tuple[str, ...] = ("127.0.0.1/32", "::1/128")
    """Networks without a limit of misses, which may also purge."""
    trusted: tuple[str, ...] = ()
    """Networks of load balancers whose X-Forwarded-For is trusted."""
    prefix: str = ""
    negotiated: tuple[str, ...] = ()
    """Formats that the Accept header may select."""
    enforced: bool = False
    """Whether the Accept header also applies to a URL that names its format."""
    hints: bool = False
    timeout: int = 10
    """Longest time of the service for one request, in seconds."""
    keep_alive: int = 10
    """Seconds after which the service closes an idle connection."""
    separator: str = ":"
    """Separator of an option's arguments."""
    only_presets: bool = False
    file_names: bool = False
    """Whether an encoded source ends with a file name, whose extension selects no format."""
    presets_expire: bool = False
    """Whether a preset contains an expiry time."""
    cookies: bool = False
    """Whether originals depend on the client's cookies: such responses are not cached."""
    secret: str = ""
    """Secret that the service requires as ``Authorization: Bearer``; NGINX adds it for the clients."""

    def __post_init__(self) -> None:
        self._check_upstreams()
        _check("listen", _LISTEN, self.listen, "a port or address:port")
        _check("cache size", _SIZE, self.cache_size, "a number with k, m or g")
        for name, path in (("cache path", self.cache_path), ("state", self.state)):
            _check(name, _PATH, path, "an absolute path without spaces and quotes")
        if _overlap(self.cache_path, self.state):
            raise SettingsError(
                f"found the cache path {self.cache_path!r} and the state {self.state!r}, expected folders of which none"
                " is inside the other"
            )
        host, _, port = self.listen.rpartition(":")
        for upstream in self.upstreams:
            if not upstream.startswith(("unix:", "dns+")) and is_same_address(host, int(port), upstream):
                raise SettingsError(f"found listen {self.listen!r}, where the upstream {upstream!r} listens")
        _check("arguments separator", re.compile(r"[!-~]{1,8}"), self.separator.translate(_UNSAFE), "plain text")
        if self.secret:
            _check("secret", re.compile(r"[\x21-\x7e]+"), self.secret.translate(_UNSAFE), "plain text")
        if bool(self.certificate) != bool(self.certificate_key):
            raise SettingsError("expected both a certificate and its key, or none")
        for path in filter(None, (self.certificate, self.certificate_key)):
            _check("certificate", _PATH, path, "an absolute path without spaces and quotes")
        if self.prefix:
            _check("path prefix", re.compile(r"(?:/[A-Za-z0-9._~-]+)+"), self.prefix, "plain path segments")
        for network in (*self.lan, *self.trusted):
            try:
                ipaddress.ip_network(network)
            except ValueError as error:
                raise SettingsError(f"found network {network!r}, expected one like 10.0.0.0/8: {error}") from error

    def _check_upstreams(self) -> None:
        if not self.upstreams:
            raise SettingsError("expected at least one upstream")
        for upstream in self.upstreams:
            pattern = _NAME if upstream.startswith("dns+") else _UPSTREAM
            _check("upstream", pattern, upstream, "host:port, unix:/path or dns+http://name:port")
        for resolver in self.resolvers:
            _check("resolver", _RESOLVER, resolver, "the address of a DNS server")
        if self.has_names and not self.resolvers:
            raise SettingsError("expected a resolver, the address of a DNS server, for the names among the upstreams")

    @property
    def has_names(self) -> bool:
        """Whether an upstream is a name, whose addresses may change while NGINX runs."""
        return any(upstream.startswith("dns+") for upstream in self.upstreams)

    @property
    def miss_socket(self) -> str:
        """Path of the socket of the server behind the cache."""
        return str(PurePosixPath(self.state) / "miss.sock")


def is_same_address(host: str, port: int, upstream: str) -> bool:
    """Return whether a server that listens on ``host`` and ``port`` would take the address of a local upstream."""
    upstream_host, _, upstream_port = upstream.rpartition(":")
    is_local = upstream_host.startswith(_LOOPBACK)
    return is_local and int(upstream_port) == port and (host in _ANY_HOST or host.startswith(_LOOPBACK))


def _overlap(path: str, other: str) -> bool:
    one, two = PurePosixPath(path), PurePosixPath(other)
    return one.is_relative_to(two) or two.is_relative_to(one)


def _check(name: str, pattern: re.Pattern[str], value: str, expected: str) -> None:
    if not pattern.fullmatch(value):
        raise SettingsError(f"found {name} {value!r}, expected {expected}")


def check_beside_services(edge: EdgeConfig, settings: Settings) -> None:
    """Raise SettingsError where NGINX would take a folder or, on the machine of its upstreams, a port of a service."""
    check_folders(settings.model_copy(update={"nginx_cache_path": edge.cache_path}))
    if not any(upstream.startswith(("unix:", *_LOOPBACK)) for upstream in edge.upstreams):
        return
    host, _, port = edge.listen.rpartition(":")
    binds = {"prometheus_bind": settings.prometheus_bind}
    if settings.resources_url or settings.database_url:
        binds["resources_bind"] = settings.resources_bind
    for name, bind in binds.items():
        if bind and is_same_address(host, int(port), f"127.0.0.1:{bind.rpartition(':')[2]}"):
            raise SettingsError(f"found listen {edge.listen!r}, which {variable(name)} uses: expected another port")


def shared_fields(settings: Settings) -> dict[str, Any]:
    """Return the fields of an EdgeConfig that come from the settings of the service."""
    prefix = settings.path_prefix.strip("/")
    return {
        "prefix": f"/{prefix}" if prefix else "",
        "negotiated": tuple(
            name for name in NEGOTIATED if getattr(settings, f"auto_{name}") or getattr(settings, f"enforce_{name}")
        ),
        "enforced": any(getattr(settings, f"enforce_{name}") for name in NEGOTIATED),
        "hints": settings.enable_client_hints,
        "timeout": max(settings.timeout, settings.av_timeout),
        "keep_alive": settings.keep_alive_timeout,
        "separator": settings.arguments_separator,
        "only_presets": settings.only_presets,
        "file_names": settings.base64_url_includes_filename,
        "presets_expire": any(_EXPIRY.search(definition) for definition in url_config(settings).presets),
        "cookies": settings.cookie_passthrough,
        "secret": settings.secret,
    }
