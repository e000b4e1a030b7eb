"""The loop of a worker: receive a job, do it, reply, until the socket ends."""

from __future__ import annotations

import os
import select
import socket
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, cast, runtime_checkable

import msgspec

from mememime_proxy.cost import Approve
from mememime_proxy.decoded import LoadedPixels, LoadKey
from mememime_proxy.errors import (
    CostLimitError,
    LimitError,
    MememimeError,
    SourceIncompleteError,
    WorkerCrashError,
    WorkerError,
    error_from_code,
)
from mememime_proxy.formats import check_source_enabled
from mememime_proxy.formats.sniff import sniff
from mememime_proxy.memfd import Buffer, close_all, seal, view, write_all
from mememime_proxy.plan import Plan
from mememime_proxy.variant import Variant
from mememime_proxy.workers import wire
from mememime_proxy.workers.child.limits import CostOverGrantError, JobLimits
from mememime_proxy.workers.child.memory import Memory
from mememime_proxy.workers.sandbox.confine import Confinement

Operation = Callable[[Buffer, Plan, str, Approve], Variant[Buffer]]
"""Original, plan and argument (what follows a colon in the job's operation) to a result. Errors are of ``errors``.

An operation that can cost much calls the last argument with its cost before it begins.
"""


@dataclass(slots=True)
class PartialOriginal:
    """An original of which a worker reads parts. ``need``: see ``av.byte_source``; None where all bytes are there.

    ``facts``: what an earlier job found out about it, and after the operation what this one did.
    """

    descriptor: int
    size: int
    need: Callable[[int, int], None] | None = None
    facts: bytes = b""


@dataclass(frozen=True, slots=True)
class PartialOperation:
    """An operation on an original that is not mapped, because it may be larger than memory, and have holes."""

    run: Callable[[PartialOriginal, Plan], Variant[bytes]]


Table = dict[str, Operation | PartialOperation]
"""Operations by their names."""


@runtime_checkable
class PixelOperation(Protocol):
    """An operation that loads one picture of its original, and can begin from pixels that were decoded before."""

    def __call__(self, data: Buffer, plan: Plan, argument: str, approve: Approve, /) -> Variant[Buffer]:
        """See ``Operation``."""
        ...

    def with_pixels(
        self,
        data: Buffer,
        plan: Plan,
        approve: Approve,
        given: Mapping[LoadKey, int],
        file: int,
        limit: int,
        pictures: Sequence[Buffer],
        sign: Callable[[bytes], bytes],
    ) -> tuple[Variant[Buffer], LoadedPixels | None]:
        """Return the result, and what was loaded for it.

        ``pictures``: those of ``plan.pictures``. ``given``: descriptors of memory files. ``file``: an empty one, for
        at most ``limit`` bytes of pixels; −1: none are wanted. ``sign``: returns the service's signature of a manifest.
        """
        ...


_IDLE: Final = 500
"""Milliseconds without a job before freed memory goes back to the kernel."""
_STDERR: Final = 2


def _execute(
    job: wire.WorkerJob,
    descriptors: list[int],
    table: Table,
    approve: Approve,
    need: Callable[[int, int], None],
    sign: Callable[[bytes], bytes],
) -> tuple[Variant[bytes], int, LoadedPixels | None, bytes]:
    """Do the job; the variant without its body, which is in its memfd then, the body's size, and what was loaded.

    Last what was found out about a film.
    """
    source, result, *further = descriptors
    name, _, argument = job.operation.partition(":")
    operation = table.get(name)
    if operation is None:
        raise WorkerError(f"no operation {name!r}")
    decoded, facts = None, b""
    if isinstance(operation, PartialOperation):
        original = PartialOriginal(source, os.fstat(source).st_size, need if job.has_holes else None, job.facts)
        variant: Variant[Any] = operation.run(original, job.plan)
        facts = original.facts
    else:
        data = _map(source)
        further, pictures = further[: len(further) - job.pictures], further[len(further) - job.pictures :]
        maps = [_map(each) for each in pictures]
        for each in (data, *maps) if job.disabled_formats else ():
            # By the function of the gate, so that nothing passes here and is taken for another format there.
            if (format_ := sniff(memoryview(each))) is not None:
                check_source_enabled(format_, job.disabled_formats)
        if isinstance(operation, PixelOperation):
            file = further.pop(0) if job.hand_back else -1
            given = dict(zip(job.pixels, further, strict=True))
            variant, decoded = operation.with_pixels(data, job.plan, approve, given, file, job.hand_back, maps, sign)
        else:
            variant = operation(data, job.plan, argument, approve)
    size = len(variant.body)
    try:
        write_all(result, variant.body)
        seal(result)
    except OSError as error:
        raise LimitError(f"the result of {size} bytes cannot be held in memory: {error}") from error
    return msgspec.structs.replace(cast("Variant[bytes]", variant), body=b""), size, decoded, facts


