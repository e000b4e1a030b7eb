"""The fetcher against servers that behave, and servers that do not."""

import asyncio
import gc
import gzip
import re
import socket
import ssl
import zlib
from collections import Counter

import aiohttp
import pytest
import trustme
from aiohttp import web

from mememime_proxy.errors import (
    MememimeError,
    SourceForbiddenError,
    SourceIncompleteError,
    SourceResponseError,
    SourceStatusError,
    SourceTimeoutError,
    SourceTooLargeError,
    SourceUnreachableError,
)
from mememime_proxy.sources.model import SourceState
from tests.support.raw_server import answer, body_of, fetch, open_files, raw_server, reset, rest_of, says, sources
from tests.support.waiting import wait_until

BODY = bytes(range(256)) * 500


@pytest.fixture
async def origin(aiohttp_server):
    """A source that behaves."""
    log = []

    async def handle(request):
        log.append((request.path_qs, dict(request.headers)))
        match request.path:
            case "/etag":
                if request.headers.get("If-None-Match") == '"v1"':
                    return web.Response(status=304, headers={"ETag": '"v1"'})
                return web.Response(body=BODY, headers={"ETag": '"v1"', "Cache-Control": "max-age=7"})
            case "/gzip":
                return web.Response(body=gzip.compress(BODY), headers={"Content-Encoding": "gzip"})
            case "/deflate":
                return web.Response(body=zlib.compress(BODY), headers={"Content-Encoding": "deflate"})
            case "/brotli":
                return web.Response(body=b"x", headers={"Content-Encoding": "br"})
            case "/members":
                return web.Response(body=gzip.compress(b"a") * 10000, headers={"Content-Encoding": "gzip"})
            case "/bomb":
                return web.Response(body=gzip.compress(bytes(64 << 20), 1), headers={"Content-Encoding": "gzip"})
            case "/raw-deflate":
                deflate = zlib.compressobj(wbits=-15)
                body = deflate.compress(BODY) + deflate.flush()
                return web.Response(body=body, headers={"Content-Encoding": "deflate"})
            case "/loop":
                return web.Response(status=302, headers={"Location": "/loop"})
            case "/cut":
                return web.Response(body=gzip.compress(BODY)[:-20], headers={"Content-Encoding": "gzip"})
            case "/whole":
                size = len(BODY)
                headers = {"Content-Range": f"bytes 0-{size - 1}/{size}"}
                return web.Response(status=206, body=BODY, headers=headers)
            case "/part":
                return web.Response(status=206, body=b"x", headers={"Content-Range": "bytes 0-0/100"})
            case "/chunked":
                response = web.StreamResponse()
                await response.prepare(request)
                for at in range(0, len(BODY), 1000):
                    await response.write(BODY[at : at + 1000])
                return response
            case "/redirect":
                target = request.query["to"]
                return web.Response(status=int(request.query.get("status", 302)), headers={"Location": target})
            case path if path.startswith("/status/"):
                return web.Response(status=int(path[8:]))
            case _:
                return web.Response(body=BODY)

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", handle)
    server = await aiohttp_server(app)
    server.log = log
    return server


@pytest.mark.parametrize("path", ["/plain", "/chunked", "/gzip", "/deflate", "/raw-deflate", "/whole", "/etag"])
async def test_fetch_returns_all_bytes(origin, path):
    async with sources() as it:
        original = await fetch(it, origin.port, path)
        assert await body_of(original) == BODY


async def test_fetch_returns_headers_and_sends_plain_ones(origin):
    async with sources(user_agent="mememime/9") as it:
        with await fetch(it, origin.port, "/etag", headers={"Cookie": "a=b"}) as original:
            assert original.state == SourceState('"v1"', "", {"Cache-Control": "max-age=7"})
        _, headers = origin.log[0]
        assert headers["User-Agent"] == "mememime/9"
        assert headers["Accept-Encoding"] == "identity"
        assert headers["Cookie"] == "a=b"


async def test_fetch_with_a_validator_sends_a_condition(origin):
    async with sources() as it:
        found = await fetch(it, origin.port, "/etag", validator='"v1"')
        assert found == SourceState('"v1"')
        await body_of(await fetch(it, origin.port, "/etag", validator='"v0"'))


@pytest.mark.parametrize(("code", "status"), [(404, 404), (410, 410), (403, 403), (500, 502), (503, 502), (204, 404)])
async def test_fetch_with_an_error_status_raises_its_status(origin, code, status):
    async with sources() as it:
        with pytest.raises(SourceStatusError) as caught:
            await fetch(it, origin.port, f"/status/{code}")
        assert caught.value.status == status


