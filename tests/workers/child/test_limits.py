"""The limits of jobs in a real worker process."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator

import pytest
from msgspec import structs

from mememime_proxy.cost import Cost, Grant, JobClass, grant_for
from mememime_proxy.errors import CostLimitError, LimitError
from mememime_proxy.memfd import memfd
from mememime_proxy.workers import wire
from mememime_proxy.workers.child.fault_injection import OPERATIONS
from mememime_proxy.workers.child.worker import serve
from mememime_proxy.workers.sandbox.confine import Confinement

MEBIBYTE = 1 << 20
SMALL_JOB = Cost(JobClass.SMALL, 0.05, 20 * MEBIBYTE, 1000)
UNLIMITED = Grant()
SMALL_GRANT = grant_for(SMALL_JOB)


_processes = multiprocessing.get_context("forkserver")


def _serve(connection: socket.socket) -> None:
    os._exit(serve(connection, OPERATIONS, Confinement(0, 0, False, None)))


class LoneWorker:
    """A worker without a pool. Not a fork of the test's process, in which threads of libvips may hold locks."""

    def __init__(self) -> None:
        self.connection, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.process = _processes.Process(target=_serve, args=(theirs,))
        self.process.start()
        theirs.close()
        assert isinstance(wire.receive_reply(self.connection)[0], wire.Ready)

    def run(self, operation: str, gate: Grant = UNLIMITED, grant: Grant = UNLIMITED, factor: float = 1.0) -> wire.Reply:
        """Return the reply to a job; the process's end is an error."""
        source, result = memfd("original", b"an original"), memfd("result")
        job = wire.WorkerJob(operation, deadline=time.monotonic() + 30, gate=gate, grant=grant, factor=factor)
        try:
            wire.send(self.connection, wire.encode(job), (source, result))
            reply, _ = wire.receive_reply(self.connection)
        finally:
            os.close(source)
            os.close(result)
        if reply is None:
            raise ConnectionResetError
        return reply

    def end(self) -> int | None:
        """Return the process's status; that of a signal is negative."""
        self.connection.close()
        self.process.join()
        return self.process.exitcode


@pytest.fixture
def worker() -> Iterator[Callable[[], LoneWorker]]:
    workers: list[LoneWorker] = []

    def start() -> LoneWorker:
        workers.append(LoneWorker())
        return workers[-1]

    yield start
    for each in workers:
        each.end()


def cost(operation: str, of: Cost = SMALL_JOB) -> str:
    return f"cost:{of.job_class} {of.cpu} {of.memory} {of.result} {operation}"


def test_limits_job_within_its_cost_is_done_and_tells_what_it_took(worker: Callable[[], LoneWorker]) -> None:
    lone = worker()
    lone.run("allocate:1000000")
    reply = lone.run(cost(f"allocate:{20 * MEBIBYTE}"), grant=SMALL_GRANT)
    assert isinstance(reply, wire.ResultReply)
    assert reply.cost is not None
    assert SMALL_JOB.cpu <= reply.cost.cpu < SMALL_JOB.cpu + 0.05
    assert structs.replace(reply.cost, cpu=SMALL_JOB.cpu) == SMALL_JOB
    assert 19 * MEBIBYTE < reply.usage.memory < 30 * MEBIBYTE
    # The next job's peak is its own.
    reply = lone.run(cost("burn:0.06"), grant=SMALL_GRANT)
    assert isinstance(reply, wire.ResultReply)
    assert reply.usage.memory < 10 * MEBIBYTE
    assert reply.usage.cpu >= 0.06
    assert lone.end() == 0


def test_limits_job_that_costs_more_than_its_grant_is_not_begun(worker: Callable[[], LoneWorker]) -> None:
    lone = worker()
    large = Cost(JobClass.VECTOR, 2.0, 20 * MEBIBYTE, 1000)
    reply = lone.run(cost("abort:begun", large), grant=SMALL_GRANT)
    assert isinstance(reply, wire.CostReply)
    assert 2.0 < reply.cost.cpu < 2.5
    assert structs.replace(reply.cost, cpu=2.0) == large
    memory = Cost(JobClass.LARGE, 0.05, 200 * MEBIBYTE, 1000)
    assert isinstance(lone.run(cost("abort:begun", memory), grant=SMALL_GRANT), wire.CostReply)
    # A slower machine needs more CPU time for the same picture.
    assert isinstance(lone.run(cost("echo"), grant=SMALL_GRANT, factor=4.0), wire.CostReply)
    assert isinstance(lone.run(cost("echo"), grant=grant_for(SMALL_JOB, 4.0), factor=4.0), wire.ResultReply)
    assert lone.end() == 0


