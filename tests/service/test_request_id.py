"""Request ids."""

import pytest

from mememime_proxy.service.request_id import choose_request_id


@pytest.mark.parametrize("received", ["a", "A-9_z", "x" * 128])
def test_request_id_valid_is_used(received: str):
    assert choose_request_id(received) == received


@pytest.mark.parametrize("received", ["", "x" * 129, "a b", "a\n", "ü", "a;b"])
def test_request_id_invalid_is_replaced_by_a_random_one(received: str):
    first, second = choose_request_id(received), choose_request_id(received)
    assert first != second
    assert choose_request_id(first) == first != received
