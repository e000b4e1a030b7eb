import pytest

from mememime_proxy.errors import ExpiredError, SignatureError
from mememime_proxy.proxy.cache import url_cache
from mememime_proxy.proxy.cache.url_cache import Addresses
from mememime_proxy.proxy.http.negotiation import Negotiation
from mememime_proxy.proxy.variants.keys import VariantKeys
from mememime_proxy.settings import sections as config
from mememime_proxy.settings.settings import load
from mememime_proxy.urls import UrlBuilder, UrlParser

KEY, SALT = "6b" * 32, "73" * 32
URL = UrlBuilder("", key=KEY, salt=SALT)
WEBP = {"Accept": "image/webp"}


def make(**settings):
    variables = {f"MEMEMIME_{name.upper()}": value for name, value in settings.items()}
    found = load({"MEMEMIME_KEY": KEY, "MEMEMIME_SALT": SALT, **variables})
    return Addresses(found, UrlParser(config.url_config(found)), Negotiation(found), VariantKeys(()))


def test_an_address_is_looked_at_once():
    it, target = make(), URL.width(10).build("http://h/a.jpg")
    first = it.find(target, {})
    assert first.plan.width == 10
    assert it.find(target, WEBP) is first
    assert it.find(target + "?utm=1", {}) is first
    assert it.find(URL.width(10).cachebuster("x").build("http://h/a.jpg"), {}).key == first.key


def test_what_is_negotiated_is_told_apart():
    it, target = make(auto_webp="1"), URL.width(10).build("http://h/a.jpg")
    plain, webp = it.find(target, {}), it.find(target, WEBP)
    assert (plain.plan.preference.prefer_webp, webp.plan.preference.prefer_webp) == (False, True)
    assert it.find(target, WEBP) is webp


def test_a_wrong_signature_is_wrong_each_time():
    it, target = make(), URL.width(10).build("http://h/a.jpg")
    it.find(target, {})
    for _ in range(2):
        with pytest.raises(SignatureError):
            it.find(target.replace("w:10", "w:11").replace("width:10", "width:11"), {})


def test_an_address_expires_also_where_it_is_known(monkeypatch):
    it = make()
    clock = [1_900_000_000.0]
    monkeypatch.setattr(url_cache.time, "time", lambda: clock[0])
    target = URL.expires(1_900_000_005).build("http://h/a.jpg")
    first = it.find(target, {})
    clock[0] += 5.5
    assert it.find(target, {}) is first
    clock[0] += 1
    with pytest.raises(ExpiredError):
        it.find(target, {})


def test_long_addresses_are_not_remembered_and_their_number_is_bounded():
    it = make()
    long = URL.filename("x" * 3000).build("http://h/a.jpg")
    assert it.find(long, {}) is not it.find(long, {})
    for number in range(url_cache._REMEMBERED + 10):
        it._known["x", str(number)] = it.find(long, {}) if not number else it._known["x", "0"]
    assert len(it._known) == url_cache._REMEMBERED
