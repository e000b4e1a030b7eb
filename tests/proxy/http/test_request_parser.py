import pytest

from mememime_proxy.errors import ExpiredError, SignatureError
from mememime_proxy.proxy.http import request_parser
from mememime_proxy.proxy.http.negotiation import Negotiation
from mememime_proxy.proxy.http.request_parser import RequestParser
from mememime_proxy.proxy.variants.keys import VariantKeys
from mememime_proxy.settings import sections as config
from mememime_proxy.settings.settings import load
from mememime_proxy.urls import UrlBuilder, UrlParser

KEY, SALT = "6b" * 32, "73" * 32
URL = UrlBuilder("", key=KEY, salt=SALT)
WEBP = {"Accept": "image/webp"}


def make_parser(**settings):
    variables = {f"MEMEMIME_{name.upper()}": value for name, value in settings.items()}
    loaded = load({"MEMEMIME_KEY": KEY, "MEMEMIME_SALT": SALT, **variables})
    return RequestParser(loaded, UrlParser(config.url_config(loaded)), Negotiation(loaded), VariantKeys(()))


def test_parsed_url_is_cached():
    parser, target = make_parser(), URL.width(10).build("http://h/a.jpg")
    first = parser.parse(target, {})
    assert (first.plan.width, first.source.url, first.vary) == (10, "http://h/a.jpg", "")
    assert parser.parse(target, WEBP) is first
    assert parser.parse(target + "?utm=1", {}) is first
    assert parser.parse(URL.width(10).cachebuster("x").build("http://h/a.jpg"), {}).key == first.key


def test_parsed_urls_differ_by_negotiated_headers():
    parser, target = make_parser(auto_webp="1"), URL.width(10).build("http://h/a.jpg")
    plain, webp = parser.parse(target, {}), parser.parse(target, WEBP)
    assert (plain.plan.preference.prefer_webp, webp.plan.preference.prefer_webp) == (False, True)
    assert plain.vary == webp.vary == "Accept"
    assert parser.parse(target, WEBP) is webp


def test_path_prefix_is_removed():
    target = "/images" + URL.width(10).build("http://h/a.jpg")
    assert make_parser(path_prefix="/images").parse(target, {}).plan.width == 10


def test_wrong_signature_is_refused_each_time():
    parser, target = make_parser(), URL.width(10).build("http://h/a.jpg")
    parser.parse(target, {})
    for _ in range(2):
        with pytest.raises(SignatureError):
            parser.parse(target.replace("w:10", "w:11").replace("width:10", "width:11"), {})


def test_cached_url_expires(monkeypatch):
    parser = make_parser()
    clock = [1_900_000_000.0]
    monkeypatch.setattr(request_parser.time, "time", lambda: clock[0])
    target = URL.expires(1_900_000_005).build("http://h/a.jpg")
    first = parser.parse(target, {})
    clock[0] += 5.5
    assert parser.parse(target, {}) is first
    clock[0] += 1
    with pytest.raises(ExpiredError):
        parser.parse(target, {})


def test_cache_holds_no_long_urls_and_a_bounded_number():
    parser = make_parser()
    long = URL.filename("x" * 3000).build("http://h/a.jpg")
    url = parser.parse(long, {})
    assert parser.parse(long, {}) is not url
    for number in range(request_parser._MAX_URLS + 10):
        parser._urls["x", str(number)] = url
    assert len(parser._urls) == request_parser._MAX_URLS
