from dataclasses import replace

import pytest
from msgspec import structs

from mememime_proxy.errors import SourceStatusError, SourceTimeoutError
from mememime_proxy.formats.output_plan import Caching
from mememime_proxy.proxy.model import NO_CONDITIONS, NotModified, SourceKey
from mememime_proxy.proxy.variants.cached import (
    CacheProvider,
    ConditionalProvider,
    Conditions,
    MemoryProvider,
    StaleProvider,
)
from mememime_proxy.proxy.variants.keys import make_etag
from mememime_proxy.service.conditional import Preconditions
from mememime_proxy.settings.settings import load
from mememime_proxy.sources.model import SourceState
from tests.support.provider_chain import (
    KEYS,
    PLAN,
    FakeProvider,
    ProxyCore,
    make_entry,
    make_request,
    make_result,
)

OLD, NEW = "Sun, 06 Nov 1994 08:49:37 GMT", "Tue, 02 Jan 2024 03:04:05 GMT"
KEY = KEYS.key(PLAN)
SOURCE = SourceKey.of(PLAN.source)


def make_conditions(**settings):
    return Conditions(
        load({"MEMEMIME_ALLOW_UNSIGNED": "1"} | {f"MEMEMIME_{k.upper()}": v for k, v in settings.items()})
    )


@pytest.mark.parametrize(
    ("settings", "sent", "expected"),
    [
        ({}, Preconditions(if_none_match='"a"', if_modified_since=OLD), Preconditions(if_none_match='"a"')),
        ({}, Preconditions(if_modified_since=OLD), Preconditions(if_modified_since=OLD)),
        ({}, Preconditions(if_match='"a"'), NO_CONDITIONS),
        ({"use_etag": "0"}, Preconditions(if_none_match='"a"', if_modified_since=OLD), NO_CONDITIONS),
        ({"use_last_modified": "0"}, Preconditions(if_modified_since=OLD), NO_CONDITIONS),
        ({"last_modified_buster": "2024-01-02T03:04:05Z"}, Preconditions(if_modified_since=OLD), NO_CONDITIONS),
        ({"last_modified_buster": "2024-01-02T03:04:05Z"}, Preconditions(if_modified_since=NEW), NO_CONDITIONS),
        ({"last_modified_buster": "2024-01-02T03:04:05Z"}, Preconditions(if_modified_since="x"), NO_CONDITIONS),
    ],
)
def test_conditions_of_a_request_count_as_far_as_settings_allow(settings, sent, expected):
    assert make_conditions(**settings).of(sent) == expected


@pytest.mark.parametrize("tags", ['"a,b", "x"', 'W/"x"', "*", ' "y" ,, "x"'])
def test_conditions_with_the_current_tag_are_met(tags):
    assert make_conditions().are_met(Preconditions(if_none_match=tags), '"x"', "")


@pytest.mark.parametrize("tags", ['"a,x"', '"X"', "x", '"a", "b"'])
def test_conditions_with_other_tags_are_not_met(tags):
    assert not make_conditions().are_met(Preconditions(if_none_match=tags), '"x"', OLD)


def test_client_validator_is_the_one_in_an_own_etag_or_the_date():
    conditions = make_conditions()
    tags = f'"foreign", {make_etag(KEY, chr(34) + "v,1" + chr(34))}'
    assert conditions.client_validator(Preconditions(if_none_match=tags), KEY) == '"v,1"'
    assert conditions.client_validator(Preconditions(if_none_match='"foreign"'), KEY) == ""
    assert conditions.client_validator(Preconditions(if_modified_since=OLD), KEY) == f"@{OLD}"


async def test_conditional_provider_answers_304_where_the_client_has_the_result():
    following = FakeProvider(make_result(etag='"e"'))
    provider = ConditionalProvider(make_conditions(), following)
    assert await provider.get(make_request(if_none_match='"e"')) == NotModified('"e"', following.result.state)
    assert await provider.get(make_request(if_none_match='"f"')) is following.result
    assert await provider.get(make_request()) is following.result


