import asyncio
import contextlib
import signal
import subprocess
import sys

import pytest

from mememime_proxy.proxy.cache.key_locks import KeyLocks

KEY, OTHER = b"k" * 16, b"o" * 16

HOLD = """
import sys, time
from mememime_proxy.proxy.cache.key_locks import KeyLocks
locks = KeyLocks(sys.argv[1])
assert locks.try_acquire(b"k" * 16)
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def locks(tmp_path):
    locks = KeyLocks(str(tmp_path / "locks"))
    yield locks
    locks.close()


def test_lock_of_a_key_has_one_holder(locks, tmp_path):
    sibling = KeyLocks(str(tmp_path / "locks"))
    for other in (locks, sibling):
        with locks.try_acquire(KEY):
            assert other.try_acquire(KEY) is None
            with other.try_acquire(OTHER):
                pass
        with other.try_acquire(KEY) as lock:
            assert locks.try_acquire(KEY) is None
            lock.release()
            with locks.try_acquire(KEY):
                lock.release()  # has no effect: it is released already
                assert sibling.try_acquire(KEY) is None
    sibling.close()
    assert (tmp_path / "locks").stat().st_size == 0


async def test_acquire_waits_until_the_lock_is_released(locks, tmp_path):
    sibling = KeyLocks(str(tmp_path / "locks"))
    held = sibling.try_acquire(KEY)
    waiting = asyncio.create_task(locks.acquire(KEY))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await locks.acquire(KEY)
    assert not waiting.done()
    held.release()
    (await waiting).release()
    sibling.try_acquire(KEY).release()
    sibling.close()


async def test_lock_of_a_process_that_dies_is_released(locks, tmp_path):
    command = (sys.executable, "-c", HOLD, str(tmp_path / "locks"))
    holder = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    try:
        assert await holder.stdout.readline() == b"held\n"
        assert locks.try_acquire(KEY) is None
        waiting = asyncio.create_task(locks.acquire(KEY))
        await asyncio.sleep(0)
        holder.send_signal(signal.SIGKILL)
        (await asyncio.wait_for(waiting, 10)).release()
    finally:
        with contextlib.suppress(ProcessLookupError):
            holder.kill()
        await holder.wait()


def test_close_releases_all_locks(tmp_path):
    first, second = KeyLocks(str(tmp_path / "l")), KeyLocks(str(tmp_path / "l"))
    lock = first.try_acquire(KEY)
    first.close()
    lock.release()
    second.try_acquire(KEY).release()
    second.close()
