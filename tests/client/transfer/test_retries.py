import pytest

from mememime_proxy.client.errors import UnreachableError
from mememime_proxy.client.transfer.response import ServiceResponse
from mememime_proxy.client.transfer.retries import Retries


async def test_retries_waits_have_jitter_and_start_again_after_reset(slept):
    async def sleep(seconds):
        slept.append(seconds)

    retries = Retries(3, sleep, jitter=iter([0.5, 0.0, 1.0]).__next__)
    reason = UnreachableError("x")
    await retries.wait(reason)
    await retries.wait(reason)
    retries.reset()
    await retries.wait(reason)
    assert slept == [0.25, 0.0, 0.5]
    single_attempt = Retries(1, sleep)
    with pytest.raises(UnreachableError):
        await single_attempt.wait(reason)


async def test_retries_may_be_thousands():
    """Of a service that is away for a day, say."""
    waits = []

    async def sleep(seconds):
        waits.append(seconds)

    retries = Retries(sleep=sleep, jitter=lambda: 1.0, give_up_after=1e9, clock=lambda: 0.0)
    for _ in range(3000):
        await retries.wait(UnreachableError("gone"))
    assert waits[:8] == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
    assert set(waits[8:]) == {30.0}


async def test_retries_without_any_response_end_after_a_time(slept):
    """However many attempts that are; a response in between starts the time again."""
    now = [0.0]

    async def sleep(seconds):
        slept.append(seconds)
        now[0] += max(seconds, 0.1)

    def new():
        return Retries(sleep=sleep, jitter=lambda: 1.0, give_up_after=60, clock=lambda: now[0])

    retries, gone = new(), UnreachableError("gone")

    async def try_on():
        while True:
            await retries.wait(gone)

    with pytest.raises(UnreachableError, match="gone"):
        await try_on()
    assert now[0] == pytest.approx(60)
    assert sum(slept) == pytest.approx(60)
    now[0], retries = 0.0, new()
    for _ in range(3):
        await retries.wait(gone)
    await retries.wait(gone, ServiceResponse(503, {}, b""))
    now[0] += 59
    await retries.wait(gone)
