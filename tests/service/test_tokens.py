"""Signed tokens."""

import string
import time

import pytest

from mememime_proxy.errors import ForbiddenError
from mememime_proxy.service.tokens import SignedBodies, Tokens

TOKENS = Tokens(b"key", "purge")
LETTERS = string.ascii_letters + string.digits + "-_=.!%\n"


@pytest.mark.parametrize("claims", [{"a": 1, "ü": None}, [1, 2], "s", "x" * 5000], ids=["map", "list", "text", "long"])
def test_token_verified_returns_its_claims(claims):
    assert TOKENS.verify(TOKENS.issue(claims)) == claims


def test_token_changed_in_any_letter_is_refused():
    """Every letter at every place: the unused bits of base64 allow no second spelling either."""
    for claims in range(20):
        token = TOKENS.issue(claims)
        others = (token[:i] + c + token[i + 1 :] for i in range(len(token)) for c in LETTERS if c != token[i])
        for other in (*others, "", "\udcff", "ü" + token, token + "=", token + "A", token[:-1], f" {token}"):
            with pytest.raises(ForbiddenError):
                TOKENS.verify(other)


def test_token_of_another_scope_or_key_is_refused():
    for other in (Tokens(b"key", "upload"), Tokens(b"other", "purge")):
        with pytest.raises(ForbiddenError, match="the purge token is invalid: BadTimeSignature"):
            TOKENS.verify(other.issue("s"))


def test_token_of_a_rotated_key_is_accepted():
    old, both, new = Tokens(b"old", "s"), Tokens([b"new", b"old"], "s"), Tokens(b"new", "s")
    assert both.verify(old.issue(1)) == 1
    assert new.verify(both.issue(2)) == 2


def test_token_past_its_maximum_age_is_refused():
    token = TOKENS.issue("s")
    assert TOKENS.verify(token, max_age=60) == "s"
    with pytest.raises(ForbiddenError, match="at most -1 are allowed"):
        TOKENS.verify(token, max_age=-1)


@pytest.mark.parametrize("ahead", [0, 3, 59.9])
def test_f6_token_of_an_issuer_whose_clock_is_ahead_is_accepted(ahead):
    now = time.time()
    token = TOKENS.issue("s")
    for max_age in (None, 1, 300):
        assert Tokens(b"key", "purge", lambda: now - ahead).verify(token, max_age) == "s"


def test_f6_token_of_the_future_beyond_the_skew_is_refused_and_none_lives_longer():
    now = time.time()
    token = TOKENS.issue("s")
    with pytest.raises(ForbiddenError, match="seconds from now; compare the clocks"):
        Tokens(b"key", "purge", lambda: now - 70).verify(token, 300)
    with pytest.raises(ForbiddenError, match="at most 300 are allowed"):
        Tokens(b"key", "purge", lambda: now + 302).verify(token, 300)


BODY_KEY = b"k" * 32


def test_token_is_valid_for_its_body_alone():
    bodies = SignedBodies([BODY_KEY])
    token = bodies.issue("/sign", b"{}")
    SignedBodies([b"o" * 32, BODY_KEY]).verify(token, "/sign", b"{}")
    for path, body in (("/sign", b"{ }"), ("/explain", b"{}")):
        with pytest.raises(ForbiddenError, match="another request"):
            bodies.verify(token, path, body)


@pytest.mark.parametrize("scope", ["purge", "upload", "body"])
def test_body_other_tokens_are_refused(scope):
    for claims in ({"source": "x"}, ["path"], "x", {"path": "/sign"}):
        with pytest.raises(ForbiddenError):
            SignedBodies([BODY_KEY]).verify(Tokens([BODY_KEY], scope).issue(claims), "/sign", b"")
    with pytest.raises(ForbiddenError):
        SignedBodies([b"x" * 32]).verify(SignedBodies([BODY_KEY]).issue("/sign", b""), "/sign", b"")


def test_body_token_expires():
    token = SignedBodies([BODY_KEY], clock=lambda: 1000.0).issue("/sign", b"")
    SignedBodies([BODY_KEY], clock=lambda: 1060.0).verify(token, "/sign", b"")
    with pytest.raises(ForbiddenError, match="seconds old"):
        SignedBodies([BODY_KEY], clock=lambda: 1061.0).verify(token, "/sign", b"")
