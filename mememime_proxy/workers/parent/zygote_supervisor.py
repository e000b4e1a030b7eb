"""Supervision of the zygote by the event loop: start by exec with a clean environment, and restart when it ends.

What the parent holds in memory (keys above all) never reaches the zygote, and so no worker: it is a fresh
interpreter that inherits no descriptor but its socket and no variable but those in ``PASSED_ENVIRONMENT``.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import fcntl
import os
import signal
import socket
import sys
from collections.abc import Callable
from typing import Final

from mememime_proxy.errors import WorkerError
from mememime_proxy.memfd import close_all, fixed, memfd
from mememime_proxy.workers import wire
from mememime_proxy.workers.parent.worker_process import NOTES_SIZE, Worker, notes, reap

PASSED_ENVIRONMENT: Final = (
    "FONTCONFIG_FILE",
    "FONTCONFIG_PATH",
    "GLIBC_TUNABLES",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "MALLOC_PERTURB_",
)
"""Variables that workers share with the parent where they are set: where libraries, fonts and an allocator are."""
OWN_ENVIRONMENT: Final = {
    "LANG": "C.UTF-8",
    # One core a worker: as many workers run as there are cores, so more threads would only compete for them.
    "VIPS_CONCURRENCY": "1",
    # glibc has an arena for each thread; with short-lived threads of pyvips all arenas fragment.
    "MALLOC_ARENA_MAX": "2",
    # Memory for pixels is kept between jobs, so that it is not mapped again page by page: 3 % of a render.
    # A worker that is idle or has grown returns it to the kernel (``worker.Memory``).
    "MALLOC_TRIM_THRESHOLD_": "268435456",
    "MALLOC_MMAP_THRESHOLD_": "33554432",  # the maximum of glibc
    # No temporary files for large pictures (libvips' default: from 100 MB).
    "VIPS_DISC_THRESHOLD": "1000g",
    # NumPy's linear algebra and OpenMP start threads when they are imported; a fork with threads is not safe.
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
}
_MODULE: Final = "mememime_proxy.workers.child.zygote"
_SOCKET: Final = 3
_ABOVE_STANDARD: Final = 10
_BACKOFF: Final = (0.0, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""Seconds before the zygote is started again, by failures in a row."""
_START_TIMEOUT: Final = 60.0
"""Seconds that a zygote may take to import everything, on the slowest of machines."""
_LEAVE_TIMEOUT: Final = 2.0
"""Seconds for a zygote to end by itself; one that is stopped or still imports is killed then."""
_SWEEP_TIMEOUT: Final = 5.0
_SWEEP_INTERVAL: Final = 0.01
"""Seconds. A process between a zygote and a worker needs milliseconds, but more where others use all cores."""
_PR_SET_CHILD_SUBREAPER: Final = 36
_DEFAULT_SIGNALS: Final = (
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGPIPE,
    signal.SIGCHLD,
    signal.SIGALRM,
    signal.SIGPROF,
    signal.SIGXCPU,
)
"""Signals that have their default action in zygote and workers, whatever this process does with them."""


def environment() -> dict[str, str]:
    """Return the whole environment of zygote and workers."""
    return OWN_ENVIRONMENT | {name: os.environ[name] for name in PASSED_ENVIRONMENT if name in os.environ}


def adopt_orphans() -> None:
    """Adopt orphaned grandchildren (subreaper), so that their exit status is known and none stays a zombie.

    A worker is such an orphan from its birth: it does not matter to it what becomes of the zygote.
    """
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _sweep(group: int) -> bool:
    """Reap what a zygote that was killed while it forked left behind: the process between it and the worker.

    Returns whether nothing is left of the zygote's process group.
    """
    try:
        while os.waitid(os.P_PGID, group, os.WEXITED | os.WNOHANG) is not None:
            pass
    except ChildProcessError:
        return True
    return False