def _map(source: int) -> Buffer:
    try:
        return view(source)
    except OSError as error:
        raise SourceIncompleteError(f"the original cannot be mapped: {error}") from error


def serve(connection: socket.socket, table: Table, confinement: Confinement) -> int:
    """Confine this process, report ready, then run jobs until the socket closes. Returns the exit status."""
    memory = Memory()
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    # All files that are needed have been opened.
    layers = confinement.enter()
    limits = JobLimits(memory)

    def need(offset: int, length: int) -> None:
        wire.send(connection, wire.encode(wire.Need(offset, length)))
        poll.poll()
        message, _ = wire.receive(connection, wire.MAX_MESSAGE)
        if not message:
            raise ConnectionError("the service has ended")
        have = wire.decode_have(message)
        if have.code:
            raise error_from_code(have.code, have.detail) or WorkerError(have.detail)

    def sign(data: bytes) -> bytes:
        wire.send(connection, wire.encode(wire.Sign(data)))
        poll.poll()
        message, _ = wire.receive(connection, wire.MAX_MESSAGE)
        if not message:
            raise ConnectionError("the service has ended")
        return wire.decode_signed(message).signature

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
            reply = _run_job(message, descriptors, table, memory, limits, need, sign)
            wire.send(connection, wire.encode(reply))
            if isinstance(reply, wire.ErrorReply) and reply.exiting:
                return wire.MEMORY_STATUS
            del message, reply
    except ConnectionError:
        return 0


def _clear_notes() -> None:
    """Remove what earlier jobs wrote to stderr, a file of fixed size: it would be taken for this job's."""
    if written := os.lseek(_STDERR, 0, os.SEEK_CUR):
        os.pwrite(_STDERR, bytes(written), 0)
        os.lseek(_STDERR, 0, os.SEEK_SET)


def _run_job(
    message: bytes,
    descriptors: list[int],
    table: Table,
    memory: Memory,
    limits: JobLimits,
    need: Callable[[int, int], None],
    sign: Callable[[bytes], bytes],
) -> wire.JobReply:
    """Run one job and return its reply. A reply that is ``exiting`` must be this process's last."""
    job = wire.decode_job(message)
    _clear_notes()
    limits.begin(job)
    try:
        variant, size, decoded, facts = _execute(job, descriptors, table, limits.approve, need, sign)
    except CostOverGrantError as over:
        return wire.CostReply(over.cost, memory.reclaim(), limits.usage(), memory.vips())
    except (MemoryError, WorkerCrashError) as error:
        # After a failed allocation libraries may be in an undefined state: this process runs no other job.
        detail = error.detail if isinstance(error, WorkerCrashError) else "memory was refused"
        limits.end()
        return wire.ErrorReply(CostLimitError.code, detail[: wire.MAX_DETAIL], exiting=True)
    except MememimeError as error:
        return _error_reply(error.code, error.detail[: wire.MAX_DETAIL], memory, limits)
    except Exception:  # noqa: BLE001 - any error becomes this job's reply and does not end the worker
        return _error_reply(WorkerError.code, traceback.format_exc()[-wire.MAX_DETAIL :], memory, limits)
    else:
        usage = limits.usage()
        return wire.ResultReply(variant, size, memory.reclaim(), memory.vips(), usage, limits.cost, decoded, facts)
    finally:
        limits.end()
        close_all(descriptors)


def _error_reply(code: str, detail: str, memory: Memory, limits: JobLimits) -> wire.ErrorReply:
    usage = limits.usage()
    return wire.ErrorReply(code, detail, memory.reclaim(), vips=memory.vips(), usage=usage, cost=limits.cost)
