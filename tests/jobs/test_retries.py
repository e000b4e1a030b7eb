"""Losses of workers, as rows have them."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememime_proxy.jobs.retries import MAX_IDLE_LOSSES, MAX_LOSSES, NO_ITEM, NO_LOSSES, Losses


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(-1, 3)), max_size=20))
def test_losses_survive_the_row_and_each_is_charged_once(history):
    losses = NO_LOSSES
    for position, item in history:
        losses = losses.with_loss(position, item)
        losses = Losses.of_row(SimpleNamespace(**losses.columns()))
    assert losses.items == {
        item: sum(each == item for _, each in history) for item in {each for _, each in history} - {NO_ITEM}
    }
    assert losses.columns()["begun"] == NO_ITEM


@pytest.mark.parametrize(("isolates", "limit"), [(False, MAX_LOSSES), (True, MAX_IDLE_LOSSES)])
def test_chunk_is_given_up_after_losses_in_a_row_at_one_position(isolates, limit):
    losses = NO_LOSSES
    for _ in range(limit - 1):
        losses = losses.with_loss(5, NO_ITEM)
    assert not losses.is_exceeded(isolates=isolates)
    assert not losses.with_loss(5, 7).is_exceeded(isolates=isolates)
    assert not losses.with_loss(6, NO_ITEM).is_exceeded(isolates=isolates)
    assert losses.with_loss(5, NO_ITEM).is_exceeded(isolates=isolates)
