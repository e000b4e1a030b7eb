"""What a configuration of NGINX depends on: where things are, and the settings that it shares with the service."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from mememime_proxy.errors import SettingsError
from mememime_proxy.settings.sections import url_config
from mememime_proxy.settings.settings import Settings

_UPSTREAM = re.compile(r"(?:unix:/[^\s;{}\"'\\$]+|(?:\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+):[0-9]{1,5})", re.ASCII)
_LISTEN = re.compile(r"(?:(?:\[[0-9a-fA-F:]+\]|[A-Za-z0-9._*-]+):)?[0-9]{1,5}", re.ASCII)
_PATH = re.compile(r"/[^\s;{}\"'\\$]*")
_ENDING = re.compile(r"[=/](?:exp|expires)\b")
_SIZE = re.compile(r"[1-9][0-9]*[kmg]")
_UNQUOTABLE = str.maketrans(dict.fromkeys('"\\$', " "))
"""What would end or change a quoted text of NGINX."""
NEGOTIATED = ("jxl", "avif", "webp")
"""Formats that the service may choose by the Accept header, in its order of preference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One tier of NGINX in front of one or several processes of the service.

    Raises SettingsError for what cannot stand in a configuration file.
    """

    upstreams: tuple[str, ...]
    """``host:port`` or ``unix:/path`` of each process."""
    listen: str = "8080"
    certificate: str = ""
    """File with the certificate chain for TLS; empty = plain HTTP."""
    certificate_key: str = ""
    cache_path: str = "/var/cache/mememime"
    cache_size: str = "40g"
    state: str = "/var/lib/mememime-nginx"
    """Folder of the sockets, and of all that a standalone NGINX writes besides its cache."""
    slices: bool = True
    """Whether this NGINX has the slice module."""
    miss_rate: int = 50
    """Misses a second that one client may cause, with twenty times as many at once; 0 = any number."""
    lan: tuple[str, ...] = ("127.0.0.1/32", "::1/128")
    """Networks whose misses are not limited and that may purge."""
    trusted: tuple[str, ...] = ()
    """Networks of load balancers whose X-Forwarded-For is believed."""
    prefix: str = ""
    negotiated: tuple[str, ...] = ()
    """Formats that the Accept header may lead to."""
    enforced: bool = False
    """Whether the Accept header also counts where a URL names its format."""
    hints: bool = False
    timeout: int = 10
    """Seconds that the service takes for one request at most."""
    keep_alive: int = 10
    """Seconds for which the service keeps an idle connection."""
    separator: str = ":"
    """What stands between an option's arguments."""
    only_presets: bool = False
    file_names: bool = False
    """Whether the end of an encoded source is a file name, whose extension means nothing."""
    presets_end: bool = False
    """Whether a preset makes URLs end."""
    cookies: bool = False
    """Whether originals depend on the client's cookies: what was made with some is not kept then."""
    secret: str = ""
    """What the service wants as ``Authorization: Bearer``; clients need not know it."""

    def __post_init__(self) -> None:
        if not self.upstreams:
            raise SettingsError("expected at least one upstream")
        for upstream in self.upstreams:
            _check("upstream", _UPSTREAM, upstream, "host:port or unix:/path")
        _check("listen", _LISTEN, self.listen, "a port or address:port")
        _check("cache size", _SIZE, self.cache_size, "a number with k, m or g")
        for what, path in (("cache path", self.cache_path), ("state", self.state)):
            _check(what, _PATH, path, "an absolute path without spaces and quotes")
        _check("arguments separator", re.compile(r"[!-~]{1,8}"), self.separator.translate(_UNQUOTABLE), "plain text")
        if self.secret:
            _check("secret", re.compile(r"[\x21-\x7e]+"), self.secret.translate(_UNQUOTABLE), "plain text")
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

    @property
    def miss_socket(self) -> str:
        """Where the part behind the cache listens."""
        return str(PurePosixPath(self.state) / "miss.sock")


def _check(what: str, pattern: re.Pattern[str], found: str, expected: str) -> None:
    if not pattern.fullmatch(found):
        raise SettingsError(f"found {what} {found!r}, expected {expected}")


def shared(settings: Settings) -> dict[str, Any]:
    """The fields of an Edge that both sides have to agree on."""
    prefix = settings.path_prefix.strip("/")
    return {
        "prefix": f"/{prefix}" if prefix else "",
        "negotiated": tuple(
            name for name in NEGOTIATED if getattr(settings, f"auto_{name}") or getattr(settings, f"enforce_{name}")
        ),
        "enforced": any(getattr(settings, f"enforce_{name}") for name in NEGOTIATED),
        "hints": settings.enable_client_hints,
        "timeout": settings.timeout,
        "keep_alive": settings.keep_alive_timeout,
        "separator": settings.arguments_separator,
        "only_presets": settings.only_presets,
        "file_names": settings.base64_url_includes_filename,
        "presets_end": any(_ENDING.search(definition) for definition in url_config(settings).presets),
        "cookies": settings.cookie_passthrough,
        "secret": settings.secret,
    }
