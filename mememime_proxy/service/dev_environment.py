"""An environment in which both services run on this machine: what nobody set gets a value that fits, and stays."""

from __future__ import annotations

import errno
import os
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mememime_proxy.errors import SettingsError
from mememime_proxy.settings.environment import PREFIXES, with_file
from mememime_proxy.settings.sections import listen_address
from mememime_proxy.settings.settings import Settings, load

_PROXY_PORT, _RESOURCES_PORT = 8080, 8081


@dataclass(frozen=True, slots=True)
class Development:
    """Variables for each of the two services, and what they say."""

    settings: Settings
    proxy: Mapping[str, str]
    resources: Mapping[str, str]
    proxy_url: str
    """With the path's prefix; '' where the proxy listens at a UNIX socket."""
    resources_url: str


def prepare(
    home: Path, key_file: Path, defaults: Mapping[str, str] | None = None, environ: Mapping[str, str] | None = None
) -> Development:
    """The environment ``environ`` (this process's), on top of ``key_file``, on top of ``defaults`` and ours.

    Keys that are missing are made, once, and appended to ``key_file`` for nobody else to read. What the services keep
    lies below ``home``. SettingsError, OSError.
    """
    given = dict(os.environ if environ is None else environ)
    key_file.touch(mode=0o600)
    _make_keys(key_file, with_file(given, str(key_file)))
    variables = _with(with_file(given, str(key_file)), defaults or {})
    home = home.resolve()
    home.mkdir(parents=True, exist_ok=True)
    variables = _with(
        variables,
        {
            "RESOURCES_BIND": _free_address(_RESOURCES_PORT),
            "ASSETS_STORAGE": str(home / "assets"),
            "DATABASE_URL": f"sqlite:///{home / 'resources.sqlite'}",
            **({} if variables.get("PORT") else {"BIND": _free_address(_PROXY_PORT)}),
        },
    )
    known = load(variables)
    proxy_url = _url(listen_address(known.bind, known.network), "MEMEMIME_BIND")
    if proxy_url and known.path_prefix.strip("/"):
        proxy_url += f"/{known.path_prefix.strip('/')}"
    resources_url = _url(
        listen_address(known.resources_bind, "tcp", "MEMEMIME_RESOURCES_BIND"), "MEMEMIME_RESOURCES_BIND"
    )
    variables = _with(
        variables,
        {
            "RESOURCES_URL": resources_url,
            "RESOURCES_API_KEY": known.admin_api_key,
            **({"PURGE_URLS": proxy_url} if proxy_url else {}),
        },
    )
    metrics = _one_further(known.prometheus_bind)
    return Development(
        load(variables),
        variables,
        variables | ({"MEMEMIME_PROMETHEUS_BIND": metrics} if metrics else {}),
        proxy_url,
        resources_url,
    )


def _with(variables: Mapping[str, str], defaults: Mapping[str, str]) -> dict[str, str]:
    """``variables``, and ``defaults`` (without prefix) where they have none of that name."""
    missing = {
        f"MEMEMIME_{name}": value
        for name, value in defaults.items()
        if not any(prefix + name in variables for prefix in PREFIXES)
    }
    return {**variables, **missing}


def _make_keys(path: Path, variables: Mapping[str, str]) -> None:
    wanted = {name: secrets.token_hex(32) for name in ("PURGE_KEY", "TOKEN_KEY", "ADMIN_API_KEY")}
    if not any(f"{prefix}{name}" in variables for prefix in PREFIXES for name in ("KEY", "SALT")):
        # Only together: a key without its salt, or one of them new, would be another signature.
        wanted |= {name: secrets.token_hex(32) for name in ("KEY", "SALT")}
    made = {name: value for name, value in _with(variables, wanted).items() if name not in variables}
    if made:
        text = path.read_text("utf-8")
        with path.open("a", encoding="utf-8") as file:
            file.write("\n" if text and not text.endswith("\n") else "")
            file.writelines(f"{name}={value}\n" for name, value in made.items())


def _free_address(port: int) -> str:
    """This machine's ``port``, or any other that is free where that one is taken."""
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
        raise SettingsError(f"{variable}: found the port 0, expected one that the other service can be told")
    every = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what is listened on
    host = every.get(host or "", host or "")
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _one_further(bind: str) -> str:
    """The address for the metrics of the second service: the next port."""
    host, _, port = bind.rpartition(":")
    return f"{host}:{int(port) + 1}" if port.isdecimal() and int(port) else ""
