"""A client session whose connections go to permitted addresses only."""

from __future__ import annotations

from collections.abc import Mapping

import aiohttp

from mememime_proxy.sources.config import SourcesConfig
from mememime_proxy.sources.http.address_guard import AddressGuard
from mememime_proxy.sources.http.connection import MAX_HEADER_LINE, MAX_HEADER_LINES, GuardedConnector
from mememime_proxy.sources.http.resolver import GuardedResolver, guarded_socket
from mememime_proxy.sources.model import CHUNK


def guard_of(config: SourcesConfig) -> AddressGuard:
    """Return the guard with the operator's permissions."""
    return AddressGuard(config.allow_loopback, config.allow_link_local, config.allow_private)


def open_session(
    config: SourcesConfig, guard: AddressGuard, resolver: GuardedResolver, headers: Mapping[str, str]
) -> aiohttp.ClientSession:
    """Return a session for the running loop; its owner closes it, and the resolver after it.

    Cookies, proxies of the environment and compression are off. Redirects are the caller's: each request passes the
    guard, whichever URL it is for.
    """
    return aiohttp.ClientSession(
        connector=GuardedConnector(
            resolver,
            guarded_socket(guard),
            ssl=config.verify_tls,
            limit=config.connections,
            limit_per_host=config.connections_per_host,
            ttl_dns_cache=10,
            force_close=not config.keepalive_timeout,
            keepalive_timeout=config.keepalive_timeout or None,
        ),
        auto_decompress=False,
        trust_env=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": config.user_agent, "Accept-Encoding": "identity", **headers},
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=config.connect_timeout, sock_read=config.idle_timeout),
        read_bufsize=CHUNK,
        max_field_size=MAX_HEADER_LINE,
        max_headers=MAX_HEADER_LINES,
    )
