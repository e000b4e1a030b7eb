"""Weak keys, signatures and secrets (row A5)."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememime_proxy.errors import SettingsError
from mememime_proxy.settings.settings import load
from mememime_proxy.settings.weaknesses import weakness_of_key, weaknesses
from tests.support.proxy_process import KEY, SALT

PUBLISHED = "943b421c9eb07c830af81030552c86009268de4e532ba2ee2eab8247c6da0881"
STRONG = {"IMGPROXY_KEY": KEY, "MEMEMIME_SALT": SALT}


def found(variables, **services):
    return [(each.variable, each.detail) for each in weaknesses(load(variables, keys_needed=False), **services)]


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("61", "has 1 bytes"), (KEY[:30], "has 15 bytes"), ("00" * 32, "one byte repeated"),
        ("ff" * 16, "one byte repeated"), (bytes(range(7, 39)).hex(), "counts up"),
        (bytes(range(255, 223, -1)).hex(), "counts up or down"), ("0123456789abcdef" * 4, "repeats 8 bytes"),
        (b"mememime-key".hex() * 2, "repeats 12 bytes"), (PUBLISHED, "public documentation"),
    ],
)  # fmt: skip
def test_a5_key_that_can_be_guessed_is_named(key, reason):
    ((variable, detail),) = found(STRONG | {"IMGPROXY_KEY": key}, proxy=True)
    assert variable == "IMGPROXY_KEY"
    assert reason in detail
    assert key not in detail


@given(st.binary(min_size=16, max_size=16).filter(lambda key: len(set(key)) > 8))
def test_a5_other_keys_of_sixteen_bytes_pass(key):
    if len({(b - a) % 256 for a, b in pairwise(key)}) > 1:
        assert not weakness_of_key(key)


def test_a5_each_service_is_warned_of_its_own_settings():
    weak = {"MEMEMIME_TOKEN_KEY": "61", "MEMEMIME_PURGE_KEY": f"{KEY},62", "IMGPROXY_SIGNATURE_SIZE": "7",
            "MEMEMIME_TRUSTED_SIGNATURES": f"{KEY},test"}  # fmt: skip
    assert {name for name, _ in found(STRONG | weak, proxy=True)} == {
        "MEMEMIME_PURGE_KEY", "IMGPROXY_SIGNATURE_SIZE", "MEMEMIME_TRUSTED_SIGNATURES",
    }  # fmt: skip
    assert found(STRONG | weak, resources=True) == [
        ("MEMEMIME_TOKEN_KEY", "the key has 1 bytes and can be guessed; 16 or more cannot"),
        ("MEMEMIME_PURGE_KEY", "key 2 of 2 has 1 bytes and can be guessed; 16 or more cannot"),
    ]


def test_a5_strong_settings_and_sizes_from_eight_on_are_not_warned_of():
    assert not found(STRONG | {"IMGPROXY_SIGNATURE_SIZE": "8", "MEMEMIME_SECRET": "s" * 16}, proxy=True, resources=True)


@pytest.mark.parametrize("variables", [{}, {"IMGPROXY_KEY": "", "IMGPROXY_SALT": ""}, {"MEMEMIME_KEY": " , "}])
def test_a5_no_key_at_all_is_no_start(variables):
    with pytest.raises(SettingsError, match="MEMEMIME_KEY, MEMEMIME_SALT: found nothing"):
        load(variables)
