"""A sample of the trial of random combinations of options."""

from tests.support import option_trials


async def test_random_combinations_lose_no_worker_and_are_no_error_of_the_service(tmp_path):
    result = await option_trials.run(400, 5, tmp_path)
    assert result.failures == []
    assert result.lost == 0, result.ended
    # Enough of them are pictures, and enough are refused, that both ways were tried.
    assert result.statuses[200] > 200
    assert result.statuses[422] > 5
