"""Purges that an administrator makes: any source leaves the caches of the proxies."""

from __future__ import annotations

from urllib.request import urlopen

import pytest

from mememime_proxy.urls import UrlBuilder
from tests.support.console_visit import PURGE_KEY, site
from tests.support.ports import reserve_port
from tests.support.proxy_process import KEY, SALT
from tests.support.resource_process import ResourceProcess


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with site(tmp_path_factory.mktemp("purges")) as running:
        yield running


def test_purge_is_answered_by_each_proxy(place):
    source = "alias://samples/coffee"
    with urlopen(UrlBuilder(place.proxy.base, key=KEY, salt=SALT).resize("fit", 30).build(source)) as picture:
        assert picture.status == 200
    answer = place.resources.request("POST", "/purges", {"source": source})
    assert answer.status == 202
    (proxy,) = answer.json["proxies"]
    assert (answer.json["source"], proxy["url"], proxy["error"]) == (source, place.proxy.base, "")
    assert proxy["dropped"]["variants"] == 1
    assert place.resources.request("POST", "/purges", {"source": source}).json["proxies"][0]["dropped"]["variants"] == 0


def test_proxy_that_does_not_answer_is_named(tmp_path):
    with (
        reserve_port() as port,
        ResourceProcess(tmp_path, purge_key=PURGE_KEY, purge_urls=f"http://127.0.0.1:{port}") as service,
    ):
        (proxy,) = service.request("POST", "/purges", {"source": "alias://a"}).json["proxies"]
    assert (proxy["url"], proxy["dropped"]) == (f"http://127.0.0.1:{port}", None)
    assert proxy["error"].startswith("it does not answer")


@pytest.mark.parametrize("source", ["", "cup.jpg", "a://\x00"])
def test_no_source_is_a_wrong_request(place, source):
    assert place.resources.request("POST", "/purges", {"source": source}).status == 400


def test_purges_are_for_administrators(place):
    key = place.resources.request("POST", "/keys", {"role": "write"}).json["key"]
    assert place.resources.request("POST", "/purges", {"source": "a://b"}, key=key).status == 403
