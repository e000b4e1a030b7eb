"""``mememime health``: does the service of this environment answer? For a container's health check."""

from __future__ import annotations

import http.client
import os
import socket

import click

from mememime_proxy.errors import SettingsError
from mememime_proxy.settings.environment import with_file
from mememime_proxy.settings.sections import listen_address
from mememime_proxy.settings.settings import Settings, load


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
    # Not «localhost»: a container need not have a table of hosts.
    every = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what is listened on
    return http.client.HTTPConnection(every.get(host or "", host or ""), port, timeout=timeout)


def status(settings: Settings, *, ready: bool, timeout: float, resources: bool = False) -> int:
    """Status of ``/health``, or of ``/ready``, of the service that these settings start. OSError where none answers.

    ``resources``: of the resource service.
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


@click.command()
@click.option("--env-file", type=click.Path(), help="A file of variables; the environment wins over it.")
@click.option("--ready", is_flag=True, help="Ask whether requests are taken, not only whether workers are alive.")
@click.option("--resources", is_flag=True, help="Ask the resource service instead of the proxy.")
@click.option("--timeout", default=4.0, show_default=True, help="Seconds to wait.")
def health(env_file: str | None, ready: bool, resources: bool, timeout: float) -> None:
    """Ask the service that this environment starts how it is; fails unless it answers 200."""
    try:
        settings = load(with_file(os.environ, env_file), keys_needed=not resources)
        found = status(settings, ready=ready, timeout=timeout, resources=resources)
    except SettingsError as error:
        raise click.ClickException(f"the settings are wrong:\n{error.detail}") from None
    except OSError as error:
        raise click.ClickException(f"no answer: {error.strerror or error}") from None
    if found != http.client.OK:
        raise click.ClickException(f"the answer is {found}")
