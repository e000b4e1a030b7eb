import pytest

from mememime_proxy.errors import ForbiddenError
from mememime_proxy.proxy.cache import purge
from mememime_proxy.proxy.cache.purge import PurgeTokens
from mememime_proxy.service.tokens import Tokens

TOKENS = PurgeTokens(b"key")


def test_a_token_names_its_source():
    assert TOKENS.source(TOKENS.make("http://h/ü?a=1")) == "http://h/ü?a=1"


@pytest.mark.parametrize(
    "token",
    ["", ".", "a.b.c", TOKENS.make(""), PurgeTokens(b"other").make("s")],
    ids=["nothing", "a point", "letters", "without a source", "of another key"],
)
def test_other_tokens_are_none(token):
    with pytest.raises(ForbiddenError):
        TOKENS.source(token)


def test_a_token_grows_old(monkeypatch):
    token = TOKENS.make("s")
    monkeypatch.setattr(purge, "MAX_AGE", -1)
    with pytest.raises(ForbiddenError, match="SignatureExpired"):
        TOKENS.source(token)


def test_what_was_signed_for_something_else_is_no_token():
    with pytest.raises(ForbiddenError):
        TOKENS.source(Tokens(b"key", "upload").issue({"source": "s"}))
    with pytest.raises(ForbiddenError):
        TOKENS.source(Tokens(b"key", "purge").issue(["s"]))