@pytest.mark.parametrize("operation", ["spin", "encode:3000"])
def test_limits_cpu_time_of_all_threads_ends_the_process(worker: Callable[[], LoneWorker], operation: str) -> None:
    lone, dear = worker(), Cost(JobClass.LARGE, 0.05, 1 << 30, 1000)
    with pytest.raises(ConnectionResetError):
        lone.run(cost(operation, dear), grant=grant_for(dear))
    assert lone.end() == -signal.SIGPROF


def test_limits_further_attempts_have_half_of_the_cpu_time_each(worker: Callable[[], LoneWorker]) -> None:
    lone = worker()
    attempts = "cost:small 0.05 1000000 1000 cost:small 0.05 1000000 1000 "
    reply = lone.run(attempts + "burn:0.18", grant=SMALL_GRANT)
    assert isinstance(reply, wire.ResultReply)
    with pytest.raises(ConnectionResetError):
        lone.run(attempts + "burn:0.5", grant=SMALL_GRANT)
    assert lone.end() == -signal.SIGPROF


def test_limits_waiting_takes_no_cpu_time(worker: Callable[[], LoneWorker]) -> None:
    assert isinstance(worker().run(cost("sleep:0.4"), grant=SMALL_GRANT), wire.ResultReply)


def test_limits_memory_past_the_grant_is_refused_and_ends_the_process(worker: Callable[[], LoneWorker]) -> None:
    lone = worker()
    reply = lone.run(cost(f"allocate:{200 * MEBIBYTE}"), grant=SMALL_GRANT)
    assert isinstance(reply, wire.ErrorReply)
    assert reply.code == CostLimitError.code
    assert reply.exiting
    assert lone.end() == wire.MEMORY_STATUS


def test_limits_memory_in_use_before_a_job_does_not_count(worker: Callable[[], LoneWorker]) -> None:
    lone = worker()
    assert isinstance(lone.run(f"leak:{100 * MEBIBYTE}"), wire.ResultReply)
    assert isinstance(lone.run(cost(f"leak:{30 * MEBIBYTE}"), grant=SMALL_GRANT), wire.ResultReply)
    assert isinstance(lone.run(cost(f"leak:{30 * MEBIBYTE}"), grant=SMALL_GRANT), wire.ResultReply)
    assert isinstance(lone.run(cost(f"leak:{90 * MEBIBYTE}"), grant=SMALL_GRANT), wire.ErrorReply)


def test_limits_result_past_the_grant_cannot_be_written(worker: Callable[[], LoneWorker]) -> None:
    lone = worker()
    reply = lone.run(cost(f"large:{5 * MEBIBYTE}"), grant=SMALL_GRANT)
    assert isinstance(reply, wire.ErrorReply)
    assert (reply.code, reply.exiting) == (LimitError.code, False)
    assert isinstance(lone.run(f"large:{5 * MEBIBYTE}"), wire.ResultReply)


def test_limits_of_the_gate_hold_until_the_cost_is_known(worker: Callable[[], LoneWorker]) -> None:
    gate = Grant(cpu=0.1, memory=30 * MEBIBYTE, result=MEBIBYTE)
    lone = worker()
    with pytest.raises(ConnectionResetError):
        lone.run("spin", gate=gate)
    assert lone.end() == -signal.SIGPROF
    lone = worker()
    assert isinstance(lone.run(cost("burn:0.12"), gate=gate, grant=SMALL_GRANT), wire.ResultReply)
    reply = lone.run(f"allocate:{100 * MEBIBYTE}", gate=gate)
    assert isinstance(reply, wire.ErrorReply)
    assert reply.exiting


def test_limits_end_with_the_job(worker: Callable[[], LoneWorker]) -> None:
    lone = worker()
    assert isinstance(lone.run(cost("echo"), grant=SMALL_GRANT), wire.ResultReply)
    assert isinstance(lone.run(cost("echo", Cost(JobClass.LARGE, 9.0)), grant=SMALL_GRANT), wire.CostReply)
    assert isinstance(lone.run(cost("fail:image.corrupt"), grant=SMALL_GRANT), wire.ErrorReply)
    assert isinstance(lone.run("burn:0.3"), wire.ResultReply)
    assert isinstance(lone.run(f"allocate:{200 * MEBIBYTE}"), wire.ResultReply)
