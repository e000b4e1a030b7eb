"""Cookies and origins of requests to the console."""

import pytest

from mememime_proxy.console.cookies import Visit


def visit(scheme="http", peer="127.0.0.1", public_url="", **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Visit({"Host": "localhost:8081"} | named, scheme, peer, public_url)


def test_cookie_over_https_is_bound_to_the_host():
    for secure in (visit("https"), visit(X_Forwarded_Proto="https"), visit(public_url="https://assets.example/x")):
        assert secure.is_secure
        flags = secure.set_cookie("value", 60).split("; ")
        assert flags == ["__Host-mememime=value", "Path=/", "HttpOnly", "SameSite=Strict", "Max-Age=60", "Secure"]
    assert visit("https", Cookie="mememime=planted").cookie == ""
    assert visit("https", Cookie="a=b; __Host-mememime=x.y; c=d").cookie == "x.y"


def test_cookie_over_plain_http_has_no_prefix():
    assert visit().set_cookie("value", 60) == "mememime=value; Path=/; HttpOnly; SameSite=Strict; Max-Age=60"
    assert visit(Cookie="__Host-mememime=other; mememime=x.y").cookie == "x.y"
    assert visit(Cookie="m\x00=;;=,").cookie == ""


@pytest.mark.parametrize(
    ("peer", "headers", "expected"),
    [
        ("127.0.0.1", {}, True),
        ("::1", {"Host": "[::1]:8081"}, True),
        ("127.0.0.1", {"Host": "127.0.0.1:8081"}, True),
        ("127.0.0.1", {"Host": "rebound.example:8081"}, False),
        ("10.0.0.7", {}, False),
        ("127.0.0.1", {"X_Forwarded_For": "10.0.0.7"}, False),
        ("127.0.0.1", {"Forwarded": "for=10.0.0.7"}, False),
        ("", {}, False),
    ],
)
def test_loopback_needs_both_ends_on_this_machine(peer, headers, expected):
    assert visit(peer=peer, **headers).is_loopback is expected


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("127.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.2", "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        ("", "2001:db8::1", "2001:db8::1"),
        ("8.8.8.8", "198.51.100.7", "8.8.8.8"),
        ("127.0.0.1", "unknown", "127.0.0.1"),
        ("127.0.0.1", "", "127.0.0.1"),
    ],
)
def test_client_is_what_a_near_proxy_saw(peer, forwarded, expected):
    assert visit(peer=peer, X_Forwarded_For=forwarded).client == expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Sec_Fetch_Site": "same-origin"}, True),
        ({"Sec_Fetch_Site": "same-origin", "Origin": "http://localhost:8081"}, True),
        ({"Origin": "http://localhost:8081"}, True),
        ({"Sec_Fetch_Site": "same-site"}, False),
        ({"Sec_Fetch_Site": "cross-site"}, False),
        ({"Sec_Fetch_Site": "none"}, False),
        ({"Sec_Fetch_Site": "same-origin", "Origin": "http://evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "https://localhost:8081"}, False),
        ({}, False),
    ],
)
def test_changes_come_from_a_page_of_this_origin(headers, expected):
    assert visit(**headers).is_from_own_page is expected
