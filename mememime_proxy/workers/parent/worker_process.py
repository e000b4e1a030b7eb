"""One worker process for the event loop: its socket, its pidfd, its exit.

Nothing here blocks. The socket carries the worker's messages and, by closing, shows its end. The pidfd, which comes
with the message ``Forked``, kills exactly this process (never another with its number) and gives its exit status.
"""

from __future__ import annotations

import asyncio
import contextlib
import enum
import errno
import os
import signal
import time
from collections.abc import Callable
from typing import Final, Protocol

from mememime_proxy.memfd import close_all, fixed, memfd, read_only
from mememime_proxy.workers import wire
from mememime_proxy.workers.config import LOWERED_NICENESS, Lane
from mememime_proxy.workers.niceness import set_niceness
from mememime_proxy.workers.parent.exit_status import WorkerExit, classify
from mememime_proxy.workers.parent.signing import MAX_SIGNATURES, RefusedSignatureError

NOTES_SIZE: Final = 64 << 10
"""Bytes that a process may write to stderr in one job; it has no room for more."""
_NOTES: Final = 2000
"""Bytes of them that are used."""
_REAP_TRIES: Final = 1000
_REAP_INTERVAL: Final = 0.005
"""Seconds. Together five, for less than a millisecond of work, because others may use all cores."""
_PEER_CLOSED: Final = frozenset({errno.EPIPE, errno.ECONNRESET, errno.ECONNREFUSED, errno.ENOTCONN})


class WorkerState(enum.Enum):
    """STARTING → IDLE ⇄ BUSY → LOST (its socket is closed) → GONE (reaped)."""

    STARTING = enum.auto()
    IDLE = enum.auto()
    BUSY = enum.auto()
    LOST = enum.auto()
    GONE = enum.auto()


class WorkerObserver(Protocol):
    """An observer of a worker's life."""

    def worker_ready(self, worker: Worker) -> None:
        """Handle a worker that can take jobs."""

    def worker_replied(self, worker: Worker, reply: wire.JobReply, descriptor: int) -> None:
        """Its job is over; ``descriptor`` (the owner's now) holds the result, −1 where there is none."""

    def worker_needs(self, worker: Worker, need: wire.Need) -> None:
        """Handle a job that needs more bytes of its original; ``answer`` says that they are there."""

    def worker_lost(self, worker: Worker, received: bool) -> None:
        """Handle a worker that takes no more jobs. ``received``: whether it had read the last one."""

    def worker_gone(self, worker: Worker, end: WorkerExit) -> None:
        """Handle a worker that was reaped. This is the last call."""


def notes(descriptor: int) -> str:
    """Return the printable end of what a process wrote to its stderr, a file of ``NOTES_SIZE`` bytes, on one line."""
    text = os.pread(descriptor, NOTES_SIZE, 0).rstrip(b"\0")[-_NOTES:].decode("utf-8", "replace")
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def reap(pidfd: int) -> os.waitid_result | None:
    """Status of a child that has ended; None where it has not, or is not (yet) ours to wait for."""
    try:
        return os.waitid(os.P_PIDFD, pidfd, os.WEXITED | os.WNOHANG)
    except (ChildProcessError, BlockingIOError):
        return None


