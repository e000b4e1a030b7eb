"""A service's life as a process: settings, logs, start, signals, stop."""

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
from mememime_proxy.settings.environment import unknown, with_file
from mememime_proxy.settings.settings import Settings, load

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Service(Protocol):
    """What is run. ``start`` opens everything, ``stop`` lets requests finish and closes everything."""

    addresses: list[str]
    """Where it listens."""
    metrics_addresses: list[str]
    """Where Prometheus finds its metrics."""

    async def start(self) -> None:
        """Returns when requests are accepted. MememimeError or OSError where that cannot be."""
        ...

    async def stop(self) -> None:
        """Returns when all is closed."""
        ...


def run(make: Callable[[Settings], Service], env_file: str | None, *, keys_needed: bool = True) -> None:
    """Runs a service of this process's environment, as a command does, until SIGTERM or SIGINT.

    A second signal ends the process without waiting for requests. click.ClickException says why it could not start.
    """
    try:
        variables = with_file(os.environ, env_file)
        settings = load(variables, keys_needed=keys_needed)
        logs.configure(settings)
        for name, near in unknown(Settings, variables).items():
            logs.logger().warning("variable is not used", variable=name, **({"meant": near} if near else {}))
        uvloop.run(_serve(make, settings))
    except SettingsError as error:
        raise click.ClickException(f"the settings are wrong:\n{error.detail}") from None
    except MememimeError as error:
        raise click.ClickException(error.detail) from None
    except OSError as error:
        raise click.ClickException(f"cannot listen: {error.strerror or error}") from None
    except asyncio.CancelledError:
        raise SystemExit(1) from None


async def _serve(make: Callable[[Settings], Service], settings: Settings) -> None:
    log = logs.logger()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        loop.add_signal_handler(number, stop.set)
    service = make(settings)
    await service.start()
    facts = {"workers": settings.worker_count, "version": __version__, "pid": os.getpid()}
    if service.metrics_addresses:
        facts["metrics"] = ", ".join(service.metrics_addresses)
    log.info("listening", address=", ".join(service.addresses), **facts)
    # What lives as long as the process need not be looked at again by each collection of garbage.
    gc.freeze()
    await stop.wait()
    log.info("stopping", seconds_at_most=settings.graceful_stop_timeout)
    for number in _SIGNALS:
        loop.remove_signal_handler(number)
    await service.stop()
    log.info("stopped")
