"""The loop of a worker: receive a job, do it, reply, until the socket ends."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import select
import signal
import socket
import time
import traceback
from collections.abc import Callable
from typing import Final, cast

import msgspec

from mememime_proxy.errors import LimitError, MememimeError, SourceIncompleteError, WorkerCrashError, WorkerError
from mememime_proxy.memfd import Buffer, close_all, sealed, view
from mememime_proxy.plan import Plan
from mememime_proxy.variant import Variant
from mememime_proxy.workers import wire
from mememime_proxy.workers.sandbox.confine import Confinement

Operation = Callable[[Buffer, Plan, str], Variant[Buffer]]
"""Original, plan and argument (what follows a colon in the job's operation) to a result. Errors are of ``errors``."""

_BACKSTOP: Final = 1.0
"""Seconds after the deadline at which a worker ends itself, if the service has not ended it."""
_IDLE: Final = 500
"""Milliseconds without a job before freed memory goes back to the kernel."""
_GROWTH: Final = 64 << 20
"""Resident bytes above those at the start from which freed memory goes back before the answer is sent."""
_STDERR: Final = 2
_RESIDENT: Final = 1
_PAGE: Final = resource.getpagesize()


class Memory:
    """This process's memory. The file is opened once: a sandbox may forbid it later."""

    def __init__(self) -> None:
        self._statm = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)
        self._trim = ctypes.CDLL(None).malloc_trim if hasattr(ctypes.CDLL(None), "malloc_trim") else None
        self._birth = self.resident()
        self._vips = _load_libvips()

    def resident(self) -> int:
        """Bytes in RAM, shared ones included."""
        return int(os.pread(self._statm, 128, 0).split()[_RESIDENT]) * _PAGE

    def vips(self) -> wire.VipsMemory:
        """Return what libvips counts; zeros where it is not loaded."""
        library = self._vips
        if library is None:
            return wire.VipsMemory()
        return wire.VipsMemory(
            library.vips_tracked_get_mem(),
            library.vips_tracked_get_mem_highwater(),
            library.vips_tracked_get_allocs(),
        )

    def trim(self) -> None:
        """Give freed memory back to the kernel."""
        if self._trim is not None:
            self._trim(0)

    def reclaim(self) -> int:
        """Resident bytes after a job, trimmed first where that is worth its time."""
        resident = self.resident()
        if resident - self._birth < _GROWTH:
            return resident
        self.trim()
        return self.resident()


def _load_libvips() -> ctypes.CDLL | None:
    """Return the libvips that this process has loaded; pyvips has no binding of its counters."""
    with open("/proc/self/maps", encoding="utf-8", errors="replace") as maps:  # noqa: PTH123 - read line by line
        path = next((line.split(maxsplit=5)[5].strip() for line in maps if "/libvips" in line), "")
    if not path:
        return None
    library = ctypes.CDLL(path)
    try:
        for name in ("vips_tracked_get_mem", "vips_tracked_get_mem_highwater"):
            getattr(library, name).restype = ctypes.c_size_t
        library.vips_tracked_get_allocs.restype = ctypes.c_int
    except AttributeError:
        return None
    return library


def _arm(seconds: float) -> None:
    """End this process some time after the deadline, even when the service that should do it is stopped or stuck."""
    left = max(seconds, 0.0) + _BACKSTOP
    signal.setitimer(signal.ITIMER_REAL, left)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    # libvips reads ahead in threads of its own: one job uses two cores at most.
    soft = int(time.process_time() + 2 * left) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def _execute(job: wire.WorkerJob, source: int, table: dict[str, Operation]) -> tuple[Variant[bytes], int, int]:
    """Do the job; the variant without its body, the body's sealed memfd and its size."""
    name, _, argument = job.operation.partition(":")
    operation = table.get(name)
    if operation is None:
        raise WorkerError(f"no operation {name!r}")
    try:
        data = view(source)
    except OSError as error:
        raise SourceIncompleteError(f"the original cannot be mapped: {error}") from error
    variant = operation(data, job.plan, argument)
    size = len(variant.body)
    try:
        facts = msgspec.structs.replace(cast("Variant[bytes]", variant), body=b"")
        return facts, sealed("result", variant.body), size
    except OSError as error:
        raise LimitError(f"the result of {size} bytes cannot be held in memory: {error}") from error


def _failure(error: MememimeError, memory: Memory) -> wire.ErrorReply:
    return wire.ErrorReply(error.code, error.detail[: wire.MAX_DETAIL], memory.reclaim(), vips=memory.vips())


def serve(connection: socket.socket, table: dict[str, Operation], confinement: Confinement) -> int:
    """Confine this process, report ready, then run jobs until the socket closes. Returns the exit status."""
    memory = Memory()
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    # All files that are needed have been opened.
    layers = confinement.enter()
    try:
        wire.send(connection, wire.encode(wire.Ready(layers)))
        while True:
            # Waiting in poll and not in recvmsg: a process that is killed while it waits in recvmsg may still take a
            # message that came after the kill, and the service would count that job as started.
            if not poll.poll(_IDLE):
                memory.trim()
                poll.poll()
            message, descriptors = wire.receive(connection, wire.MAX_MESSAGE)
            if not message:
                return 0
            if _run_job(connection, message, descriptors, table, memory):
                return wire.MEMORY_STATUS
            del message
    except ConnectionError:
        return 0


def _run_job(
    connection: socket.socket, message: bytes, descriptors: list[int], table: dict[str, Operation], memory: Memory
) -> bool:
    """Run one job and send its reply. Returns whether this process must end."""
    job = wire.decode_job(message)
    _arm(job.deadline - time.monotonic())
    os.ftruncate(_STDERR, 0)
    result = -1
    try:
        variant, result, size = _execute(job, descriptors[0], table)
        reply = wire.encode(wire.ResultReply(variant, size, memory.reclaim(), memory.vips()))
    except (MemoryError, WorkerCrashError) as error:
        # After a failed allocation libraries may be in an undefined state: this process runs no other job.
        detail = error.detail if isinstance(error, WorkerCrashError) else "memory was refused"
        wire.send(connection, wire.encode(wire.ErrorReply(WorkerCrashError.code, detail, exiting=True)))
        return True
    except MememimeError as error:
        reply = wire.encode(_failure(error, memory))
    except Exception:  # noqa: BLE001 - any error becomes this job's reply and does not end the worker
        text = traceback.format_exc()[-wire.MAX_DETAIL :]
        reply = wire.encode(wire.ErrorReply(WorkerError.code, text, memory.reclaim(), vips=memory.vips()))
    finally:
        close_all(descriptors)
        signal.setitimer(signal.ITIMER_REAL, 0)
    wire.send(connection, reply, (result,) if result >= 0 else ())
    if result >= 0:
        with contextlib.suppress(OSError):
            os.close(result)
    return False
