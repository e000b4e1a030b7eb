import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememime_proxy.resources.http.endpoint import Route
from mememime_proxy.resources.http.router import Router


async def nobody(call):
    raise AssertionError


def route(method, path):
    return Route(method=method, path=path, handler=nobody, name=f"{method} {path}", summary="", role=None)


ROUTER = Router(
    [
        route("GET", "/things"),
        route("POST", "/things"),
        route("GET", "/things/{number:[0-9a-f]{4}}"),
        route("GET", "/things/{number:[0-9a-f]{4}}/content"),
        route("PUT", "/names/{name:.+}"),
        route("HEAD", "/own"),
        route("GET", "/own"),
    ]
)


@pytest.mark.parametrize(
    ("method", "path", "name", "params"),
    [
        ("GET", "/things", "GET /things", {}),
        ("HEAD", "/things", "GET /things", {}),
        ("POST", "/things", "POST /things", {}),
        ("GET", "/things/00ff", "GET /things/{number:[0-9a-f]{4}}", {"number": "00ff"}),
        ("GET", "/things/00ff/content", "GET /things/{number:[0-9a-f]{4}}/content", {"number": "00ff"}),
        ("PUT", "/names/a/b%2fc%20d", "PUT /names/{name:.+}", {"name": "a/b/c d"}),
        ("PUT", "/names/%C3%BC%0A", "PUT /names/{name:.+}", {"name": "ü\n"}),
        ("HEAD", "/own", "HEAD /own", {}),
    ],
)
def test_what_is_there_is_found(method, path, name, params):
    found = ROUTER.find(method, path)
    assert found
    assert found.route
    assert (found.route.name, dict(found.params)) == (name, params)


@pytest.mark.parametrize(
    "path", ["/", "", "/thing", "/things/", "/things/00fg", "/things/00ff0", "/names/", "//things"]
)
def test_what_is_not_there_is_not_found(path):
    assert ROUTER.find("GET", path) is None


def test_another_method_is_told_what_there_is():
    found = ROUTER.find("PATCH", "/things")
    assert found
    assert (found.route, found.allowed) == (None, ("GET", "HEAD", "POST"))


def test_one_method_and_path_has_one_endpoint():
    with pytest.raises(ValueError, match=re.escape("GET /things is there twice")):
        Router([route("GET", "/things"), route("GET", "/things")])


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=40))
def test_no_path_is_too_odd(path):
    found = ROUTER.find("PUT", "/names/" + path)
    assert (found is not None) == bool(path)
