"""A request for the health of a running service, over TCP or a UNIX socket.

It uses the standard library: a container asks every few seconds in a new process, and to import aiohttp there would
take half as much time again as all the rest.
"""

from __future__ import annotations

import http.client
import itertools
import os
import socket
from pathlib import Path

from mememime_proxy.settings.addresses import listen_address
from mememime_proxy.settings.settings import Settings


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a UNIX socket."""

    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _connection(settings: Settings, timeout: float, *, resources: bool) -> http.client.HTTPConnection:
    if resources:
        address = listen_address(settings.resources_bind, "tcp", "MEMEMIME_RESOURCES_BIND")
    else:
        address = listen_address(settings.bind, settings.network)
    if isinstance(address, str):
        return _UnixConnection(address, timeout)
    host, port = address
    # Not "localhost": a container need not have a table of hosts.
    loopback = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - addresses that are listened on
    return http.client.HTTPConnection(loopback.get(host or "", host or ""), port, timeout=timeout)


def container_service(command_line: Path = Path("/proc/1/cmdline")) -> str:
    """Return the service that this container runs: ``proxy``, ``resources`` or ``work``; '' outside of one of ours.

    It is the command of the first process: ``tini -- mememime resources``. On a machine that is another program.
    """
    try:
        words = command_line.read_bytes().split(b"\0")
    except OSError:
        return ""
    names = [Path(os.fsdecode(word)).name for word in words]
    for name, following in itertools.pairwise(names):
        if name in {"mememime", "mememime_proxy"} and following in {"proxy", "resources", "work"}:
            return following
    return ""


def request_health(settings: Settings, *, ready: bool, timeout: float, resources: bool = False) -> int:
    """Return the status of ``/health`` (``ready``: of ``/ready``) of the service that these settings start.

    ``resources``: of the resource service instead of the proxy. ``timeout`` in seconds. Raises OSError where no HTTP
    server answers in time, SettingsError where the settings name no address.
    """
    prefix = "" if resources else settings.path_prefix.strip("/")
    path = f"/{prefix}" * bool(prefix) + ("/ready" if ready else "/health")
    connection = _connection(settings, timeout, resources=resources)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except http.client.HTTPException as error:
        raise OSError(f"no HTTP: {error!r}") from error
    finally:
        connection.close()
