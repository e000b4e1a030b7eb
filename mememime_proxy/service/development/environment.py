"""A development environment for all services on this machine: variables that are not set get a default."""

from __future__ import annotations

import errno
import os
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mememime_proxy.errors import SettingsError
from mememime_proxy.service.development import run_file
from mememime_proxy.settings.addresses import listen_address
from mememime_proxy.settings.environment import PREFIXES, with_file
from mememime_proxy.settings.settings import Settings, load

_PROXY_PORT, _RESOURCES_PORT = 8080, 8081


@dataclass(frozen=True, slots=True)
class DevEnvironment:
    """The variables of each of the services, and the settings in them."""

    settings: Settings
    proxy: Mapping[str, str]
    resources: Mapping[str, str]
    work: Mapping[str, str]
    """Of the worker of jobs."""
    proxy_url: str
    """With the path's prefix; '' where the proxy listens at a UNIX socket."""
    resources_url: str
    env_file: Path
    """The file of the keys."""
    run_file: Path
    """The file with all of these variables, for commands in other shells; it is written when the services are ready."""


def prepare(
    home: Path,
    key_file: Path,
    defaults: Mapping[str, str] | None = None,
    environ: Mapping[str, str] | None = None,
    former: DevEnvironment | None = None,
) -> DevEnvironment:
    """Return the environment: ``environ`` (default: this process's), ``key_file``, ``defaults``, and own defaults.

    Missing keys are generated once and appended to ``key_file``, which only its owner can read. The services store
    their data below ``home``. ``former``: the environment in which the services run already; its addresses stay. Raises
    SettingsError and OSError.
    """
    environ = dict(os.environ if environ is None else environ)
    key_file.touch(mode=0o600)
    _add_missing_keys(key_file, with_file(environ, str(key_file)))
    variables = _with_defaults(with_file(environ, str(key_file)), defaults or {})
    home = home.resolve()
    home.mkdir(parents=True, exist_ok=True)
    variables = _with_defaults(
        variables,
        {
            "RESOURCES_BIND": _address("RESOURCES_BIND", _RESOURCES_PORT, former),
            "ASSETS_STORAGE": str(home / "assets"),
            "DATABASE_URL": f"sqlite:///{home / 'resources.sqlite'}",
            **({} if variables.get("PORT") else {"BIND": _address("BIND", _PROXY_PORT, former)}),
        },
    )
    settings = load(variables)
    proxy_url = _url(listen_address(settings.bind, settings.network), "MEMEMIME_BIND")
    if proxy_url and settings.path_prefix.strip("/"):
        proxy_url += f"/{settings.path_prefix.strip('/')}"
    resources_url = _url(
        listen_address(settings.resources_bind, "tcp", "MEMEMIME_RESOURCES_BIND"), "MEMEMIME_RESOURCES_BIND"
    )
    variables = _with_defaults(
        variables,
        {
            "RESOURCES_URL": resources_url,
            "RESOURCES_API_KEY": settings.admin_api_key,
            "CONSOLE": "true",
            **({"PURGE_URLS": proxy_url, "PUBLIC_URL": proxy_url} if proxy_url else {}),
        },
    )
    metrics_bind = _next_port(settings.prometheus_bind)
    return DevEnvironment(
        load(variables),
        variables,
        _with_metrics(variables, metrics_bind),
        _yielding(_with_metrics(variables, _next_port(metrics_bind)), settings.prometheus_bind),
        proxy_url,
        resources_url,
        key_file,
        home / run_file.NAME,
    )


def write_service_files(environment: DevEnvironment) -> dict[str, dict[str, str]]:
    """Write the variables of each service to a file, which it reads again at SIGHUP; return their environments."""
    folder = environment.run_file.parent
    environments = {}
    services = {"resources": environment.resources, "proxy": environment.proxy, "work": environment.work}
    for command, variables in services.items():
        path = run_file.write(folder, variables, f"{command}.env")
        others = {name: value for name, value in variables.items() if not name.startswith(PREFIXES)}
        environments[command] = {**others, "MEMEMIME_ENV_LOCAL_FILE_PATH": str(path)}
    return environments


def _with_defaults(variables: Mapping[str, str], defaults: Mapping[str, str]) -> dict[str, str]:
    """Add the ``defaults`` (names without prefix) that ``variables`` does not contain."""
    missing = {
        f"MEMEMIME_{name}": value
        for name, value in defaults.items()
        if not any(prefix + name in variables for prefix in PREFIXES)
    }
    return {**variables, **missing}


def _add_missing_keys(path: Path, variables: Mapping[str, str]) -> None:
    keys = {name: secrets.token_hex(32) for name in ("PURGE_KEY", "TOKEN_KEY", "ADMIN_API_KEY")}
    if not any(f"{prefix}{name}" in variables for prefix in PREFIXES for name in ("KEY", "SALT")):
        # Both or none: a new salt for an old key would change every signature.
        keys |= {name: secrets.token_hex(32) for name in ("KEY", "SALT")}
    missing = {name: value for name, value in _with_defaults(variables, keys).items() if name not in variables}
    if missing:
        text = path.read_text("utf-8")
        with path.open("a", encoding="utf-8") as file:
            file.write("\n" if text and not text.endswith("\n") else "")
            file.writelines(f"{name}={value}\n" for name, value in missing.items())


def _address(name: str, port: int, former: DevEnvironment | None) -> str:
    """Return the default of an address: that of the running service, or a free one."""
    return (former.proxy.get(f"MEMEMIME_{name}") if former is not None else None) or _free_address(port)


def _free_address(port: int) -> str:
    """Return the loopback address with ``port``, or with any free port where that one is in use."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
    return f"127.0.0.1:{port}"


def _url(address: tuple[str | None, int] | str, variable: str) -> str:
    if isinstance(address, str):
        return ""
    host, port = address
    if not port:
        raise SettingsError(
            f"{variable}: found the port 0, expected the number of a port, which the other service needs"
        )
    loopback = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - addresses that are listened on
    host = loopback.get(host or "", host or "")
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _with_metrics(variables: Mapping[str, str], bind: str) -> dict[str, str]:
    return {**variables, **({"MEMEMIME_PROMETHEUS_BIND": bind} if bind else {})}


def _yielding(variables: Mapping[str, str], metrics: str) -> dict[str, str]:
    """Add that batches give way to the proxy whose metrics are at ``metrics``; '' = it has none."""
    if not metrics:
        return dict(variables)
    address = _url(listen_address(metrics, "tcp", "MEMEMIME_PROMETHEUS_BIND"), "MEMEMIME_PROMETHEUS_BIND")
    return _with_defaults(variables, {"BATCH_YIELDS_TO": f"{address}/"})


def _next_port(bind: str) -> str:
    """Return the address for the metrics of the next service: the next port."""
    host, _, port = bind.rpartition(":")
    return f"{host}:{int(port) + 1}" if port.isdecimal() and int(port) else ""
