import pytest

from mememime_proxy.client.transfer.rate_limit import Throttle, parse_size


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0", 0), ("17", 17), ("500k", 512_000), ("10M", 10 << 20), ("1.5 GiB", 3 << 29), ("3MB", 3_000_000), ("2b", 2)],
)
def test_size_with_a_unit_is_parsed(text, expected):
    assert parse_size(text) == expected


@pytest.mark.parametrize("text", ["", "M", "-1", "1x", "1e3", "1.M"])
def test_size_invalid_text_raises_value_error(text):
    with pytest.raises(ValueError, match="expected a size"):
        parse_size(text)


async def test_throttle_limits_the_rate_over_all_calls():
    now = 100.0
    slept = []

    async def sleep(seconds):
        slept.append(seconds)

    throttle = Throttle(1000, clock=lambda: now, sleep=sleep)
    for _ in range(5):
        await throttle.acquire(500)
    # A quarter of a second's worth goes at once; each next one stands behind those before it.
    assert slept == pytest.approx([0.25, 0.75, 1.25, 1.75, 2.25])
    now = 200.0
    slept.clear()
    await throttle.acquire(200)
    assert slept == []


async def test_throttle_without_limit_never_waits():
    async def sleep(_):
        pytest.fail("the throttle waits")

    await Throttle(0, sleep=sleep).acquire(1 << 40)
