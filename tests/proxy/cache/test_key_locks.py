import asyncio
import contextlib
import signal
import subprocess
import sys

import pytest

from mememime_proxy.proxy.cache.key_locks import Locks

KEY, OTHER = b"k" * 16, b"o" * 16

HOLD = """
import sys, time
from mememime_proxy.proxy.cache.key_locks import Locks
locks = Locks(sys.argv[1])
assert locks.take(b"k" * 16)
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def locks(tmp_path):
    it = Locks(str(tmp_path / "locks"))
    yield it
    it.close()


def test_one_at_a_time_for_each_key(locks, tmp_path):
    sibling = Locks(str(tmp_path / "locks"))
    for other in (locks, sibling):
        with locks.take(KEY):
            assert other.take(KEY) is None
            with other.take(OTHER):
                pass
        with other.take(KEY) as lock:
            assert locks.take(KEY) is None
            lock.release()
            with locks.take(KEY):
                lock.release()  # it is not this one's any more
                assert sibling.take(KEY) is None
    sibling.close()
    assert (tmp_path / "locks").stat().st_size == 0


async def test_who_waits_gets_it_next(locks, tmp_path):
    sibling = Locks(str(tmp_path / "locks"))
    held = sibling.take(KEY)
    waiting = asyncio.create_task(locks.acquire(KEY))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await locks.acquire(KEY)
    assert not waiting.done()
    held.release()
    (await waiting).release()
    sibling.take(KEY).release()
    sibling.close()


async def test_the_kernel_takes_it_back_from_a_process_that_dies(locks, tmp_path):
    command = (sys.executable, "-c", HOLD, str(tmp_path / "locks"))
    holder = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    try:
        assert await holder.stdout.readline() == b"held\n"
        assert locks.take(KEY) is None
        waiting = asyncio.create_task(locks.acquire(KEY))
        await asyncio.sleep(0)
        holder.send_signal(signal.SIGKILL)
        (await asyncio.wait_for(waiting, 10)).release()
    finally:
        with contextlib.suppress(ProcessLookupError):
            holder.kill()
        await holder.wait()


def test_closing_releases(tmp_path):
    first, second = Locks(str(tmp_path / "l")), Locks(str(tmp_path / "l"))
    lock = first.take(KEY)
    first.close()
    lock.release()
    second.take(KEY).release()
    second.close()
