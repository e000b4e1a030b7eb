"""A service as a process: settings, logs, start, signals, stop."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from collections.abc import Callable
from typing import Protocol

import click
import uvloop

from mememime_proxy import __version__
from mememime_proxy.errors import MememimeError, SettingsError
from mememime_proxy.service import logs
from mememime_proxy.settings.environment import unknown_variables, with_file
from mememime_proxy.settings.settings import Settings, load

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Service(Protocol):
    """A service. ``start`` opens everything, ``stop`` lets requests finish and closes everything."""

    addresses: list[str]
    """Addresses that it listens on: ``host:port``, or the path of a socket."""
    metrics_addresses: list[str]
    """Addresses with metrics for Prometheus."""

    async def start(self) -> None:
        """Return when requests are accepted. Raises MememimeError and OSError."""
        ...

    async def stop(self) -> None:
        """Return when everything is closed."""
        ...


def run(create: Callable[[Settings], Service], env_file: str | None, *, keys_needed: bool = True) -> None:
    """Run a service with the settings of this process's environment until SIGTERM or SIGINT.

    A second signal ends the process without waiting for requests. Raises click.ClickException where the service cannot
    be started.
    """
    settings: Settings | None = None
    try:
        variables = with_file(os.environ, env_file)
        settings = load(variables, keys_needed=keys_needed)
        logs.configure(settings)
        for name, near in unknown_variables(Settings, variables).items():
            logs.logger().warning("settings.unknown_variable", variable=name, **({"similar": near} if near else {}))
        uvloop.run(_serve(create, settings))
    except SettingsError as error:
        detail = error.detail if settings is None else settings.with_names_as_set(error.detail)
        raise click.ClickException(f"the settings are wrong:\n{detail}") from None
    except MememimeError as error:
        raise click.ClickException(error.detail) from None
    except OSError as error:
        raise click.ClickException(f"cannot listen: {error.strerror or error}") from None
    except asyncio.CancelledError:
        raise SystemExit(1) from None


async def _serve(create: Callable[[Settings], Service], settings: Settings) -> None:
    log = logs.logger()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        loop.add_signal_handler(number, stop.set)
    service = create(settings)
    await service.start()
    facts = {"workers": settings.worker_count, "version": __version__, "pid": os.getpid()}
    if service.metrics_addresses:
        facts["metrics"] = ", ".join(service.metrics_addresses)
    log.info("service.started", address=", ".join(service.addresses), **facts)
    # Objects that live as long as the process are left out of each garbage collection.
    gc.freeze()
    await stop.wait()
    log.info("service.stopping", timeout=settings.graceful_stop_timeout)
    for number in _SIGNALS:
        loop.remove_signal_handler(number)
    await service.stop()
    log.info("service.stopped")
