"""``mememime serve``: the proxy and the resource service, two processes of one environment, for development."""

from __future__ import annotations

import asyncio
import ctypes
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import click

from mememime_proxy.commands import health
from mememime_proxy.errors import MememimeError
from mememime_proxy.service import logs
from mememime_proxy.service.dev_environment import Development, prepare
from mememime_proxy.service.logs import logger

_START = 60.0
"""Seconds for a service to answer for the first time."""
_LOOK = 0.05
_SHORTEST, _LONGEST = 0.1, 5.0
"""Seconds until a service that ended is started again: twice as long each time that it ended soon."""
_STEADY = 10.0
_MARGIN = 5.0
"""Seconds on top of GRACEFUL_STOP_TIMEOUT until a service that was told to stop is killed."""
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


class StartError(Exception):
    """A service ended before it had answered once, or did not answer in time."""


def _ends_with_its_parent() -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


class Child:
    """One service in a process, started again whenever it ends."""

    def __init__(self, command: str, environ: Mapping[str, str], patience: float) -> None:
        """``patience``: seconds in which it has to end once it was told to."""
        self.command = command
        self._environ = environ
        self._patience = patience
        self._log = logger()
        self._process: subprocess.Popen[bytes] | None = None
        self._ended: asyncio.Future[int] | None = None
        self.answered = False
        """Set it when the service has answered: an end before that is a failure to start."""

    async def run(self) -> None:
        """Until cancelled; the process has ended then. StartError."""
        pause = _SHORTEST
        try:
            while True:
                begun = time.monotonic()
                status = await asyncio.shield(self._begin())
                if not self.answered:
                    raise StartError(f"mememime {self.command} did not start")
                self._log.error("a service ended and is started again", service=self.command, status=status)
                pause = _SHORTEST if time.monotonic() - begun > _STEADY else min(2 * pause, _LONGEST)
                await asyncio.sleep(pause)
        finally:
            await self._stop()

    def _begin(self) -> asyncio.Future[int]:
        # A session of its own: a terminal's Ctrl-C is for this process alone, which tells the service once.
        self._process = process = subprocess.Popen(  # noqa: S603 - ourselves
            [sys.executable, "-m", "mememime_proxy", self.command],
            env=self._environ,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_ends_with_its_parent,  # noqa: PLW1509 - nothing but a system call
        )
        self._ended = asyncio.ensure_future(asyncio.to_thread(process.wait))
        return self._ended

    async def _stop(self) -> None:
        if self._process is None or self._ended is None:
            return
        self._process.terminate()
        await asyncio.wait((self._ended,), timeout=self._patience)
        self._process.kill()
        await self._ended

    def kill(self) -> None:
        """Ends it at once."""
        if self._process is not None:
            self._process.kill()


async def supervise(development: Development, ready: Callable[[], Awaitable[None]]) -> None:
    """Runs both services until SIGTERM or SIGINT; a second signal kills them. ``ready`` is run once both answer.

    StartError where one does not start; whatever ``ready`` raises. Neither outlives this.
    """
    patience = development.settings.graceful_stop_timeout + _MARGIN
    children = [
        Child("resources", development.resources, patience),
        Child("proxy", development.proxy, patience),
    ]
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def told() -> None:
        if stop.is_set():
            for child in children:
                child.kill()
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, told)
    services = [asyncio.create_task(child.run()) for child in children]
    first = asyncio.create_task(_when_ready(development, children, ready))
    waiting = asyncio.create_task(stop.wait())
    tasks: list[asyncio.Task[Any]] = [first, waiting, *services]
    try:
        running = set(tasks)
        while not waiting.done():
            done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _when_ready(development: Development, children: list[Child], ready: Callable[[], Awaitable[None]]) -> None:
    for child in children:
        await _answers(development, child)
        child.answered = True
    await ready()


async def _answers(development: Development, child: Child) -> None:
    try:
        async with asyncio.timeout(_START):
            while not await asyncio.to_thread(_asked, development, child.command == "resources"):  # noqa: ASYNC110
                await asyncio.sleep(_LOOK)
    except TimeoutError as error:
        raise StartError(f"mememime {child.command} did not answer within {_START:.0f} s") from error


def _asked(development: Development, resources: bool) -> bool:
    try:
        return health.status(development.settings, ready=True, timeout=1.0, resources=resources) == 200
    except OSError:
        return False


def run(prepared: Callable[[], Development], ready: Callable[[Development], Awaitable[None]]) -> None:
    """``supervise`` in the environment that ``prepared`` makes, with errors as a command tells them."""
    try:
        development = prepared()
        logs.configure(development.settings)
        asyncio.run(supervise(development, lambda: ready(development)))
    except MememimeError as error:
        raise click.ClickException(error.detail) from None
    except StartError as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"cannot start: {error.strerror or error}") from None


@click.command()
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=".mememime",
    show_default=True,
    help="Where assets and the database are kept, unless variables say otherwise.",
)
@click.option(
    "--env-file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=".env",
    show_default=True,
    help="A file of variables; keys that are missing are made and added to it. The environment wins over it.",
)
def serve(folder: Path, env_file: Path) -> None:
    """Run the proxy and the resource service together, for development. What no variable says gets a default."""

    async def ready(development: Development) -> None:
        click.echo(f"pictures: {development.proxy_url or development.settings.bind}")
        click.echo(f"uploads:  {development.resources_url}")

    run(lambda: prepare(folder, env_file), ready)
