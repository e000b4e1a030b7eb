import asyncio
import contextlib
import os
import subprocess
import sys
from itertools import count

import pytest

from mememime_proxy.memfd import memfd
from mememime_proxy.memory_budget import MemoryBudget, Use
from mememime_proxy.workers.process_memory import (
    SERVICE_GROWTH,
    WORKER_GROWTH,
    ProcessMeter,
    WorkerMemory,
    measure,
    reserve_service,
)

MIB = 1 << 20
CHILD = """
import mmap, os, sys
fd = int(sys.argv[1])
private = bytearray(b"x") * (int(sys.argv[2]) << 20)
mapping = mmap.mmap(fd, 0, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ) if sys.argv[3] == "map" else b""
sum(mapping[::4096])
print("ready", flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def child(descriptor, private, use):
    """A process that has ``private`` MiB and the memory file ``descriptor`` open, and mapped where ``use`` is map."""
    command = [sys.executable, "-c", CHILD, str(descriptor), str(private), use]
    with subprocess.Popen(command, stdin=-1, stdout=-1, pass_fds=(descriptor,)) as process:
        process.stdout.readline()
        yield process.pid
        process.stdin.close()


@pytest.fixture
def descriptor():
    number = memfd("test", bytes(20 * MIB))
    yield number
    os.close(number)


def test_memory_files_count_once_however_many_processes_have_them(descriptor):
    with child(descriptor, 30, "map") as first, child(descriptor, 0, "hold") as second:
        both, one, none = measure([first, second]), measure([second]), measure([])
        assert both.shared == one.shared == 20 * MIB
        assert none.total == 0
        assert 30 * MIB < measure([first]).private < 60 * MIB
        assert both.total < 100 * MIB


def test_process_that_has_ended_has_no_memory(descriptor):
    with child(descriptor, 1, "hold") as pid:
        pass
    assert measure([pid]).total == 0


def test_where_the_kernel_shows_no_shares_private_pages_count(tmp_path):
    folder = tmp_path / "1"
    folder.mkdir()
    (folder / "statm").write_text("9000 1000 400 1 0 500 0\n")
    assert measure([1], tmp_path) == (600 * os.sysconf("SC_PAGE_SIZE"), 0)
    (folder / "smaps_rollup").write_text(
        "5500-7ffc ---p 00000000 00:00 0    [rollup]\nRss:   4000 kB\nPss:   1000 kB\nPss_Shmem:  100 kB\n"
    )
    assert measure([1], tmp_path) == (900 << 10, 100 << 10)


async def test_base_of_workers_is_what_they_have_and_what_they_will_grow_by(descriptor):
    budget = MemoryBudget(0)
    memory = WorkerMemory(budget)
    with child(descriptor, 10, "hold") as pid:
        await memory.start([pid], 2)
        base = budget.used_by[Use.BASE]
        assert 30 * MIB < base - 2 * WORKER_GROWTH < 60 * MIB
        memory.update(WORKER_GROWTH)
        assert budget.used_by[Use.BASE] == base
        memory.update(2 * WORKER_GROWTH + 5)
        assert budget.used_by[Use.BASE] == base + 5
    memory.close()
    assert budget.used == 0


async def test_base_of_the_service_is_its_own_process():
    budget = MemoryBudget(0)
    permit = await reserve_service(budget)
    assert SERVICE_GROWTH + 10 * MIB < budget.used_by[Use.BASE] == permit.size


async def test_meter_does_not_block_the_event_loop():
    steps, meter = count(), ProcessMeter(lambda: (os.getpid(),) * 20)
    task = asyncio.create_task(meter.read())
    while not task.done():
        next(steps)
        await asyncio.sleep(0.001)
    assert next(steps) > 1
    assert meter.total > 0
