from __future__ import annotations

import pytest

from mememime_proxy.errors import SettingsError, SignatureError
from mememime_proxy.urls.signature import Signer

TEST = (b"test-key", b"test-salt")
SECOND = (b"test-key2", b"test-salt2")
SECRET = (bytes.fromhex("736563726574"), bytes.fromhex("68656C6C6F"))

VECTORS = [
    (TEST, 32, "asd", "oWaL7QoW5TsgbuiS9-5-DI8S3Ibbo1gdB2SteJh3a20"),
    (TEST, 8, "asd", "oWaL7QoW5Ts"),
    (SECOND, 32, "asd", "jYz1UZ7j1BCdSzH3pZhaYf0iuz0vusoOTdqJsUT6WXI"),
    (
        SECRET,
        32,
        "/rs:fill:300:400:0/g:sm/aHR0cDovL2V4YW1w/bGUuY29tL2ltYWdl/cy9jdXJpb3NpdHku/anBn.png",
        "oKfUtW34Dvo2BGQehJFR4Nr0_rIjOtdtzJ3QFsUcXH8",
    ),
    (TEST, 32, "/rs:fill:4:4/plain/local:///test1.png", "My9d3xq_PYpVHsPrCyww0Kh1w5KZeZhIlWhsa4az1TI"),
]


@pytest.mark.parametrize(("pair", "size", "path", "signature"), VECTORS)
def test_signature_published_vectors_are_valid(pair, size, path, signature):
    signer = Signer([pair], size)
    assert signer.sign(path) == signature
    signer.verify(signature, path)


def test_signature_leading_slash_is_the_same_text():
    assert Signer([TEST]).sign("/asd") == Signer([TEST]).sign("asd")


@pytest.mark.parametrize("pair", [TEST, SECOND])
def test_signature_of_any_key_pair_is_valid(pair):
    Signer([TEST, SECOND]).verify(Signer([pair]).sign("asd"), "asd")


def test_signature_of_a_key_with_another_salt_is_refused():
    crossed = Signer([(TEST[0], SECOND[1])]).sign("asd")
    with pytest.raises(SignatureError):
        Signer([TEST, SECOND]).verify(crossed, "asd")


@pytest.mark.parametrize(
    "spelling",
    [
        "oWaL7QoW5TsgbuiS9-5-DI8S3Ibbo1gdB2SteJh3a20=",
        "oWaL7QoW5TsgbuiS9-5-DI8S3Ibbo1gdB2SteJh3a21",  # the last character's two unused bits
        "oWaL7QoW5TsgbuiS9-5-DI8S3Ibbo1gdB2SteJh3a22",
        "oWaL7QoW5TsgbuiS9-5-DI8S3Ibbo1gdB2SteJh3a23",
        "oWaL7QoW5TsgbuiS9+5+DI8S3Ibbo1gdB2SteJh3a20",
        "oWaL7QoW5TsgbuiS9%2D5-DI8S3Ibbo1gdB2SteJh3a20",
        "oWaL7QoW5TsgbuiS9-5-DI8S3Ibbo1gdB2SteJh3a20!",
        "oWaL7QoW5TsgbuiS9-5-DI8S3Ibbo1gdB2SteJh3a2",
        "oWaL7QoW5Ts",
        "",
        "ö",
        "\udcff",
    ],
)
def test_signature_no_other_spelling_is_accepted(spelling):
    with pytest.raises(SignatureError):
        Signer([TEST]).verify(spelling, "asd")


def test_signature_full_size_is_refused_where_a_shorter_one_is_expected():
    with pytest.raises(SignatureError):
        Signer([TEST], 8).verify(Signer([TEST]).sign("asd"), "asd")


def test_signature_trusted_is_valid_for_any_path():
    signer = Signer([TEST], trusted=["let-me-in", "schlüssel"])
    signer.verify("let-me-in", "anything")
    with pytest.raises(SignatureError):
        signer.verify("let-me-i", "anything")


def test_signature_path_that_is_no_text_is_refused():
    with pytest.raises(SignatureError):
        Signer([TEST]).verify("x", "\ud800")


def test_signature_bytes_that_are_not_utf8_are_signed_as_they_are():
    raw = b"plain/local:///\xff.jpg".decode("utf-8", "surrogateescape")
    Signer([TEST]).verify(Signer([TEST]).sign(raw), raw)


@pytest.mark.parametrize(
    ("pairs", "size"), [([], 32), ([(b"", b"salt")], 32), ([(b"key", b"")], 32), ([TEST], 0), ([TEST], 33)]
)
def test_signature_invalid_settings_are_refused(pairs, size):
    with pytest.raises(SettingsError):
        Signer(pairs, size)
