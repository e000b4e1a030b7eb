"""A service as a process: settings, logs, start, signals, reload, stop."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import logging
import os
import signal
from collections.abc import Callable
from typing import Any, Protocol

import click
import uvloop

from mememime_proxy import __version__
from mememime_proxy.errors import MememimeError, SettingsError
from mememime_proxy.service import logs
from mememime_proxy.service.sighup import Terminal
from mememime_proxy.settings.environment import unknown_variables, with_file
from mememime_proxy.settings.groups.autoquality import ineffective
from mememime_proxy.settings.reloading import update
from mememime_proxy.settings.settings import Settings, load
from mememime_proxy.settings.weaknesses import weaknesses

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
_HEAP_SETTINGS = {_M_MMAP_THRESHOLD: 1 << 20, _M_TRIM_THRESHOLD: 8 << 20, _M_ARENA_MAX: 2}
"""Settings of glibc's allocator (mallopt(3))."""


class Service(Protocol):
    """A service. ``start`` opens everything, ``stop`` lets requests finish and closes everything."""

    addresses: list[str]
    """Addresses that it listens on: ``host:port``, or the path of a socket."""
    metrics_addresses: list[str]
    """Addresses with metrics for Prometheus."""

    @property
    def sandbox(self) -> tuple[str, ...]:
        """The layers of confinement in force in every worker."""
        ...

    async def start(self) -> None:
        """Return when requests are accepted. Raises MememimeError and OSError."""
        ...

    async def reload(self, settings: Settings) -> None:
        """Serve new requests with ``settings``, which differ in reloadable ones alone, and with the files they name.

        Requests in progress end as they began. Where an error is raised, nothing has changed.
        """
        ...

    async def stop(self) -> None:
        """Return when everything is closed."""
        ...


class SettingsReader:
    """Reads the settings of this process: its environment on top of a file, which is read again each time."""

    def __init__(self, env_file: str | None, *, keys_needed: bool) -> None:
        self._env_file = env_file
        self._keys_needed = keys_needed
        self._unknown: dict[str, str] = {}

    def read(self) -> Settings:
        """Return the settings as they are now. Raises SettingsError."""
        variables = with_file(os.environ, self._env_file)
        settings = load(variables, keys_needed=self._keys_needed)
        self._unknown, known = unknown_variables(Settings, variables), self._unknown
        self._new = {name: near for name, near in self._unknown.items() if name not in known}
        return settings

    def report_unknown(self) -> None:
        """Log each variable with our prefix that is no setting, once."""
        for name, near in self._new.items():
            logs.logger().warning("settings.unknown_variable", variable=name, **({"similar": near} if near else {}))

    def report_weak(self, settings: Settings) -> None:
        """Log each setting by which keys, signatures or secrets can be guessed, or that has no effect."""
        log = logs.logger()
        for weakness in weaknesses(settings, proxy=self._keys_needed, resources=not self._keys_needed):
            log.warning("settings.weak", variable=weakness.variable, detail=weakness.detail)
        for name, detail in ineffective(settings) if self._keys_needed else ():
            log.warning("settings.ineffective", variable=name, detail=detail)
        if self._keys_needed and settings.allow_unsigned:
            name = settings.variable("allow_unsigned")
            log.warning("settings.weak", variable=name, detail="URLs without a signature are served")


def run(create: Callable[[Settings], Service], env_file: str | None, *, keys_needed: bool = True) -> None:
    """Run a service with the settings of this process's environment until SIGTERM or SIGINT.

    A second signal ends the process without waiting for requests. SIGHUP reads the settings again. Raises
    click.ClickException where the service cannot be started.
    """
    settings: Settings | None = None
    _limit_heap()
    try:
        reader = SettingsReader(env_file, keys_needed=keys_needed)
        settings = reader.read()
        logs.configure(settings)
        reader.report_unknown()
        uvloop.run(_serve(create, settings, reader))
    except SettingsError as error:
        detail = error.detail if settings is None else settings.with_names_as_set(error.detail)
        raise click.ClickException(f"the settings are wrong:\n{detail}") from None
    except MememimeError as error:
        raise click.ClickException(error.detail) from None
    except OSError as error:
        raise click.ClickException(f"cannot listen: {error.strerror or error}") from None
    except asyncio.CancelledError:
        raise SystemExit(1) from None


def _limit_heap() -> None:
    """Let large results have mappings of their own, which go back to the kernel when they are freed.

    By default glibc takes blocks of up to 32 MiB from the heap, once one of them was freed. Measured: after mixed
    results of up to 30 MB, 200 MB at a time, 272 MiB were left in the process, and with these settings 59 MiB. No other
    C library has ``mallopt``; where the environment has settings of its own (MALLOC_…), they hold.
    """
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt") and not any(name.startswith("MALLOC_") for name in os.environ):
        for setting, value in _HEAP_SETTINGS.items():
            library.mallopt(setting, value)


async def _serve(create: Callable[[Settings], Service], settings: Settings, reader: SettingsReader) -> None:
    log = logs.logger()
    stop, reload = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    terminal = Terminal()
    for number in _SIGNALS:
        loop.add_signal_handler(number, stop.set)

    def on_hangup() -> None:
        (stop if terminal.is_lost() else reload).set()

    loop.add_signal_handler(signal.SIGHUP, on_hangup)
    service = create(settings)
    await service.start()
    facts = {"workers": settings.worker_count, "sandbox": ", ".join(service.sandbox) or "none"}
    facts |= {"version": __version__, "pid": os.getpid()}
    if service.metrics_addresses:
        facts["metrics"] = ", ".join(service.metrics_addresses)
    reader.report_weak(settings)
    log.info("service.started", address=", ".join(service.addresses), **facts)
    # Objects that live as long as the process are left out of each garbage collection.
    gc.freeze()
    reloads = asyncio.create_task(_reload_on(reload, service, settings, reader))
    await stop.wait()
    await _cancel(reloads)
    log.info("service.stopping", timeout=settings.graceful_stop_timeout)
    for number in _SIGNALS:
        loop.remove_signal_handler(number)
    await service.stop()
    log.info("service.stopped")


async def _reload_on(event: asyncio.Event, service: Service, settings: Settings, reader: SettingsReader) -> None:
    """Reload, one after another, until this task is cancelled; the present settings stay where new ones are wrong."""
    log = logs.logger()
    while True:
        await event.wait()
        event.clear()
        new: Settings | None = None
        try:
            new = await asyncio.to_thread(reader.read)
            result = update(settings, new)
            await service.reload(result.settings)
        except MememimeError as error:
            detail = error.detail if new is None else new.with_names_as_set(error.detail)
            log.log(logging.ERROR, "settings.reload_failed", error=error.code, detail=detail)
            continue
        except Exception as error:
            log.exception("settings.reload_failed", error=MememimeError.code, detail=f"{type(error).__name__}: {error}")
            continue
        settings = result.settings
        logs.set_level(settings)
        reader.report_unknown()
        reader.report_weak(settings)
        log.info("settings.reloaded", changed=", ".join(result.changed))
        if result.restart_needed:
            log.warning("settings.restart_needed", variables=", ".join(result.restart_needed))


async def _cancel(task: asyncio.Task[Any]) -> None:
    task.cancel()
    await asyncio.wait((task,))
