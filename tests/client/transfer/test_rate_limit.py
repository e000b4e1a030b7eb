import pytest

from mememime_proxy.client.transfer.rate_limit import Pace, size


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0", 0), ("17", 17), ("500k", 512_000), ("10M", 10 << 20), ("1.5 GiB", 3 << 29), ("3MB", 3_000_000), ("2b", 2)],
)
def test_sizes(text, expected):
    assert size(text) == expected


@pytest.mark.parametrize("text", ["", "M", "-1", "1x", "1e3", "1.M"])
def test_what_is_no_size(text):
    with pytest.raises(ValueError, match="expected a size"):
        size(text)


async def test_a_cap_holds_over_all_who_ask():
    now = 100.0
    slept = []

    async def sleep(seconds):
        slept.append(seconds)

    pace = Pace(1000, clock=lambda: now, sleep=sleep)
    for _ in range(5):
        await pace.take(500)
    # A quarter of a second's worth goes at once; each next one stands behind those before it.
    assert slept == pytest.approx([0.25, 0.75, 1.25, 1.75, 2.25])
    now = 200.0
    slept.clear()
    await pace.take(200)
    assert slept == []


async def test_no_cap_never_waits():
    async def sleep(_):
        pytest.fail("it waits")

    await Pace(0, sleep=sleep).take(1 << 40)
