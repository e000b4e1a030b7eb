import asyncio

import pytest
from yarl import URL

from mememime_proxy.sources.http.hop_cookies import HopCookies
from tests.support.raw_server import body_of, fetch, raw_server, sources

FOUND = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc"


def test_hop_cookies_without_a_redirect_leave_the_header_as_it_is():
    assert HopCookies().header(URL("http://a.example/"), "a=1; b") == "a=1; b"
    assert HopCookies().header(URL("http://a.example/"), "") == ""


@pytest.mark.parametrize(
    ("domain", "target", "sent"),
    [
        ("name.example", "img.name.example", True),
        (".name.example", "img.name.example", True),
        ("", "img.name.example", False),
        ("name.example", "name.example.other.example", False),
        ("example", "other.example", False),
    ],
)
async def test_hop_cookies_go_to_subdomains_of_their_domain_alone(domain, target, sent):
    seen, port_known = [], asyncio.Event()
    attribute = f"; Domain={domain}" if domain else ""
    steps = []

    async def talk(reader, writer):
        await port_known.wait()
        seen.append(b"cookie: a=1" in (await reader.readuntil(b"\r\n\r\n")).lower())
        writer.write(steps[len(seen) - 1])

    async with raw_server(talk) as (port, _), sources() as it:
        head = f"HTTP/1.1 302 Found\r\nLocation: http://{target}:{port}/\r\nSet-Cookie: a=1{attribute}\r\n"
        steps += [f"{head}Content-Length: 0\r\nConnection: close\r\n\r\n".encode(), FOUND]
        port_known.set()
        assert await body_of(await fetch(it, port)) == b"abc"
    assert seen == [False, sent]
