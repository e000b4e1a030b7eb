"""Supervisor of services for development: runs them as child processes and restarts each one that ends."""

from __future__ import annotations

import asyncio
import ctypes
import logging
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from mememime_proxy.errors import MememimeError, SettingsError
from mememime_proxy.service.logs import logger
from mememime_proxy.service.sighup import Terminal

_START_TIMEOUT = 60.0
"""Seconds within which a service must be ready at its first start."""
_POLL = 0.05
_MIN_BACKOFF, _MAX_BACKOFF = 0.1, 5.0
"""Seconds before a service is restarted; doubled each time that it ended soon."""
_STABLE = 10.0
"""Uptime in seconds after which the backoff is reset."""
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


class StartError(Exception):
    """A service ended before it was ready, or was not ready in time."""


def _terminate_with_parent() -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


class ServiceProcess:
    """One service: a ``mememime`` command in a child process, restarted when it ends."""

    def __init__(
        self, command: str, environ: Mapping[str, str], is_ready: Callable[[], bool], stop_timeout: float
    ) -> None:
        """Create; ``run`` starts the process.

        ``is_ready``: a blocking check, called in a thread. ``stop_timeout``: seconds from SIGTERM to SIGKILL.
        """
        self.command = command
        self._environ = environ
        self._is_ready = is_ready
        self._stop_timeout = stop_timeout
        self._log = logger()
        self._process: subprocess.Popen[bytes] | None = None
        self._exit: asyncio.Future[int] | None = None
        self._was_ready = False

    async def run(self) -> None:
        """Run the service until this task is cancelled, then stop its process. Raises StartError."""
        backoff = _MIN_BACKOFF
        try:
            while True:
                started = time.monotonic()
                status = await asyncio.shield(self._start())
                if not self._was_ready:
                    raise StartError(f"mememime {self.command} did not start; see its log")
                self._log.error("service.ended", service=self.command, status=status)
                backoff = _MIN_BACKOFF if time.monotonic() - started > _STABLE else min(2 * backoff, _MAX_BACKOFF)
                await asyncio.sleep(backoff)
        finally:
            await self._stop()

    async def wait_until_ready(self) -> None:
        """Wait until the service is ready. Raises StartError after a minute."""
        try:
            async with asyncio.timeout(_START_TIMEOUT):
                while not await asyncio.to_thread(self._is_ready):  # noqa: ASYNC110
                    await asyncio.sleep(_POLL)
        except TimeoutError as error:
            raise StartError(f"mememime {self.command} was not ready within {_START_TIMEOUT:.0f} s") from error
        self._was_ready = True

    def _start(self) -> asyncio.Future[int]:
        # A new session: Ctrl-C in a terminal signals only the supervisor, which then stops the service.
        self._process = process = subprocess.Popen(  # noqa: S603 - this program
            [sys.executable, "-m", "mememime_proxy", self.command],
            env=self._environ,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_terminate_with_parent,  # noqa: PLW1509 - only a system call
        )
        self._exit = asyncio.ensure_future(asyncio.to_thread(process.wait))
        return self._exit

    async def _stop(self) -> None:
        if self._process is None or self._exit is None:
            return
        self._process.terminate()
        await asyncio.wait((self._exit,), timeout=self._stop_timeout)
        self._process.kill()
        await self._exit

    def reload(self) -> None:
        """Let the service read its settings again."""
        if self._process is not None and self._was_ready:
            self._process.send_signal(signal.SIGHUP)

    def kill(self) -> None:
        """End the process at once."""
        if self._process is not None:
            self._process.kill()


async def supervise(
    services: Sequence[ServiceProcess], on_ready: Callable[[], Awaitable[None]], prepare_reload: Callable[[], None]
) -> None:
    """Run services until SIGTERM, SIGINT or the loss of the terminal; a second signal kills them.

    SIGHUP makes them read their settings again, after ``prepare_reload``, which is called in a thread. ``on_ready`` is
    called once, when all are ready. Raises StartError if one does not start, and the errors of ``on_ready``. All
    processes have ended when this returns.
    """
    stop, hung_up, loop = asyncio.Event(), asyncio.Event(), asyncio.get_running_loop()
    terminal = Terminal()

    def on_signal() -> None:
        if stop.is_set():
            for service in services:
                service.kill()
        stop.set()

    def on_hangup() -> None:
        if terminal.is_lost():
            on_signal()
        else:
            hung_up.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal)
    loop.add_signal_handler(signal.SIGHUP, on_hangup)
    stopping = asyncio.create_task(stop.wait())
    tasks: list[asyncio.Task[Any]] = [
        asyncio.create_task(_run_when_ready(services, on_ready)),
        stopping,
        asyncio.create_task(_reload_on(hung_up, services, prepare_reload)),
        *(asyncio.create_task(service.run()) for service in services),
    ]
    try:
        running = set(tasks)
        while not stopping.done():
            done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _reload_on(
    event: asyncio.Event, services: Sequence[ServiceProcess], prepare_reload: Callable[[], None]
) -> None:
    while True:
        await event.wait()
        event.clear()
        try:
            await asyncio.to_thread(prepare_reload)
        except (MememimeError, OSError) as error:
            detail = error.detail if isinstance(error, MememimeError) else str(error)
            logger().log(logging.ERROR, "settings.reload_failed", error=SettingsError.code, detail=detail)
            continue
        for service in services:
            service.reload()


async def _run_when_ready(services: Sequence[ServiceProcess], on_ready: Callable[[], Awaitable[None]]) -> None:
    for service in services:
        await service.wait_until_ready()
    await on_ready()