def _execute(connection: int, stderr: int) -> int:
    """Start the interpreter; returns its pid.

    Blocks until it has been executed: about a millisecond, whatever the size of this process (vfork).
    """
    # Higher than the descriptor numbers that the actions below use.
    high_connection = fcntl.fcntl(connection, fcntl.F_DUPFD_CLOEXEC, _ABOVE_STANDARD)
    high_stderr = fcntl.fcntl(stderr, fcntl.F_DUPFD_CLOEXEC, _ABOVE_STANDARD)
    try:
        return os.posix_spawn(
            sys.executable,
            [sys.executable, "-E", "-P", "-m", _MODULE],
            environment(),
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, high_stderr, 1),
                (os.POSIX_SPAWN_DUP2, high_stderr, 2),
                (os.POSIX_SPAWN_DUP2, high_connection, _SOCKET),
            ],
            setsid=True,
            setsigmask=[],
            setsigdef=_DEFAULT_SIGNALS,
        )
    finally:
        os.close(high_connection)
        os.close(high_stderr)


def _abort(pid: int) -> None:
    """End and reap a child that was only just started."""
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


class Zygote:
    """One zygote process. ``ready`` and ``exited`` are futures; ``exited`` gives what it wrote to stderr."""

    def __init__(self, loop: asyncio.AbstractEventLoop, connection: socket.socket, pid: int, stderr: int) -> None:
        self.pid = pid
        self.ready: asyncio.Future[wire.Ready] = loop.create_future()
        self.exited: asyncio.Future[str] = loop.create_future()
        self._loop = loop
        self._connection = connection
        self._stderr = stderr
        self._pidfd = os.pidfd_open(pid)
        self._patience = loop.call_later(_START_TIMEOUT, self.kill)
        # A failed start is raised where it is awaited; elsewhere it is not reported as an unhandled exception.
        self.ready.add_done_callback(lambda ready: ready.cancelled() or ready.exception())
        loop.add_reader(connection.fileno(), self._readable)
        loop.add_reader(self._pidfd, self._ended)

    @classmethod
    def start(cls, loop: asyncio.AbstractEventLoop, setup: wire.Setup, watermark: bytes | None) -> Zygote:
        """Start the process and send its set-up. It can be used when ``ready`` is done. Raises OSError."""
        with contextlib.ExitStack() as undo:
            connection, theirs = wire.pair()
            undo.callback(connection.close)
            with theirs:
                stderr = fixed("zygote-notes", NOTES_SIZE)
                undo.callback(os.close, stderr)
                pid = _execute(theirs.fileno(), stderr)
            undo.callback(_abort, pid)
            zygote = cls(loop, connection, pid, stderr)
            undo.pop_all()
        descriptors = []
        try:
            if watermark is not None:
                descriptors.append(memfd("watermark", watermark))
            wire.send(connection, wire.encode(setup), tuple(descriptors))
        except OSError:
            zygote.kill()
        finally:
            close_all(descriptors)
        return zygote

    @property
    def usable(self) -> bool:
        """Whether it can fork now."""
        return self.ready.done() and self.ready.exception() is None and not self.exited.done()

    def fork(self, worker: Worker) -> None:
        """Order a process for ``worker``, which gets ``Forked``, or the end of its socket."""
        with contextlib.suppress(OSError):
            wire.send(self._connection, wire.encode(wire.Fork()), worker.descriptors())
        worker.close_worker_socket()

    def kill(self) -> None:
        """End it; ``exited`` follows. Workers are not touched."""
        if self._pidfd >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)

    async def leave(self) -> None:
        """Let it end: it does what was ordered and sees the end of its socket. Returns when it is reaped."""
        self._disconnect()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LEAVE_TIMEOUT):
                await asyncio.shield(self.exited)
        if not self.exited.done():
            self.kill()
            await self.exited

    def _disconnect(self) -> None:
        if self._connection.fileno() >= 0:
            self._loop.remove_reader(self._connection.fileno())
            self._connection.close()

    def _readable(self) -> None:
        try:
            reply, descriptors = wire.receive_reply(self._connection)
            close_all(descriptors)
        except (BlockingIOError, InterruptedError):
            return
        except (OSError, wire.WireError):
            reply = None
        if isinstance(reply, wire.Ready) and not self.ready.done():
            self._patience.cancel()
            self.ready.set_result(reply)
            return
        if isinstance(reply, wire.ErrorReply) and not self.ready.done():
            self.ready.set_exception(WorkerError(reply.detail))
        self._disconnect()
        self.kill()

    def _ended(self) -> None:
        self._patience.cancel()
        self._loop.remove_reader(self._pidfd)
        self._disconnect()
        reap(self._pidfd)
        os.close(self._pidfd)
        self._pidfd = -1
        stderr = notes(self._stderr)
        os.close(self._stderr)
        if not self.ready.done():
            self.ready.set_exception(WorkerError(f"the workers' zygote ended before it was ready: {stderr}"))
        self.exited.set_result(stderr)


