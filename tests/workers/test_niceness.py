"""Niceness of workers: of the process, and of the scheduling group that its session is."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mememime_proxy.plan import RenderConfig
from mememime_proxy.workers.config import LOWERED_NICENESS, PoolConfig
from mememime_proxy.workers.niceness import set_niceness
from mememime_proxy.workers.pool import Pool
from tests.support.waiting import wait_until

GROUPS = Path("/proc/self/autogroup").exists()


def niceness(pid):
    """The niceness of a process, and of its session's group: of the process again where it is in none.

    The file is empty for a process of another group: of a control group, for one.
    """
    process = os.getpriority(os.PRIO_PROCESS, pid)
    group = Path(f"/proc/{pid}/autogroup").read_text().split() if GROUPS else []
    return process, int(group[-1]) if group else process


def higher():
    """A niceness above that of this process, which may not lower it: batches that it ran have raised its own."""
    return os.getpriority(os.PRIO_PROCESS, 0) + 5


@pytest.fixture
def sleeper():
    """Starts a process that waits for the end of its input."""
    started = []

    def start(*, leads_session):
        command = [sys.executable, "-c", "import sys; sys.stdin.read()"]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=leads_session)
        started.append(process)
        return process.pid

    yield start
    for process in started:
        process.communicate()


def test_niceness_is_of_the_session_that_a_process_leads(sleeper):
    pid, wanted = sleeper(leads_session=True), higher()
    set_niceness(wanted, pid)
    assert niceness(pid) == (wanted, wanted)


def test_niceness_of_a_process_in_a_session_of_others_is_its_own(sleeper):
    _, before = niceness(os.getpid())
    pid, wanted = sleeper(leads_session=False), higher()
    set_niceness(wanted, pid)
    assert os.getpriority(os.PRIO_PROCESS, pid) == wanted
    assert not GROUPS or niceness(os.getpid())[1] == before


def test_niceness_of_a_process_that_has_ended_is_ignored(sleeper):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    set_niceness(7, ended.pid)


@pytest.mark.parametrize("wanted", [0, LOWERED_NICENESS - 1, 19])
async def test_niceness_of_a_pool_is_of_all_its_workers(wanted):
    pool = Pool(PoolConfig(size=2, niceness=wanted), RenderConfig())
    await pool.start()
    try:
        expected = max(wanted, os.getpriority(os.PRIO_PROCESS, 0))
        # the spare may be starting
        await wait_until(lambda: len(pool.pids()) == 3 and set(map(niceness, pool.pids())) == {(expected, expected)})
    finally:
        await pool.close(0)
