"""Memory that a worker has used for one picture is not shown in another one."""

from tests.support.heap_trials import malformed, trial


async def test_c17_colour_of_one_picture_is_in_no_malformed_other_one() -> None:
    """A sample of the trial: every kind of malformed picture once."""
    count = len(list(malformed()))
    shown, leaks = await trial(count)
    assert shown >= count // 3  # most grids are refused; cut originals are shown as far as they go
    assert not leaks
