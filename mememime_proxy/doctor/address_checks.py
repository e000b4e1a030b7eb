"""Checks of the addresses that a service listens on, without listening there: no client may connect to a check."""

from __future__ import annotations

import errno
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

from mememime_proxy.doctor.findings import Finding, note, ok, wrong
from mememime_proxy.errors import SettingsError
from mememime_proxy.service.health import request_health
from mememime_proxy.settings.addresses import listen_address
from mememime_proxy.settings.settings import Settings

_HEALTH_TIMEOUT = 4.0
Address = tuple[str | None, int] | str


def check_addresses(settings: Settings, *, proxy: bool, resources: bool) -> Iterator[Finding]:
    """Check each address of the services: whether it can be bound, and whether two are the same."""
    taken: dict[Address, str] = {}
    for name, network, service in (
        ("bind", settings.network, "proxy" if proxy else ""),
        ("resources_bind", "tcp", "resources" if resources else ""),
        ("prometheus_bind", "tcp", "metrics" if settings.prometheus_bind else ""),
    ):
        if not service:
            continue
        variable = f"MEMEMIME_{name.upper()}"
        try:
            address = listen_address(getattr(settings, name), network, variable)
        except SettingsError:
            continue  # found above
        subject = f"{variable} {_text(address)}"
        if address in taken:
            yield wrong("addresses.free", subject, f"is the address of {taken[address]}, too")
            continue
        if isinstance(address, str) or address[1]:
            taken[address] = variable
        yield _check(settings, service, subject, address)


def _text(address: Address) -> str:
    return address if isinstance(address, str) else f"{address[0] or '*'}:{address[1]}"


def _check(settings: Settings, service: str, subject: str, address: Address) -> Finding:
    try:
        if isinstance(address, str):
            return _check_socket_file(settings, subject, Path(address))
        _bind(address, reuse_port=settings.so_reuseport)
    except OSError as error:
        if error.errno == errno.EADDRINUSE and service != "metrics" and _answers(settings, service):
            return note("addresses.free", subject, "in use by a service that answers: a second one does not start")
        if error.errno == errno.EADDRINUSE and service == "metrics":
            return note("addresses.free", subject, "in use, by this service if it runs; else it does not start")
        return wrong("addresses.free", subject, f"cannot be bound: {error.strerror or error}")
    return ok("addresses.free", subject, "can be bound")


def _bind(address: tuple[str | None, int], *, reuse_port: bool) -> None:
    """Bind to every address that a name has, as the service does, and let go. It never listens."""
    host, port = address
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    for family, kind, protocol, _, where in dict.fromkeys(found):
        try:
            probe = socket.socket(family, kind, protocol)
        except OSError:
            continue  # a kernel without IPv6, which asyncio passes over as well
        with probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if reuse_port:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            if family == socket.AF_INET6:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            probe.bind(where)


def _answers(settings: Settings, service: str) -> bool:
    try:
        request_health(settings, ready=False, timeout=_HEALTH_TIMEOUT, resources=service == "resources")
    except (OSError, SettingsError):
        return False
    return True


def _check_socket_file(settings: Settings, subject: str, path: Path) -> Finding:
    if path.exists() and not stat.S_ISSOCK(path.stat().st_mode):
        return wrong("addresses.free", subject, "there is another file; remove it or choose another path")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        return wrong("addresses.free", subject, f"user {os.geteuid()} cannot make a socket in {str(path.parent)!r}")
    if path.exists() and _answers(settings, "proxy"):
        return note("addresses.free", subject, "in use by a service that answers; a second one takes it over")
    return ok("addresses.free", subject, "a socket can be made")
