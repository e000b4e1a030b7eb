import asyncio
import dataclasses

import msgspec
import pytest
from aiohttp.test_utils import make_mocked_request

from mememime_proxy.errors import UnsupportedFormatError
from mememime_proxy.plan import Plan
from mememime_proxy.proxy.http.clients import Clients
from mememime_proxy.proxy.http.exchange import Exchange
from mememime_proxy.proxy.http.image_response import ImageResponse
from mememime_proxy.proxy.http.request_parser import ParsedRequest
from mememime_proxy.proxy.http.responses import Responder
from mememime_proxy.proxy.model import NO_CONDITIONS, NotModified
from mememime_proxy.proxy.telemetry.metrics import ProxyMetrics
from mememime_proxy.settings.settings import load
from mememime_proxy.sources.model import SourceState
from tests.support.provider_chain import FakeProvider, make_result


def make_url(**plan):
    return ParsedRequest.of(Plan(source="http://h/a.jpg", **plan), b"k" * 16, "")


class Responses:
    """A responder whose provider returns what a test decides."""

    def __init__(self, **settings):
        variables = {f"MEMEMIME_{name.upper()}": value for name, value in settings.items()}
        self.provider, self.metrics = FakeProvider(), ProxyMetrics()
        self.responder = Responder(
            load({"MEMEMIME_ALLOW_UNSIGNED": "1", **variables}), self.provider, None, self.metrics
        )

    async def get(self, url, **headers):
        request = make_mocked_request("GET", "/x", headers={k.replace("_", "-"): v for k, v in headers.items()})
        return await self.responder.respond(Exchange(request, "id", 0.0, Clients(lambda: 0)), url)


async def test_response_to_a_url_reuses_its_serialized_head():
    responses, url = Responses(), make_url()
    first, second = await responses.get(url), await responses.get(url)
    assert isinstance(first, ImageResponse)
    assert first._head is second._head
    assert b"ETag" in first._head
    other = await responses.get(make_url(filename="other"))
    assert b'filename="other.jpg"' in other._head


@pytest.mark.parametrize("result", [make_result(b"new body"), make_result(stale=True), make_result(last_modified="x")])
async def test_response_with_another_variant_or_state_has_another_head(result):
    responses, url = Responses(), make_url()
    first = await responses.get(url)
    responses.provider.result = result
    second = await responses.get(url)
    assert second._head is not first._head
    assert f"Content-Length: {len(result.variant.body)}\r\n".encode() in second._head
    assert (b"max-age=10," in second._head) == result.state.stale


async def test_head_of_a_url_that_is_gone_is_dropped():
    responses, url = Responses(), make_url()
    await responses.get(url)
    assert len(responses.responder._heads) == 1
    del url
    assert len(responses.responder._heads) == 0


async def test_head_of_an_expiring_url_is_valid_for_a_second(monkeypatch):
    responses, url = Responses(), make_url(expires=2_000_000_000)
    clock = [1_900_000_000.5]
    monkeypatch.setattr("mememime_proxy.proxy.http.responses.time.time", lambda: clock[0])
    first = await responses.get(url)
    clock[0] += 0.4
    assert (await responses.get(url))._head is first._head
    clock[0] += 1
    assert (await responses.get(url))._head is not first._head


async def test_not_modified_has_caching_headers_and_is_counted():
    responses = Responses()
    responses.provider.result = NotModified('"e"', SourceState('"1"'))
    response = await responses.get(make_url(), If_None_Match='"e"')
    assert (response.status, response.headers["ETag"]) == (304, '"e"')
    assert "max-age" in response.headers["Cache-Control"]
    assert responses.metrics.registry.get_sample_value("requests_not_modified_total") == 1


async def test_request_has_conditions_only_where_the_client_sends_them():
    responses = Responses()
    await responses.get(make_url())
    await responses.get(make_url(), If_None_Match='"e"')
    plain, conditional = responses.provider.requests
    assert plain.conditions is NO_CONDITIONS
    assert conditional.conditions.if_none_match == '"e"'


async def test_request_with_cookie_passthrough_has_a_key_of_its_own():
    responses, url = Responses(cookie_passthrough="1", cookie_passthrough_all="1"), make_url()
    await responses.get(url, Cookie="a=1")
    await responses.get(url)
    with_cookie, without = responses.provider.requests
    assert with_cookie.source.headers == (("Cookie", "a=1"),)
    assert with_cookie.key != without.key == url.key


async def test_request_for_a_format_that_cannot_be_written_is_refused():
    with pytest.raises(UnsupportedFormatError):
        await Responses().get(make_url(format="heic"))


async def test_deadline_of_a_request_is_the_timeout_of_the_settings():
    responses = Responses(timeout="7")
    before = asyncio.get_running_loop().time()
    await responses.get(make_url())
    assert before + 7 <= responses.provider.requests[0].deadline <= asyncio.get_running_loop().time() + 7


@pytest.mark.parametrize(
    ("passthrough", "has_all_headers", "source", "expected"),
    [
        ("1", False, "", None),
        ("1", False, "max-age=9", "max-age=9"),
        ("1", True, "", "max-age=31536000, public"),
        ("0", False, "", "max-age=31536000, public"),
    ],
)
async def test_i3_not_modified_leaves_out_a_lifetime_that_the_source_has_not_named(
    passthrough, has_all_headers, source, expected
):
    responses = Responses(cache_control_passthrough=passthrough)
    state = SourceState.of('"1"', cache_control=source)
    responses.provider.result = NotModified('"e"', state, has_all_headers=has_all_headers)
    response = await responses.get(make_url(), If_None_Match='"e"')
    assert (response.status, response.headers.get("Cache-Control")) == (304, expected)


async def test_i1_response_of_a_damaged_original_says_so_and_is_cached_for_an_hour():
    responses = Responses()
    whole = responses.provider.result
    damaged = msgspec.structs.replace(whole.variant, damage="truncated")
    responses.provider.result = dataclasses.replace(whole, variant=damaged)
    head = (await responses.get(make_url()))._head
    assert b"X-Origin-Damage: truncated\r\n" in head
    assert b"max-age=3600, public" in head
    assert b"Last-Modified" not in head
    responses.provider.result = NotModified('"e"', whole.state, is_damaged=True)
    response = await responses.get(make_url(), If_None_Match='"e"')
    assert response.headers["Cache-Control"] == "max-age=3600, public"
