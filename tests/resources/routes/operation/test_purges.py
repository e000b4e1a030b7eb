"""Purges that an administrator makes: any source leaves the caches of the proxies."""

from __future__ import annotations

import pytest

from tests.support.console_visit import site
from tests.support.waiting import wait_until


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with site(tmp_path_factory.mktemp("purges")) as running:
        yield running


async def test_purge_reaches_the_proxy(place):
    before = place.proxy.metric("purges_total")
    answer = place.resources.request("POST", "/purges", {"source": "https://shop.example/cup.jpg"})
    assert answer.status == 202
    assert answer.json == {"source": "https://shop.example/cup.jpg", "proxies": [f"{place.proxy.base}/purge"]}
    await wait_until(lambda: place.proxy.metric("purges_total") > before)


@pytest.mark.parametrize("source", ["", "cup.jpg", "a://\x00"])
def test_no_source_is_a_wrong_request(place, source):
    assert place.resources.request("POST", "/purges", {"source": source}).status == 400


def test_purges_are_for_administrators(place):
    key = place.resources.request("POST", "/keys", {"role": "write"}).json["key"]
    assert place.resources.request("POST", "/purges", {"source": "a://b"}, key=key).status == 403