class Worker:
    """A worker from the order to fork it until it is reaped. OSError when this process is out of descriptors."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        observer: WorkerObserver,
        sign: Callable[[bytes], bytes] | None = None,
    ) -> None:
        """``sign``: see ``PoolConfig``."""
        self.state = WorkerState.STARTING
        self.pid = 0
        self.sandbox: tuple[str, ...] = ()
        self.jobs = 0
        self.lane: Lane | None = None
        """The kind of jobs that it takes; None until its first one."""
        self.rss = 0
        self.first_rss = 0
        """Resident bytes after its first job."""
        self.vips = wire.VipsMemory()
        self.ordered = time.monotonic()
        self._loop = loop
        self._observer = observer
        self._pidfd = -1
        self._reason = ""
        self._received = True
        self._result = -1
        self._sign = sign
        self._signatures = 0
        """Of its job."""
        self._connection, self._worker_socket = wire.pair()
        try:
            self._notes = fixed("worker-notes", NOTES_SIZE)
        except OSError:
            self._connection.close()
            self._worker_socket.close()
            raise
        loop.add_reader(self._connection.fileno(), self._readable)

    def descriptors(self) -> tuple[int, int]:
        """Return the descriptors for the process: its end of the socket, its stderr."""
        return self._worker_socket.fileno(), self._notes

    def close_worker_socket(self) -> None:
        """Close our copy of the process's end, once the zygote has its descriptors."""
        self._worker_socket.close()

    def give(self, message: bytes, source: int, pixels: tuple[int, ...] = ()) -> bool:
        """Hand an encoded job to an idle worker. False: it is dead, and ``worker_lost`` was called.

        ``pixels``: descriptors of its ``JobPixels``.

        The worker cannot change the bytes of ``source``, which other jobs and the caller use as well. OSError or
        WireError when it is the job that cannot be sent; the worker stays as it is.
        """
        shared = read_only(source)
        result = -1
        try:
            result = memfd("result")
            wire.send(self._connection, message, (shared, result, *pixels))
        except (OSError, wire.WireError) as error:
            close_all([result] if result >= 0 else [])
            if not isinstance(error, OSError) or error.errno not in _PEER_CLOSED:
                raise
            self._disconnect(received=False)
            return False
        finally:
            if shared != source:
                os.close(shared)
        self._result = result
        self.state = WorkerState.BUSY
        self._signatures = 0
        self.jobs += 1
        return True

    def answer(self, have: wire.Have) -> None:
        """Say that the bytes are there which the job of this worker needs. It may have ended meanwhile."""
        if self.state is WorkerState.BUSY:
            with contextlib.suppress(OSError):
                wire.send(self._connection, wire.encode(have))

    def lower_priority(self) -> None:
        """Let the process have the CPU when others do not want it; it has one thread so far."""
        set_niceness(LOWERED_NICENESS, self.pid)

    def kill(self, reason: str) -> None:
        """End it now, or as soon as its pidfd is known. ``reason`` becomes that of its ``WorkerExit``."""
        if self.state in {WorkerState.LOST, WorkerState.GONE}:
            return
        self._reason = reason
        if self._pidfd >= 0:
            self._disconnect(received=True)

    def _readable(self) -> None:
        try:
            reply, descriptors = wire.receive_reply(self._connection)
        except (BlockingIOError, InterruptedError):
            return
        except ConnectionResetError:
            self._disconnect(received=False)
            return
        except (OSError, wire.WireError):
            self._reason = "protocol"
            self._disconnect(received=True)
            return
        if reply is None:
            self._disconnect(received=True)
            return
        try:
            self._handle_reply(reply, descriptors)
        except wire.WireError:
            self._reason = "protocol"
            self._disconnect(received=True)
        finally:
            if descriptors:
                close_all(descriptors)

    def _handle_reply(self, reply: wire.Reply, descriptors: list[int]) -> None:
        """Act on a message; descriptors in use are removed from ``descriptors``."""
        if isinstance(reply, wire.Forked):
            if self._pidfd >= 0 or len(descriptors) != 1:
                raise wire.WireError("a second Forked message, or one without a pidfd")
            self.pid, self._pidfd = reply.pid, descriptors.pop()
            if self._reason:
                self._disconnect(received=True)
            return
        if isinstance(reply, wire.Ready):
            if self.state is not WorkerState.STARTING or self._pidfd < 0:
                raise wire.WireError("an unexpected Ready message")
            self.sandbox, self.state = reply.sandbox, WorkerState.IDLE
            self._observer.worker_ready(self)
            return
        if self.state is not WorkerState.BUSY:
            raise wire.WireError("a reply without a job")
        if isinstance(reply, wire.Need):
            self._observer.worker_needs(self, reply)
            return
        if isinstance(reply, wire.Sign):
            self._send_signature(reply.data)
            return
        if isinstance(reply, wire.ResultReply):
            wire.check_result(self._result, reply.size)
            result, self._result = self._result, -1
        else:
            result = -1
            self._close_result()
        self.rss, self.vips = reply.rss, reply.vips
        self.first_rss = self.first_rss or reply.rss
        self.state = WorkerState.IDLE
        self._observer.worker_replied(self, reply, result)

    def _send_signature(self, data: bytes) -> None:
        self._signatures += 1
        if self._sign is None or self._signatures > MAX_SIGNATURES:
            raise wire.WireError("a signature that the job must not ask for")
        try:
            signature = self._sign(data)
        except RefusedSignatureError as error:
            raise wire.WireError("what is to be signed is no manifest") from error
        with contextlib.suppress(OSError):
            wire.send(self._connection, wire.encode(wire.Signed(signature)))

    def _disconnect(self, received: bool) -> None:
        """Stop it for good: it takes no more jobs, and its process is killed."""
        if self.state in {WorkerState.LOST, WorkerState.GONE}:
            return
        self._received = received
        self.state = WorkerState.LOST
        self._close_result()
        self._loop.remove_reader(self._connection.fileno())
        self._connection.close()
        if self._pidfd >= 0:
            # A process that is exiting keeps its own status; the signal ends one that only closed its socket.
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
            self._loop.add_reader(self._pidfd, self._ended)
        self._observer.worker_lost(self, received)
        if self._pidfd < 0:
            self._end(WorkerExit(self._reason or "not-started", notes(self._notes), received))

    def _close_result(self) -> None:
        if self._result >= 0:
            os.close(self._result)
            self._result = -1

    def _ended(self) -> None:
        self._loop.remove_reader(self._pidfd)
        self._reap(_REAP_TRIES)

    def _reap(self, tries: int) -> None:
        status = reap(self._pidfd)
        if status is None and tries:
            # Killed right after its fork, it may be the child of the process between it and the zygote yet.
            self._loop.call_later(_REAP_INTERVAL, self._reap, tries - 1)
            return
        os.close(self._pidfd)
        self._pidfd = -1
        if self._reason:
            self._end(WorkerExit(self._reason, "", self._received))
        else:
            self._end(classify(status, notes(self._notes), self._received))

    def _end(self, end: WorkerExit) -> None:
        self.state = WorkerState.GONE
        os.close(self._notes)
        self._observer.worker_gone(self, end)