async def test_conditional_provider_tells_the_next_one_the_clients_validator():
    following = FakeProvider()
    await ConditionalProvider(make_conditions(), following).get(make_request(if_none_match=make_etag(KEY, '"7"')))
    assert following.requests[0].client_validator == '"7"'


async def test_memory_provider_answers_from_memory_while_the_state_is_fresh():
    core, following = ProxyCore(), FakeProvider()
    provider = MemoryProvider(core.cache, make_conditions(), following)
    entry = make_entry(validator='"1"')
    core.caches.memory.put(KEY, entry)
    assert await provider.get(make_request()) is following.result  # the state is not known
    core.caches.originals.remember_state(SOURCE, SourceState('"1"'))
    assert await provider.get(make_request()) is entry.result
    core.caches.originals.remember_state(SOURCE, SourceState('"1"', stale=True))
    assert (await provider.get(make_request())).state.stale
    core.caches.originals.remember_state(SOURCE, SourceState('"2"'))
    assert await provider.get(make_request()) is following.result
    assert core.count("cache_hits_total", cache="variants") == 2


async def test_memory_provider_answers_304_from_the_state_alone():
    core, following = ProxyCore(), FakeProvider()
    provider = MemoryProvider(core.cache, make_conditions(), following)
    core.caches.originals.remember_state(SOURCE, SourceState('"1"', NEW))
    etag = make_etag(KEY, '"1"')
    for condition in ({"if_none_match": etag}, {"if_modified_since": NEW}):
        assert await provider.get(make_request(**condition)) == NotModified(etag, SourceState('"1"', NEW))
    assert await provider.get(make_request(if_none_match='"x"')) is following.result
    core.caches.originals.remember_state(SOURCE, SourceState("#digest"))
    assert await provider.get(make_request(if_none_match="*")) is following.result


async def test_memory_provider_passes_on_what_a_purge_made_invalid():
    core, following = ProxyCore(), FakeProvider()
    core.caches.memory.put(KEY, make_entry(epoch="before"))
    core.caches.originals.remember_state(SOURCE, SourceState('"1"'))
    assert await MemoryProvider(core.cache, make_conditions(), following).get(make_request()) is following.result


@pytest.mark.parametrize("bypass", [False, True])
async def test_caches_are_not_looked_into_where_the_url_says_so(bypass):
    core, following = ProxyCore(), FakeProvider()
    entry = make_entry(validator='"1"')
    core.caches.memory.put(KEY, entry)
    core.caches.originals.remember_state(SOURCE, SourceState('"1"'))
    request = make_request()
    request = structs.replace(request, plan=replace(request.plan, caching=Caching(bypass=bypass)))
    for provider in (MemoryProvider(core.cache, make_conditions(), following), CacheProvider(core.cache, following)):
        assert (await provider.get(request) is following.result) is bypass
    assert all(each.entry is None for each in following.requests)


async def test_cache_provider_passes_on_the_entry_that_is_not_fresh():
    core, following = ProxyCore(), FakeProvider()
    provider = CacheProvider(core.cache, following)
    await provider.get(make_request())
    entry = make_entry(validator='"1"')
    core.caches.memory.put(KEY, entry)
    await provider.get(make_request())
    assert [request.entry for request in following.requests] == [None, entry]
    core.caches.originals.remember_state(SOURCE, SourceState('"1"'))
    assert await provider.get(make_request()) is entry.result


@pytest.mark.parametrize("error", [SourceStatusError(upstream=503), SourceTimeoutError()])
async def test_stale_provider_answers_a_transient_error_with_the_entry(error):
    core, entry = ProxyCore(), make_entry()
    provider = StaleProvider(core.cache, FakeProvider(error))
    result = await provider.get(make_request(entry=entry))
    assert (result.variant, result.state.stale) == (entry.result.variant, True)
    assert (await core.caches.originals.get_state(SOURCE)).stale
    with pytest.raises(type(error)):
        await provider.get(make_request())


async def test_stale_provider_raises_a_permanent_error():
    provider = StaleProvider(ProxyCore().cache, FakeProvider(SourceStatusError(upstream=404)))
    with pytest.raises(SourceStatusError):
        await provider.get(make_request(entry=make_entry()))
