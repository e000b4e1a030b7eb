import pytest

from mememime_proxy.errors import ForbiddenError
from mememime_proxy.proxy.cache import purge
from mememime_proxy.proxy.cache.purge import Purge, PurgeCounts, PurgeTokens
from mememime_proxy.proxy.model import source_hash
from mememime_proxy.service.tokens import Tokens
from tests.support.provider_chain import PLAN, ProxyCore

TOKENS = PurgeTokens(b"key")


def test_token_names_its_source():
    assert TOKENS.verify(TOKENS.issue("http://h/ü?a=1")) == "http://h/ü?a=1"


@pytest.mark.parametrize(
    "token",
    ["", ".", "a.b.c", TOKENS.issue(""), PurgeTokens(b"other").issue("s")],
    ids=["nothing", "a point", "letters", "without a source", "of another key"],
)
def test_foreign_text_is_refused_as_token(token):
    with pytest.raises(ForbiddenError):
        TOKENS.verify(token)


def test_token_expires(monkeypatch):
    token = TOKENS.issue("s")
    monkeypatch.setattr(purge, "PURGE_LIFETIME", -1)
    with pytest.raises(ForbiddenError, match="seconds old"):
        TOKENS.verify(token)


def test_token_of_another_scope_or_content_is_refused():
    with pytest.raises(ForbiddenError):
        TOKENS.verify(Tokens(b"key", "upload").issue({"source": "s"}))
    with pytest.raises(ForbiddenError):
        TOKENS.verify(Tokens(b"key", "purge").issue(["s"]))


async def test_purge_counts_what_it_drops_and_drops_the_edge_last():
    core = ProxyCore()
    await core.get()
    edge_calls = []

    def purge_edge(tags):
        edge_calls.append((tags, len(core.caches.memory)))
        return 3

    counts = await Purge(core.caches, core.metrics, purge_edge, core.pool.forgive).run(PLAN.source)
    assert counts == PurgeCounts(originals=1, variants=1, stored=0, edge=3, quarantined=1)
    assert edge_calls == [([source_hash(PLAN.source)], 0)]
    assert core.count("purges_total") == 1
