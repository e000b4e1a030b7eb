"""The router of the resource service."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mememime_proxy.resources.http.endpoint import Route
from mememime_proxy.resources.http.router import Router


async def handler(call):
    raise AssertionError


def route(method, path):
    return Route(method=method, path=path, handler=handler, name=f"{method} {path}", summary="", role=None)


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
def test_router_known_path_returns_its_route(method, path, name, params):
    match = ROUTER.match(method, path)
    assert match
    assert match.route
    assert (match.route.name, dict(match.params)) == (name, params)


@pytest.mark.parametrize(
    "path", ["/", "", "/thing", "/things/", "/things/00fg", "/things/00ff0", "/names/", "//things"]
)
def test_router_unknown_path_returns_none(path):
    assert ROUTER.match("GET", path) is None


def test_router_another_method_returns_the_allowed_ones():
    match = ROUTER.match("PATCH", "/things")
    assert match
    assert (match.route, match.allowed) == (None, ("GET", "HEAD", "POST"))


def test_router_two_routes_of_one_method_and_path_raise():
    with pytest.raises(ValueError, match=re.escape("found GET /things twice")):
        Router([route("GET", "/things"), route("GET", "/things")])


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=40))
def test_router_any_alias_name_matches(path):
    match = ROUTER.match("PUT", "/names/" + path)
    assert (match is not None) == bool(path)