class ZygoteSupervisor:
    """Keeps one zygote alive. ``on_up`` is called whenever a new one is ready, ``on_down`` whenever one died."""

    def __init__(
        self,
        setup: wire.Setup,
        watermark: bytes | None,
        on_up: Callable[[], None],
        on_down: Callable[[str], None],
    ) -> None:
        self.failures = 0
        """Zygotes in a row that were never ready."""
        self.starts = 0
        self._setup = setup
        self._watermark = watermark
        self._on_up = on_up
        self._on_down = on_down
        self._zygote: Zygote | None = None
        self._restarts: asyncio.Task[None] | None = None
        self._unreaped_groups: set[int] = set()
        """Process groups of dead zygotes that may hold processes to be reaped."""

    @property
    def pid(self) -> int:
        """The zygote's; 0 where there is none."""
        return self._zygote.pid if self._zygote is not None else 0

    async def start(self) -> None:
        """Return when the first zygote is ready. Raises WorkerError, with its stderr, where it does not start."""
        adopt_orphans()
        try:
            zygote = self._launch()
        except OSError as error:
            raise WorkerError(f"the workers' zygote cannot be executed: {error.strerror}: {sys.executable}") from error
        try:
            await asyncio.shield(zygote.ready)
        except BaseException:
            zygote.kill()
            raise
        self._restarts = asyncio.get_running_loop().create_task(self._supervise(zygote))

    async def close(self) -> None:
        """End the zygote; returns when it is reaped. Workers are not touched."""
        if self._restarts is not None:
            self._restarts.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._restarts
        if self._zygote is not None:
            await self._zygote.leave()
            self._unreaped_groups.add(self._zygote.pid)
            self._zygote = None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SWEEP_TIMEOUT):
                while self._unreaped_groups:
                    self._unreaped_groups = {group for group in self._unreaped_groups if not _sweep(group)}
                    await asyncio.sleep(_SWEEP_INTERVAL if self._unreaped_groups else 0)

    @property
    def libraries(self) -> dict[str, str]:
        """Versions of the libraries that read and write pictures, as the present zygote says."""
        return self._zygote.ready.result().libraries if self._zygote is not None and self._zygote.usable else {}

    @property
    def usable(self) -> bool:
        """Whether ``fork`` has an effect now; ``on_up`` announces the next time."""
        return self._zygote is not None and self._zygote.usable

    def fork(self, worker: Worker) -> None:
        """Order a process for ``worker``, which gets ``Forked``, or the end of its socket."""
        if self._zygote is None:
            worker.close_worker_socket()
        else:
            self._zygote.fork(worker)

    def renew(self) -> None:
        """Replace a zygote that does not fork."""
        if self._zygote is not None:
            self._zygote.kill()

    def _launch(self) -> Zygote:
        self.starts += 1
        self._zygote = Zygote.start(asyncio.get_running_loop(), self._setup, self._watermark)
        return self._zygote

    async def _supervise(self, zygote: Zygote) -> None:
        while True:
            with contextlib.suppress(WorkerError):
                await asyncio.shield(zygote.ready)
                self.failures = 0
                self._on_up()
            stderr = await asyncio.shield(zygote.exited)
            if zygote.ready.exception() is not None:
                self.failures += 1
            self._on_down(stderr)
            self._unreaped_groups = {group for group in (*self._unreaped_groups, zygote.pid) if not _sweep(group)}
            zygote = await self._launch_again()

    async def _launch_again(self) -> Zygote:
        while True:
            await asyncio.sleep(_BACKOFF[min(self.failures, len(_BACKOFF) - 1)])
            try:
                return self._launch()
            except OSError as error:
                # Out of descriptors or processes, possibly for a short time.
                self.failures += 1
                self._on_down(str(error))
