from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememime_proxy.errors import SourceUrlError
from mememime_proxy.urls.source.base64url import decode
from mememime_proxy.urls.source.encryption import decrypt, encrypt
from tests.support.url_strategies import ENCRYPTION_KEY

KEY = bytes.fromhex(ENCRYPTION_KEY)
URL = "http://example.com/images/curiosity.jpg"


def test_encryption_published_cbc_vector_is_decrypted():
    payload = decode("p5VjorNdhs7mRRw8gA9TWoRlGci3l1kuzqN43UQlRaRIQ0qtBKW3qFABIsx-ZRz_cVc8iVTYbhsNsxNBL1BHaQ")
    assert decrypt(payload, KEY, "enc") == URL.encode()


@given(
    st.text(st.characters(codec="utf-8"), max_size=100), st.sampled_from([16, 24, 32]), st.sampled_from(["enc", "enc2"])
)
def test_encryption_round_trip(url, size, cipher):
    assert decrypt(encrypt(url, KEY[:size], cipher), KEY[:size], cipher) == url.encode()


@pytest.mark.parametrize("cipher", ["enc", "enc2"])
def test_encryption_same_url_gives_the_same_text_and_another_a_different_one(cipher):
    assert encrypt(URL, KEY, cipher) == encrypt(URL, KEY, cipher)
    assert encrypt(URL, KEY, cipher)[:16] != encrypt(URL + "x", KEY, cipher)[:16]


def test_encryption_siv_form_is_shorter_and_hides_the_url():
    assert len(encrypt(URL, KEY, "enc2")) == len(URL) + 16 < len(encrypt(URL, KEY, "enc"))
    assert b"example" not in encrypt(URL, KEY, "enc2")


def test_encryption_any_change_of_a_siv_payload_is_refused():
    payload = bytearray(encrypt(URL, KEY, "enc2"))
    for index in range(len(payload)):
        payload[index] ^= 1
        with pytest.raises(SourceUrlError):
            decrypt(bytes(payload), KEY, "enc2")
        payload[index] ^= 1
    assert decrypt(bytes(payload), KEY, "enc2") == URL.encode()


@pytest.mark.parametrize("cipher", ["enc", "enc2"])
@pytest.mark.parametrize("payload", [b"", b"x", bytes(15), bytes(16), bytes(17), bytes(31), bytes(32)])
def test_encryption_malformed_payload_is_refused(cipher, payload):
    with pytest.raises(SourceUrlError):
        decrypt(payload, KEY, cipher)


def test_encryption_two_forms_do_not_share_a_key():
    with pytest.raises(SourceUrlError):
        decrypt(encrypt(URL, KEY, "enc"), KEY, "enc2")
