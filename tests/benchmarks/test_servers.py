import os
from pathlib import Path

import pytest

from benchmarks.servers import Ours, Running
from mememime_proxy.plan import Plan
from mememime_proxy.urls import UrlConfig, UrlParser

KEY, SALT = "943b421c9eb07c83", "520f986b998545b4"


def test_our_address_asks_for_what_is_compared():
    parser = UrlParser(UrlConfig(allow_unsigned=True))
    plan = parser.plan(parser.verify(Ours(Path()).path("07.webp", "webp", 3)), Plan())
    assert (plan.source, plan.width, plan.height, plan.format) == ("local:///07.webp", 512, 512, "webp")
    assert plan.cachebuster == "3"


def test_a_given_server_gets_signed_addresses():
    template = "http://127.0.0.1:1/{signature}/rs:fit:512:512/cb:{unique}/plain/local:///{name}@{format}"
    found = Running("x", template, os.getpid(), KEY, SALT).path("a.jpg", "jpeg", 5)
    parser = UrlParser(UrlConfig(key_pairs=((bytes.fromhex(KEY), bytes.fromhex(SALT)),)))
    plan = parser.plan(parser.verify(found.removeprefix("http://127.0.0.1:1")), Plan())
    assert (plan.source, plan.cachebuster) == ("local:///a.jpg", "5")


@pytest.mark.parametrize("key", ["", KEY])
def test_a_given_server_without_a_place_for_it_gets_no_signature(key):
    found = Running("x", "http://h/{name}@{format}?{unique}", os.getpid(), key, key).path("a.jpg", "png", 5)
    assert found == "http://h/a.jpg@png?5"
