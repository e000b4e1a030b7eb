"""The console's questions to a running proxy: options, explanations, and what the proxy answers."""

from __future__ import annotations

import time

import pytest

from mememime_proxy.explain import explanation as command
from mememime_proxy.settings.settings import load
from mememime_proxy.urls.options.table import OPTIONS
from tests.resources.routes.console.test_sessions import call, sign_in
from tests.support.console_visit import site
from tests.support.resource_process import ADMIN_KEY
from tests.support.wrong_urls import KEY as WRONG_KEY
from tests.support.wrong_urls import SALT as WRONG_SALT
from tests.support.wrong_urls import WRONG_URLS


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    with site(tmp_path_factory.mktemp("explaining"), key=WRONG_KEY, salt=WRONG_SALT) as running:
        yield running


@pytest.fixture(scope="module")
def admin(place):
    return sign_in(place.resources, ADMIN_KEY)


@pytest.fixture(scope="module")
def reader(place):
    key = place.resources.request("POST", "/keys", {"role": "read"}).json["key"]
    return sign_in(place.resources, key)


def explain(place, person, url, **fields):
    cookie, headers = person
    answer = call(place.resources, "POST", "/explain", {"url": url, **fields}, headers, cookie)
    assert answer.status == 200, answer.body
    return answer.json


def test_options_are_those_of_the_table(place, reader):
    options = call(place.resources, "GET", "/options", cookie=reader[0]).json["options"]
    assert [each["name"] for each in options] == [each.name for each in OPTIONS]
    kinds = {argument["kind"] for each in options for argument in each["arguments"]}
    assert kinds >= {"integer", "number", "choice", "flag", "color", "format", "group"}


def test_causes_of_wrong_urls_are_those_of_the_command(place, admin):
    settings = load(place.proxy.settings)
    found, expected = {}, {}
    for wrong in WRONG_URLS:
        url = f"{place.proxy.base}{wrong.path}"
        refusal = explain(place, admin, url)["explanation"]["refusal"]
        found[wrong.name] = refusal and (refusal["cause"]["id"], refusal["cause"]["text"], refusal["status"])
        refusal = command.explain(url, settings).refusal
        expected[wrong.name] = refusal and (refusal.cause.id, refusal.cause.text, refusal.status)
    assert found == expected
    assert len({cause[0] for cause in found.values() if cause}) >= 30


def test_proxy_is_asked_and_its_answer_has_the_paragraph_of_the_error(place, admin, reader):
    missing = f"asset://{'0' * 64}"
    cookie, headers = admin
    body = {"items": [{"source": "alias://samples/coffee", "options": ["w:9"], "format": "png"}, {"source": missing}]}
    good, bad = call(place.resources, "POST", "/sign", body, headers, cookie).json["urls"]
    assert explain(place, reader, good["url"])["explanation"]["cached"] == {}
    served = explain(place, reader, good["url"], ask=True)
    assert served["explanation"]["cached"] == {}
    cached = explain(place, reader, good["url"])["explanation"]["cached"]
    assert list(cached) == ["memory"]
    assert 0 <= time.time() - cached["memory"] < 600
    assert (served["answer"]["status"], served["answer"]["headers"]["Content-Type"]) == (200, "image/png")
    assert served["answer"]["bytes"] > 0
    assert served["errors"] == []
    refused = explain(place, reader, bad["url"], ask=True)
    assert refused["answer"]["status"] == 404
    assert refused["errors"]
    assert all(each["cause"] and each["remedy"] for each in refused["errors"])


@pytest.mark.parametrize("url", ["@127.0.0.1:1/x", "//127.0.0.1:1/x", "http://127.0.0.1:1/x", "x"])
def test_no_other_server_is_asked(place, reader, url):
    answer = explain(place, reader, url, ask=True)["answer"]
    assert answer["status"] in {403, 404}


def test_reader_does_not_learn_how_a_signature_is_wrong(place, reader):
    wrong = next(wrong for wrong in WRONG_URLS if wrong.cause == "signature.key_and_salt_swapped")
    refusal = explain(place, reader, wrong.path)["explanation"]["refusal"]
    assert refusal["cause"]["id"] == "signature.not_verified"
