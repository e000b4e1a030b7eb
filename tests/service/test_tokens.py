import string

import pytest

from mememime_proxy.errors import ForbiddenError
from mememime_proxy.service.tokens import Tokens

TOKENS = Tokens(b"key", "purge")
LETTERS = string.ascii_letters + string.digits + "-_=.!%\n"


@pytest.mark.parametrize("said", [{"a": 1, "ü": None}, [1, 2], "s", "x" * 5000], ids=["map", "list", "text", "long"])
def test_a_token_says_what_it_was_given(said):
    assert TOKENS.read(TOKENS.make(said)) == said


def test_every_change_of_a_token_is_noticed():
    """Every letter at every place: the spare bits of base64 allow no second spelling either."""
    for said in range(20):
        token = TOKENS.make(said)
        others = (token[:i] + c + token[i + 1 :] for i in range(len(token)) for c in LETTERS if c != token[i])
        for other in (*others, "", "\udcff", "ü" + token, token + "=", token + "A", token[:-1], f" {token}"):
            with pytest.raises(ForbiddenError):
                TOKENS.read(other)


def test_another_scope_and_another_key_are_refused():
    for other in (Tokens(b"key", "upload"), Tokens(b"other", "purge")):
        with pytest.raises(ForbiddenError, match="the purge token is not good: BadTimeSignature"):
            TOKENS.read(other.make("s"))


def test_keys_are_rotated():
    old, both, new = Tokens(b"old", "s"), Tokens([b"old", b"new"], "s"), Tokens(b"new", "s")
    assert both.read(old.make(1)) == 1
    assert new.read(both.make(2)) == 2


def test_a_token_ages():
    token = TOKENS.make("s")
    assert TOKENS.read(token, max_age=60) == "s"
    with pytest.raises(ForbiddenError, match="SignatureExpired"):
        TOKENS.read(token, max_age=-1)
