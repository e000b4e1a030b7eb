"""Addresses that the services listen at: what is accepted, and what is said of what is not."""

import pytest

from mememime_proxy.errors import SettingsError
from mememime_proxy.settings.addresses import is_loopback, listen_address


@pytest.mark.parametrize(
    ("bind", "address"),
    [
        ("", (None, 8080)),
        (":80", (None, 80)),
        ("127.0.0.1:65535", ("127.0.0.1", 65535)),
        ("[::1]:8080", ("::1", 8080)),
        ("localhost:0", ("localhost", 0)),
    ],
)
def test_listen_address_is_host_and_port(bind, address):
    assert listen_address(bind, "tcp") == address


@pytest.mark.parametrize(
    ("bind", "hint"),
    [
        ("8080", "write :8080"),
        (":65536", "a port is at most 65535"),
        (":99999999", "a port is at most 65535"),
        ("http://localhost:8080", "an address is no URL"),
        ("::1:8080", "an IPv6 address stands in brackets"),
        ("/run/mememime.sock", "set MEMEMIME_NETWORK=unix"),
        ("localhost", "the port is missing or no number"),
        (":http", "the port is missing or no number"),
    ],
)
def test_wrong_listen_address_says_what_to_do(bind, hint):
    with pytest.raises(SettingsError) as caught:
        listen_address(bind, "tcp", "IMGPROXY_BIND")
    assert caught.value.detail.startswith(f"IMGPROXY_BIND: found {bind!r}, expected host:port or :port (")
    assert hint in caught.value.detail


@pytest.mark.parametrize(
    ("url", "expected"),
    [("http://127.0.0.1:8081", True), ("http://localhost", True), ("http://[::1]:1/x", True), ("", False),
     ("http://10.0.0.1", False), ("https://localhost.example", False)],
)  # fmt: skip
def test_is_loopback_reads_the_host(url, expected):
    assert is_loopback(url) is expected
