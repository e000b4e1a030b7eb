"""Addresses that the services listen at, and that of the syslog server, from the settings."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from mememime_proxy.errors import SettingsError
from mememime_proxy.settings.settings import Settings

_MAX_PORT: Final = 65535


def listen_address(bind: str, network: str, variable: str = "MEMEMIME_BIND") -> tuple[str | None, int] | str:
    """Return host and port of ``bind`` (host None: every address), or the path of a UNIX socket."""
    if network == "unix":
        if not bind:
            raise SettingsError(f"{variable}: found nothing, expected the path of a socket")
        return bind
    match = re.fullmatch(r"(?:\[(?P<six>[0-9a-fA-F:.%]+)\]|(?P<host>[^:\[\]]*)):(?P<port>\d{1,9})", bind or ":8080")
    if match is None:
        raise SettingsError(f"{variable}: found {bind!r}, expected host:port or :port ({_wrong_address(bind)})")
    if int(match["port"]) > _MAX_PORT:
        raise SettingsError(f"{variable}: found {bind!r}, expected host:port or :port (a port is at most {_MAX_PORT})")
    host = match["six"] or match["host"] or {"tcp4": "0.0.0.0", "tcp6": "::"}.get(network)  # noqa: S104 - the default
    return host or None, int(match["port"])


def syslog_address(settings: Settings) -> tuple[str, int] | str:
    """Return host and port of the syslog server, or the path of a socket; '' for this machine's own."""
    if not settings.syslog_network:
        return settings.syslog_address
    address = listen_address(settings.syslog_address or ":0", "tcp", settings.variable("syslog_address"))
    if isinstance(address, str) or not address[0] or not address[1]:
        raise SettingsError(
            f"{settings.variable('syslog_address')}: found {settings.syslog_address!r}, expected host:port,"
            f" which {settings.variable('syslog_network')} needs"
        )
    return address[0], address[1]


def is_loopback(url: str) -> bool:
    """Return whether a URL names this machine by a loopback address or as ``localhost``."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _wrong_address(bind: str) -> str:
    """Return what is wrong with an address that has not the form host:port."""
    if bind.isdecimal():
        return f"for the port alone, write :{bind}"
    if "://" in bind:
        return "an address is no URL"
    if bind.count(":") > 1 and "[" not in bind:
        return "an IPv6 address stands in brackets"
    if "/" in bind:
        return "for the path of a socket, set MEMEMIME_NETWORK=unix"
    return "the port is missing or no number"