async def test_fetch_answered_with_a_part_raises(origin):
    async with sources() as it:
        with pytest.raises(SourceUnreachableError):
            await fetch(it, origin.port, "/part")


@pytest.mark.parametrize("path", ["/plain", "/chunked", "/gzip", "/bomb"])
async def test_fetch_of_too_many_bytes_raises(origin, path):
    async with sources() as it:
        with pytest.raises(SourceTooLargeError):
            await fetch(it, origin.port, path, max_bytes=len(BODY) - 1)


@pytest.mark.parametrize(
    ("path", "error"),
    [("/brotli", SourceResponseError), ("/members", SourceResponseError), ("/cut", SourceIncompleteError)],
)
async def test_fetch_with_an_invalid_content_coding_raises(origin, path, error):
    async with sources() as it:
        with pytest.raises(error):
            await fetch(it, origin.port, path)


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("target", ["/plain", "//name.example:{port}/plain", "http://other.example:{port}/plain"])
async def test_redirect_is_followed(origin, code, target):
    async with sources() as it:
        to = target.format(port=origin.port)
        original = await fetch(it, origin.port, f"/redirect?status={code}&to={to}", headers={"Cookie": "a=b"})
        assert await body_of(original) == BODY
        assert ("Cookie" in origin.log[-1][1]) == ("other" not in target)


@pytest.mark.parametrize(
    ("target", "error"),
    [
        ("file:///etc/passwd", SourceUnreachableError),
        ("s3://bucket/key", SourceUnreachableError),
        ("http://10.0.0.1/", SourceForbiddenError),
        ("http://169.254.169.254/latest", SourceForbiddenError),
        ("http://[::ffff:169.254.169.254]/", SourceForbiddenError),
        ("http://user@name.example/", SourceForbiddenError),
        ("http://2852039166/", SourceForbiddenError),
    ],
)
async def test_redirect_is_checked_like_the_first_url(origin, target, error):
    async with sources() as it:
        with pytest.raises(error):
            await fetch(it, origin.port, f"/redirect?to={target}")


async def test_redirects_above_the_limit_raise(origin):
    async with sources(max_redirects=0) as it:
        with pytest.raises(SourceUnreachableError, match="more than 0"):
            await fetch(it, origin.port, "/redirect?to=/plain")
        await body_of(await fetch(it, origin.port, "/plain"))
    async with sources(max_redirects=1) as it:
        await body_of(await fetch(it, origin.port, "/redirect?to=/plain"))
        with pytest.raises(SourceUnreachableError, match="more than 1"):
            await fetch(it, origin.port, "/redirect?to=/redirect%3Fto=/plain")


async def test_redirect_outside_the_allowed_sources_is_forbidden(origin):
    def check(url):
        if "other" in url:
            raise SourceForbiddenError

    async with sources(check_redirect=check) as it:
        await body_of(await fetch(it, origin.port, "/redirect?to=/plain"))
        with pytest.raises(SourceForbiddenError):
            await fetch(it, origin.port, f"/redirect?to=http://other.example:{origin.port}/plain")


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "0.0.0.0", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::7f00:1]", "[2002:7f00:1::]",
     "[64:ff9b::7f00:1]",
     "localhost", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "①②⑦.⓪.⓪.①", "name.example", "name.example."],
)  # fmt: skip
async def test_fetch_of_this_machine_is_forbidden(host):
    async with raw_server(says(b"")) as (port, seen), sources(allow_loopback=False) as it:
        with pytest.raises(MememimeError) as caught:
            await fetch(it, port, host=host)
        assert caught.value.status == 404
        assert not seen


@pytest.mark.parametrize("answers", [("8.8.8.8", "127.0.0.1"), ("::1", "8.8.8.8"), ("64:ff9b::7f00:1",), ("10.0.0.1",)])
async def test_host_with_one_refused_address_is_forbidden(answers):
    async with raw_server(says(b"")) as (port, seen), sources(answer(*answers), allow_loopback=False) as it:
        with pytest.raises(SourceForbiddenError):
            await fetch(it, port)
        assert not seen


async def test_host_with_changing_addresses_is_checked_at_the_socket(monkeypatch):
    """Rebinding: the name was fine when it was looked up; whatever then is dialled is what counts."""
    from mememime_proxy.sources.http import resolver

    monkeypatch.setattr(resolver.GuardedResolver, "resolve", _resolve_to_loopback)
    async with raw_server(says(b"")) as (port, seen), sources(allow_loopback=False) as it:
        for _ in range(20):
            with pytest.raises(SourceForbiddenError):
                await fetch(it, port)
        assert not seen


