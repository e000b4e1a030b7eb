from hypothesis import given
from hypothesis import strategies as st

from mememime_proxy.storage.resilience.budget import Budget


@given(st.lists(st.booleans(), max_size=400), st.sampled_from([0.05, 0.1, 0.15]), st.sampled_from([1.0, 5.0, 20.0]))
def test_extra_requests_stay_below_their_share(asked, share, reserve):
    budget, extra = Budget(share, reserve), 0
    for number, wanted in enumerate(asked, 1):
        budget.earn()
        extra += wanted and budget.spend()
        assert extra <= share * number + reserve + 1e-9


def test_what_is_not_spent_does_not_pile_up():
    budget = Budget(0.5, 2)
    for _ in range(100):
        budget.earn()
    assert [budget.spend() for _ in range(3)] == [True, True, False]