async def _resolve_to_loopback(_self, host, port=0, family=socket.AF_INET):
    return [{"hostname": host, "host": "127.0.0.1", "port": port, "family": family, "proto": 0, "flags": 0}]


async def test_fetch_ignores_proxies_of_the_environment(origin, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    async with sources() as it:
        assert await body_of(await fetch(it, origin.port)) == BODY


HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("talk", "error"),
    [
        (says(HEAD + b"Content-Length: 100\r\n\r\nshort"), SourceIncompleteError),
        (says(HEAD + b"Content-Length: 9\r\n\r\n", b"s", pause=0.01, end=reset), SourceIncompleteError),
        (says(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n"), SourceIncompleteError),
        (says(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"xyz\r\n", pause=0.01), SourceIncompleteError),
        (says(HEAD + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), SourceResponseError),
        (says(b"SSH-2.0-OpenSSH\r\n\r\n"), SourceResponseError),
        (says(b""), SourceResponseError),
        (says(end=reset), SourceResponseError),
        (says(HEAD + b"X: " + b"a" * (1 << 20) + b"\r\n\r\n"), SourceResponseError),
        (says(HEAD + b"X: a\r\n" * 100000 + b"\r\n"), SourceResponseError),
        (says(*[b"HTTP/1.1 100 Continue\r\n\r\n"] * 200, pause=0.02), SourceResponseError),
        (says(HEAD + b"Content-Length: 1000\r\n\r\n", *[b"x"] * 1000, pause=0.01), SourceTimeoutError),
        (says(b"", pause=30), SourceTimeoutError),
    ],
    ids=["short", "reset", "chunk missing", "bad chunk", "two lengths", "other protocol", "nothing", "reset at once",
         "long header", "many headers", "endless 100", "drip", "silence"],
)  # fmt: skip
async def test_fetch_from_a_misbehaving_server_raises(talk, error):
    before = open_files()
    async with raw_server(talk) as (port, _), sources() as it:
        with pytest.raises(error):
            await asyncio.wait_for(fetch(it, port, timeout=1.0 if error is SourceTimeoutError else 30), 60)
    assert open_files() <= before + 2


async def test_fetch_from_a_closed_port_is_unreachable():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        async with sources() as it:
            with pytest.raises(SourceUnreachableError):
                await fetch(it, taken.getsockname()[1])


async def test_fetch_from_an_unknown_host_is_unreachable():
    def unknown(*_):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    async with sources(unknown) as it:
        with pytest.raises(SourceUnreachableError):
            await fetch(it, 80)


async def test_certificate_is_verified_unless_disabled(aiohttp_server):
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("name.example").configure_cert(context)
    app = web.Application()

    async def handle(_):
        return web.Response(body=BODY)

    app.router.add_get("/x", handle)
    server = await aiohttp_server(app, ssl=context)
    url = f"https://name.example:{server.port}/x"
    async with sources() as it:
        with pytest.raises(SourceUnreachableError):
            await it.fetch(url)
    async with sources(verify_tls=False) as it:
        assert await body_of(await it.fetch(url)) == BODY


async def test_stream_sends_status_headers_and_bytes(origin):
    async with sources() as it:
        async with await it.stream(f"http://name.example:{origin.port}/etag", {"Range": "bytes=0-"}) as stream:
            assert (stream.status, stream.headers["ETag"]) == (200, '"v1"')
            assert b"".join([chunk async for chunk in stream]) == BODY
        assert origin.log[-1][1]["Range"] == "bytes=0-"
        with pytest.raises(SourceStatusError):
            await it.stream(f"http://name.example:{origin.port}/status/404", {})


async def test_stream_of_a_response_that_breaks_off_raises(origin):
    async with raw_server(says(HEAD + b"Content-Length: 100\r\n\r\nshort")) as (port, _), sources() as it:
        stream = await it.stream(f"http://name.example:{port}/", {})
        with pytest.raises(ConnectionAbortedError):
            async with stream:
                assert [chunk async for chunk in stream] == []


@pytest.mark.parametrize("url", ["s3://bucket/key", "local:///a.jpg", "gs://x/y"])
async def test_fetch_with_another_scheme_is_unreachable(url):
    async with sources() as it:
        with pytest.raises(SourceUnreachableError):
            await it.fetch(url)


async def request_line_of(url):
    """What a server is asked for when ``url`` is fetched; ``{port}`` in it is the server's."""
    lines = []

    async def talk(reader, writer):
        lines.append((await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")[0].decode())
        writer.write(HEAD + b"Content-Length: 1\r\n\r\nx")

    async with raw_server(talk) as (port, _), sources() as it:
        await body_of(await it.fetch(url.format(port=port)))
    return lines[0].split(" ")[1]


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("/a%2Cb%28c%29%7e?sig=a%2Bb%20c+d&x=%7E%2f", "/a%2Cb%28c%29%7e?sig=a%2Bb%20c+d&x=%7E%2f"),
        ("/a;b=c'd(e),f:g@h!i*j$k", "/a;b=c'd(e),f:g@h!i*j$k"),
        ("/a b/ä.jpg?q=ö x", "/a%20b/%C3%A4.jpg?q=%C3%B6%20x"),
        ("/100%.jpg", "/100%25.jpg"),
        ("/a/./b//c", "/a/./b//c"),
        ("?q", "/?q"),
        ("/x?", "/x?"),
        ("/x#part", "/x"),
    ],
)
async def test_signed_url_is_requested_unchanged(written, asked):
    found = await request_line_of("http://name.example:{port}" + written)
    assert found == asked or (asked.endswith("?") and found == asked[:-1])


async def test_scheme_in_upper_case_is_accepted(origin):
    async with sources() as it:
        assert await body_of(await it.fetch(f"HTTP://name.example:{origin.port}/plain")) == BODY


async def test_compressed_response_is_limited_when_decoded(origin):
    async with sources() as it:
        with pytest.raises(SourceTooLargeError, match=str(32 << 20)):
            await fetch(it, origin.port, "/bomb")


async def test_fetch_without_a_limit_uses_the_default_one(origin):
    async with sources(max_bytes=len(BODY) - 1) as it:
        for path in ("/plain", "/chunked"):
            with pytest.raises(SourceTooLargeError):
                await fetch(it, origin.port, path)


async def test_partial_response_with_all_bytes_is_checked():
    head = b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-9/10\r\nConnection: close\r\n\r\n12345"
    async with raw_server(says(head)) as (port, _), sources() as it:
        with pytest.raises(SourceIncompleteError):
            await fetch(it, port)


@pytest.mark.parametrize(
    "location",
    ["http://name.example\\@evil.example/", "/a\\b", "/a\x01b", "http://[::1/", "https:x", "http://name.example:25/",
     "//user@name.example/", "http://name.example:99999/", "/" + "a" * 7000 + "%2f..%2f.."],
)  # fmt: skip
async def test_redirect_to_an_invalid_target_raises(location):
    head = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + location.encode("latin-1") + b"\r\n\r\n"
    async with raw_server(says(head)) as (port, seen), sources() as it:
        with pytest.raises(MememimeError) as caught:
            await fetch(it, port)
        assert caught.value.status in {404, 502}
        assert len(seen) == 1


async def test_redirect_to_a_closed_port_is_unreachable(origin):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        async with sources() as it:
            with pytest.raises(SourceUnreachableError):
                await fetch(it, origin.port, f"/redirect?to=http://name.example:{taken.getsockname()[1]}/")


async def test_redirect_without_a_target_is_an_error_status():
    async with raw_server(says(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n")) as (port, _), sources() as it:
        with pytest.raises(SourceStatusError) as caught:
            await fetch(it, port)
        assert caught.value.status == 404


async def test_redirect_loop_raises(origin):
    async with sources(max_redirects=5) as it:
        with pytest.raises(SourceUnreachableError, match="more than 5"):
            await fetch(it, origin.port, "/loop")
    assert [path for path, _ in origin.log] == ["/loop"] * 6


async def test_redirect_to_another_server_drops_identifying_headers(origin):
    told = {"Cookie": "a=b", "authorization": "Basic x", "X-Token": "t", "If-None-Match": '"v0"', "range": "bytes=0-"}
    async with sources() as it:
        for host in ("other.example", "name.example"):
            path = f"/redirect?to=http://{host}:{origin.port}/plain"
            await body_of(await fetch(it, origin.port, path, headers=told))
    kept = {"user-agent", "accept", "accept-encoding", "host", "if-none-match", "range"}
    seen = [{name.lower() for name in headers} for _, headers in origin.log]
    assert seen[1] == kept
    assert seen[3] == kept | {"cookie", "authorization", "x-token"}


@pytest.mark.parametrize(
    ("first", "now", "same"),
    [
        ("http://a/", "http://a/x", True),
        ("http://a/", "https://a/x", True),
        ("https://a/", "http://a/", False),
        ("http://a/", "http://a:8080/", False),
        ("http://a:8080/", "https://a/", False),
        ("http://a/", "http://b/", False),
        ("http://a/", "https://b.a/", False),
    ],
)
def test_same_server_is_origin_or_host_with_tls(first, now, same):
    from mememime_proxy.sources.http.client import _same_server
    from mememime_proxy.sources.http.url import parse

    assert _same_server(parse(first), parse(now)) is same


async def test_connection_is_reused_for_its_own_host_only():
    hosts = []

    async def talk(reader, writer):
        mine = []
        hosts.append(mine)
        while True:
            request = (await reader.readuntil(b"\r\n\r\n")).decode()
            mine.append(next(line for line in request.split("\r\n") if line.lower().startswith("host:")))
            writer.write(HEAD + b"Content-Length: 1\r\n\r\nx")

    async with raw_server(talk) as (port, _), sources() as it:
        for host in ("one.example", "two.example", "one.example", "two.example"):
            await body_of(await fetch(it, port, host=host))
    assert hosts == [[f"Host: one.example:{port}"] * 2, [f"Host: two.example:{port}"] * 2]


async def test_connection_without_keep_alive_is_closed():
    async with (
        raw_server(says(HEAD + b"Content-Length: 1\r\n\r\nx")) as (port, seen),
        sources(keepalive_timeout=0) as it,
    ):
        for _ in range(3):
            await body_of(await fetch(it, port))
        assert len(seen) == 3


async def test_unsolicited_response_is_not_used_for_the_next_request():
    async def talk(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD + b"Content-Length: 4\r\n\r\ngood" + HEAD + b"Content-Length: 4\r\n\r\nevil")
        await reader.read()

    async with raw_server(talk) as (port, seen), sources() as it:
        for _ in range(3):
            assert await body_of(await fetch(it, port)) == b"good"
        assert len(seen) == 3


async def test_fetch_that_is_cancelled_closes_its_connection():
    async with raw_server(says(HEAD + b"Content-Length: 100\r\n\r\nbegun", pause=30)) as (port, seen), sources() as it:
        gc.collect()
        before = open_files()
        task = asyncio.create_task(fetch(it, port))
        await wait_until(lambda: open_files() >= before + 3)  # both ends of the connection, and the memfd
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        seen[0].transport.abort()
        await wait_until(lambda: open_files() <= before)


def tls(authority, *names):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(*names).configure_cert(context)
    return context


async def test_certificate_of_another_host_is_refused(monkeypatch):
    authority = trustme.CA()
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    monkeypatch.setattr(aiohttp.connector, "_SSL_CONTEXT_VERIFIED", trusting)
    context, named = tls(authority, "name.example"), []
    context.sni_callback = lambda _, name, __: named.append(name)

    async def talk(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD + b"Content-Length: 1\r\n\r\nx")

    async with raw_server(talk, ssl=context) as (port, _), sources() as it:
        assert await body_of(await it.fetch(f"https://name.example:{port}/")) == b"x"
        with pytest.raises(SourceUnreachableError):
            await it.fetch(f"https://other.example:{port}/")
    assert named == ["name.example", "other.example"]


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\n\r\n"], ids=["nothing", "no TLS"])
async def test_failed_tls_handshake_is_unreachable(said):
    async def talk(reader, writer):
        await reader.read(1)
        writer.write(said)
        await reader.read() if said else await asyncio.sleep(30)

    async with raw_server(talk) as (port, _), sources() as it:
        with pytest.raises(SourceUnreachableError if said else SourceTimeoutError):
            await it.fetch(f"https://name.example:{port}/", timeout=30 if said else 0.5)


@pytest.mark.parametrize("config", [{"idle_timeout": 3.0}, {"rate_grace": 0.05, "min_rate": 1e6}], ids=["idle", "slow"])
async def test_stream_of_a_slow_server_ends(config):
    drip = says(HEAD + b"Content-Length: 99999\r\n\r\n", *[b"x"] * 100, pause=0.02 if "min_rate" in config else 30)
    async with raw_server(drip) as (port, _), sources(**config) as it:
        stream = await it.stream(f"http://name.example:{port}/", {})
        with pytest.raises(ConnectionAbortedError):
            await rest_of(stream)


async def test_stream_of_a_silent_server_times_out():
    async with raw_server(says(b"", pause=30)) as (port, _), sources(idle_timeout=0.1) as it:
        with pytest.raises(SourceTimeoutError):
            await it.stream(f"http://name.example:{port}/", {})


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        ("206 Partial Content", {"Range": "bytes=0-1"}),
        ("416 Range Not Satisfiable", {"range": "bytes=9-"}),
        ("304 Not Modified", {"If-None-Match": '"v1"'}),
        ("304 Not Modified", {"if-modified-since": "Sat, 28 Nov 2026 10:00:00 GMT"}),
    ],
)
async def test_stream_returns_status_of_ranges_and_conditions(status, headers):
    head = f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nContent-Range: bytes */5\r\n\r\n".encode()
    async with raw_server(says(head)) as (port, _), sources() as it:
        stream = await it.stream(f"http://name.example:{port}/", headers)
        assert await rest_of(stream) == b""
        assert (stream.status, stream.headers["Content-Range"]) == (int(status[:3]), "bytes */5")


@pytest.mark.parametrize("headers", [{}, {"Range": "bytes=0-1"}, {"Cookie": "a=b"}])
async def test_p14_304_to_a_request_without_a_condition_is_an_error_of_the_source(headers):
    head = b'HTTP/1.1 304 Not Modified\r\nETag: "v1"\r\nCache-Control: max-age=31536000\r\n\r\n'
    async with raw_server(says(head)) as (port, _), sources() as it:
        for request in (
            it.stream(f"http://name.example:{port}/", headers),
            it.fetch(f"http://name.example:{port}/", headers=headers, timeout=60),
            it.fetch_if_changed(f"http://name.example:{port}/", "", headers=headers, timeout=60),
            it.fetch_if_changed(f"http://name.example:{port}/", "#digest", headers=headers, timeout=60),
        ):
            with pytest.raises(SourceResponseError, match="304"):
                await request


async def test_p14_304_after_a_redirect_of_a_request_without_a_condition_is_an_error_of_the_source():
    async def talk(reader, writer):
        request = await reader.readuntil(b"\r\n\r\n")
        status = b"302 Found\r\nLocation: /b" if b"GET /a" in request else b"304 Not Modified"
        writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    async with raw_server(talk) as (port, _), sources() as it:
        with pytest.raises(SourceResponseError, match="304"):
            await fetch(it, port, "/a")


async def test_p14_range_that_nobody_asked_for_is_the_whole_or_an_error():
    whole = b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-2/3\r\nContent-Length: 3\r\n\r\nabc"
    async with raw_server(says(whole)) as (port, _), sources() as it:
        stream = await it.stream(f"http://name.example:{port}/", {})
        assert (stream.status, "Content-Range" in stream.headers) == (200, False)
        assert await rest_of(stream) == b"abc"
    part = whole.replace(b"0-2/3", b"0-2/9")
    async with raw_server(says(part)) as (port, _), sources() as it:
        with pytest.raises(SourceResponseError):
            await it.stream(f"http://name.example:{port}/", {})
    async with raw_server(says(b"HTTP/1.1 416 X\r\nContent-Length: 0\r\n\r\n")) as (port, _), sources() as it:
        with pytest.raises(SourceStatusError):
            await it.stream(f"http://name.example:{port}/", {})


async def test_i3_304_about_another_state_is_asked_for_anew():
    """RFC 9111 4.3.4: its headers must not be taken for those of the state that is held."""

    async def talk(reader, writer):
        while True:
            request = await reader.readuntil(b"\r\n\r\n")
            if b"If-None-Match" in request:
                writer.write(b'HTTP/1.1 304 Not Modified\r\nETag: "v2"\r\n\r\n')
            else:
                writer.write(HEAD + b'ETag: "v2"\r\nContent-Length: 3\r\n\r\nnew')

    async with raw_server(talk) as (port, _), sources() as it:
        assert await body_of(await fetch(it, port, validator='"v1"')) == b"new"
        assert (await fetch(it, port, validator='W/"v2"')).validator == 'W/"v2"'


SESSION_COOKIE = b"Set-Cookie: session=abc; Path=/; HttpOnly\r\n"


def redirects(*steps):
    """A server of redirects; each step is what it sends, and the Cookie that came is recorded."""
    seen = []

    async def talk(reader, writer):
        request = await reader.readuntil(b"\r\n\r\n")
        found = [line[8:].decode() for line in request.split(b"\r\n") if line.lower().startswith(b"cookie: ")]
        seen.append(found[0] if found else "")
        writer.write(steps[min(len(seen), len(steps)) - 1])

    return talk, seen


def redirect(location, cookies=SESSION_COOKIE):
    return b"HTTP/1.1 302 Found\r\nLocation: %s\r\n%sContent-Length: 0\r\nConnection: close\r\n\r\n" % (
        location,
        cookies,
    )


FOUND = HEAD + b"Content-Length: 3\r\nConnection: close\r\n\r\nabc"


async def test_p11_cookie_of_a_redirect_to_itself_is_sent():
    talk, seen = redirects(redirect(b"/x"), FOUND)
    async with raw_server(talk) as (port, _), sources() as it:
        assert await body_of(await fetch(it, port)) == b"abc"
        assert seen == ["", "session=abc"]
        # no cookie lives longer than its fetch
        assert await body_of(await fetch(it, port)) == b"abc"
        assert seen[2:] == [""]


async def test_p11_streams_and_addresses_have_cookies_too():
    talk, seen = redirects(redirect(b"/x"), FOUND)
    async with raw_server(talk) as (port, _), sources() as it:
        assert await rest_of(await it.stream(f"http://127.0.0.1:{port}/x", {})) == b"abc"
        assert seen == ["", "session=abc"]


@pytest.mark.parametrize(
    ("cookies", "sent"),
    [
        (b"Set-Cookie: a=1; Path=/other\r\nSet-Cookie: b=2; Path=/x\r\n", "b=2"),
        (b"Set-Cookie: a=1; Secure\r\n", ""),
        (b"Set-Cookie: a=1; Max-Age=0\r\n", ""),
        (b"Set-Cookie: a=1; Domain=name.example\r\n", "a=1"),
        (b"Set-Cookie: a=1; Domain=other.example\r\n", ""),
        (b"Set-Cookie: a=1; Domain=example\r\n", ""),
        (b'Set-Cookie: a=1\r\nSet-Cookie: b="2"\r\n', 'a=1; b="2"'),
    ],
)
async def test_p11_cookies_obey_their_attributes(cookies, sent):
    talk, seen = redirects(redirect(b"/x/y", cookies), FOUND)
    async with raw_server(talk) as (port, _), sources() as it:
        assert await body_of(await fetch(it, port)) == b"abc"
        assert seen == ["", sent]


async def test_p11_no_cookie_goes_to_another_host():
    seen, steps = [], []

    async def talk(reader, writer):
        request = await reader.readuntil(b"\r\n\r\n")
        seen.append(next((line for line in request.split(b"\r\n") if line.lower().startswith(b"cookie")), b""))
        writer.write(steps[len(seen) - 1])

    async with raw_server(talk) as (port, _), sources() as it:
        steps += [
            redirect(b"http://other.example:%d/" % port),
            redirect(b"http://name.example:%d/x" % port, b""),
            FOUND,
        ]
        assert await body_of(await fetch(it, port, headers={"Cookie": "own=1"})) == b"abc"
    assert seen == [b"Cookie: own=1", b"", b"Cookie: session=abc"]


async def test_p11_cookie_of_the_source_joins_the_one_of_the_client():
    talk, seen = redirects(redirect(b"/x", b"Set-Cookie: a=2\r\n"), FOUND)
    async with raw_server(talk) as (port, _), sources() as it:
        await body_of(await fetch(it, port, headers={"Cookie": "a=1; b=1"}))
    assert seen == ["a=1; b=1", "b=1; a=2"]


async def test_p11_cookies_are_bounded():
    flood = b"".join(b"Set-Cookie: c%d=%s\r\n" % (number, b"x" * 200) for number in range(200))
    talk, seen = redirects(redirect(b"/x", flood), FOUND)
    async with raw_server(talk) as (port, _), sources() as it:
        assert await body_of(await fetch(it, port)) == b"abc"
    assert 4000 < len(seen[1]) <= 8192


@pytest.mark.parametrize(
    "response",
    [
        b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
        b"content-length: 3\r\nX: y\r\nCONTENT-LENGTH:3\r\n\r\nabc",
        b"Content-Length: 3, 3\r\n\r\nabc",
        b"Content-Length: 3\r\n\r\nabc and more",
        b"Content-Length: 3\r\nConnection: close\r\n\r\nabc\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nmore",
        b"Transfer-Encoding: chunked\r\nTrailer: X\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\n",
        b"".join(b"X-%d: value\r\n" % number for number in range(150)) + b"Content-Length: 3\r\n\r\nabc",
        b"Set-Cookie: " + b"a" * 20_000 + b"\r\nContent-Length: 3\r\n\r\nabc",
        b"X Y: a\r\nno colon\r\n: no name\r\ncontent-length : 3\r\n\r\nabc",
        b"X: a\r\n folded\r\nContent-Length: 3\r\n\r\nabc",
        b"\r\nabc",
    ],
    ids=["two lengths", "three cases", "list", "surplus", "another response", "surplus of chunks", "trailers", "many",
         "long", "odd names", "folded", "close-delimited"],
)  # fmt: skip
@pytest.mark.parametrize("step", [1 << 20, 1])
async def test_p13_head_or_end_that_others_take_is_taken(response, step):
    whole = HEAD + response
    if step == 1 and len(whole) > 1000:
        step = 997
    parts = [whole[at : at + step] for at in range(0, len(whole), step)]
    async with raw_server(says(*parts)) as (port, _), sources() as it:
        assert await body_of(await fetch(it, port)) == b"abc"
        assert await rest_of(await it.stream(f"http://name.example:{port}/", {})) == b"abc"


async def test_p13_bytes_behind_a_body_end_the_connection():
    """They must not become the beginning of the next response."""

    async def talk(reader, writer):
        while True:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(HEAD + b"Content-Length: 3\r\n\r\nabc" + FOUND.replace(b"abc", b"bad"))
            await writer.drain()

    async with raw_server(talk) as (port, connections), sources() as it:
        for _ in range(3):
            assert await body_of(await fetch(it, port)) == b"abc"
        assert len(connections) == 3


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        b"Content-Length: 3, 4\r\n\r\nabcd",
        b"Content-Length: -3\r\n\r\nabc",
        b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        b"".join(b"X-%d: %s\r\n" % (number, b"v" * 9000) for number in range(40)) + b"Content-Length: 3\r\n\r\nabc",
        b"X: a\r\n" * 2000 + b"Content-Length: 3\r\n\r\nabc",
        b"X: " + b"a" * 100_000 + b"\r\nContent-Length: 3\r\n\r\nabc",
    ],
    ids=["two lengths", "list", "negative", "length and chunks", "large head", "many lines", "long line"],
)
async def test_p13_head_that_contradicts_itself_or_has_no_bound_is_refused(head):
    async with raw_server(says(HEAD + head)) as (port, _), sources() as it:
        with pytest.raises(SourceResponseError):
            await fetch(it, port)


PNG = b"\x89PNG\r\n\x1a\n" + BODY


@pytest.mark.parametrize("coding", ["aws-chunked", "binary", "UTF-8", "none", "base64", "br", "gzip"])
async def test_p12_picture_with_a_coding_that_it_does_not_have_arrives(coding):
    head = HEAD + f"Content-Encoding: {coding}\r\nContent-Length: {len(PNG)}\r\n\r\n".encode()
    async with raw_server(says(head + PNG)) as (port, _), sources(max_inflated=1000) as it:
        assert await body_of(await fetch(it, port)) == PNG
    async with raw_server(says(head + PNG[:-1])) as (port, _), sources() as it:
        with pytest.raises(SourceIncompleteError):
            await fetch(it, port)


async def test_fetch_from_a_host_without_addresses_is_unreachable():
    async with sources(answer()) as it:
        with pytest.raises(SourceUnreachableError):
            await fetch(it, 80)


async def test_e9_cold_burst_opens_no_more_connections_than_the_limit():
    """Of one host and of all; the others wait for a connection, and none is refused."""
    gate, open_now, most = asyncio.Event(), Counter(), Counter()

    async def talk(reader, writer):
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            host = re.search(r"(?im)^host: (\w+)", head)[1]
            for name in (host, "all"):
                open_now[name] += 1
                most[name] = max(most[name], open_now[name])
            await gate.wait()
            open_now.subtract([host, "all"])
            writer.write(HEAD + b"Content-Length: 1\r\n\r\nx")

    async with raw_server(talk) as (port, _), sources(connections=12, connections_per_host=5) as it:
        fetches = [
            asyncio.create_task(fetch(it, port, path=f"/{n}", host=f"{host}.example"))
            for n in range(100)
            for host in ("one", "two", "three", "four")
        ]
        await wait_until(lambda: open_now["all"] == 12)
        gate.set()
        bodies = [await body_of(original) for original in await asyncio.gather(*fetches)]
    assert bodies == [b"x"] * 400
    assert most.pop("all") == 12
    assert max(most.values()) <= 5
