"""The fetcher against servers that behave, and servers that do not."""

import asyncio
import gzip
import socket
import ssl
import struct
import zlib
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
import trustme
from aiohttp import web

from mememime_proxy import errors
from mememime_proxy.errors import (
    MememimeError,
    SourceForbiddenError,
    SourceIncompleteError,
    SourceStatusError,
    SourceTimeoutError,
    SourceTooLargeError,
    SourceUnreachableError,
)
from mememime_proxy.sources.config import SourcesConfig
from mememime_proxy.sources.http import translate
from mememime_proxy.sources.original import Conditions, NotModified
from mememime_proxy.sources.registry import Sources
from mememime_proxy.sources.resolver import AddressBlockedError
from mememime_proxy.workers.wire import read_all

BODY = bytes(range(256)) * 500


def answer(*addresses):
    """A look-up that knows one answer for every name."""

    def look_up(_host, port, _family):
        return [
            (socket.AF_INET6 if ":" in a else socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, port)) for a in addresses
        ]

    return look_up


@asynccontextmanager
async def sources(look_up=answer("127.0.0.1"), **config):  # noqa: B008
    it = Sources(SourcesConfig(**({"allow_loopback": True} | config)), look_up)
    await it.start()
    try:
        yield it
    finally:
        await it.close()


@asynccontextmanager
async def raw_server(talk):
    """A server of bytes: ``talk(reader, writer)`` for each connection. Yields its port and the connections' number."""
    seen = []

    async def serve(reader, writer):
        seen.append(writer)
        try:
            await talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], seen
    finally:
        server.close()
        for writer in seen:
            writer.transport.abort()


def says(*parts, pause=0.0, end=None):
    """A conversation: read the request, send ``parts`` one by one."""

    async def talk(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)
        if end is not None:
            end(writer)

    return talk


def reset(writer):
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def fetch(it, port, path="/x", host="name.example", **more):
    return await it.fetch(f"http://{host}:{port}{path}", **more)


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
                return web.Response(body=gzip.compress(bytes(200 << 20), 1), headers={"Content-Encoding": "gzip"})
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


async def body_of(original):
    with original:
        return read_all(original.fd, original.size)


@pytest.mark.parametrize("path", ["/plain", "/chunked", "/gzip", "/deflate", "/whole", "/etag"])
async def test_the_bytes_arrive(origin, path):
    async with sources() as it:
        original = await fetch(it, origin.port, path)
        assert await body_of(original) == BODY


async def test_what_the_source_says_is_kept_and_what_we_ask_is_plain(origin):
    async with sources(user_agent="mememime/9") as it:
        with await fetch(it, origin.port, "/etag", headers={"Cookie": "a=b"}) as original:
            assert (original.etag, original.cache_control) == ('"v1"', "max-age=7")
            assert '"v1"' in original.fingerprint
        _, headers = origin.log[0]
        assert headers["User-Agent"] == "mememime/9"
        assert headers["Accept-Encoding"] == "identity"
        assert headers["Cookie"] == "a=b"


async def test_a_condition_is_passed_on(origin):
    async with sources() as it:
        found = await fetch(it, origin.port, "/etag", conditions=Conditions(etag='"v1"'))
        assert found == NotModified(etag='"v1"')
        await body_of(await fetch(it, origin.port, "/etag", conditions=Conditions(etag='"v0"')))


@pytest.mark.parametrize(("code", "status"), [(404, 404), (410, 410), (403, 403), (500, 502), (503, 502), (204, 404)])
async def test_statuses_are_passed_on_or_a_gateways(origin, code, status):
    async with sources() as it:
        with pytest.raises(SourceStatusError) as caught:
            await fetch(it, origin.port, f"/status/{code}")
        assert caught.value.status == status


async def test_a_part_is_not_the_original(origin):
    async with sources() as it:
        with pytest.raises(SourceUnreachableError):
            await fetch(it, origin.port, "/part")


@pytest.mark.parametrize("path", ["/plain", "/chunked", "/gzip", "/bomb"])
async def test_too_many_bytes_are_refused_however_they_come(origin, path):
    async with sources() as it:
        with pytest.raises(SourceTooLargeError):
            await fetch(it, origin.port, path, max_bytes=len(BODY) - 1)


@pytest.mark.parametrize(
    ("path", "error"),
    [("/brotli", SourceUnreachableError), ("/members", SourceUnreachableError), ("/cut", SourceIncompleteError)],
)
async def test_odd_codings_are_refused(origin, path, error):
    async with sources() as it:
        with pytest.raises(error):
            await fetch(it, origin.port, path)


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("target", ["/plain", "//name.example:{port}/plain", "http://other.example:{port}/plain"])
async def test_redirects_are_followed(origin, code, target):
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
async def test_redirects_are_judged_like_the_first_address(origin, target, error):
    async with sources() as it:
        with pytest.raises(error):
            await fetch(it, origin.port, f"/redirect?to={target}")


async def test_redirects_are_counted(origin):
    loop = "/redirect?to=/redirect%3Fto=/redirect"
    async with sources(max_redirects=3) as it:
        with pytest.raises((SourceUnreachableError, SourceStatusError)):
            await fetch(it, origin.port, "/redirect?to=" + loop)
    async with sources(max_redirects=0) as it:
        with pytest.raises(SourceUnreachableError, match="more than 0"):
            await fetch(it, origin.port, "/redirect?to=/plain")
        await body_of(await fetch(it, origin.port, "/plain"))


async def test_a_redirect_may_not_leave_the_allowed_sources(origin):
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
async def test_this_machine_is_out_of_reach_under_any_name(host):
    async with raw_server(says(b"")) as (port, seen), sources(allow_loopback=False) as it:
        with pytest.raises(MememimeError) as caught:
            await fetch(it, port, host=host)
        assert caught.value.status == 404
        assert not seen


@pytest.mark.parametrize("answers", [("8.8.8.8", "127.0.0.1"), ("::1", "8.8.8.8"), ("64:ff9b::7f00:1",), ("10.0.0.1",)])
async def test_one_closed_answer_closes_the_name(answers):
    async with raw_server(says(b"")) as (port, seen), sources(answer(*answers), allow_loopback=False) as it:
        with pytest.raises(SourceForbiddenError):
            await fetch(it, port)
        assert not seen


async def test_a_name_that_changes_its_mind_is_judged_at_the_socket(monkeypatch):
    """Rebinding: the name was fine when it was looked up; whatever then is dialled is what counts."""
    from mememime_proxy.sources import resolver

    monkeypatch.setattr(resolver.GuardedResolver, "resolve", _resolve_to_loopback)
    async with raw_server(says(b"")) as (port, seen), sources(allow_loopback=False) as it:
        for _ in range(20):
            with pytest.raises(SourceForbiddenError):
                await fetch(it, port)
        assert not seen


async def _resolve_to_loopback(_self, host, port=0, family=socket.AF_INET):
    return [{"hostname": host, "host": "127.0.0.1", "port": port, "family": family, "proto": 0, "flags": 0}]


async def test_proxies_of_the_environment_are_ignored(origin, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    async with sources() as it:
        assert await body_of(await fetch(it, origin.port)) == BODY


HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("talk", "error"),
    [
        (says(HEAD + b"Content-Length: 100\r\n\r\nshort"), SourceIncompleteError),
        (says(HEAD + b"Content-Length: 9\r\n\r\n", b"s", end=reset), (SourceIncompleteError, SourceUnreachableError)),
        (says(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n"), SourceIncompleteError),
        (says(HEAD + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n"), (SourceIncompleteError, SourceUnreachableError)),
        (says(b"SSH-2.0-OpenSSH\r\n\r\n"), SourceUnreachableError),
        (says(b""), SourceUnreachableError),
        (says(end=reset), SourceUnreachableError),
        (says(HEAD + b"X: " + b"a" * (1 << 20) + b"\r\n\r\n"), SourceUnreachableError),
        (says(HEAD + b"X: a\r\n" * 100000 + b"\r\n"), SourceUnreachableError),
        (says(*[b"HTTP/1.1 100 Continue\r\n\r\n"] * 200, pause=0.02), SourceTimeoutError),
        (says(HEAD + b"Content-Length: 1000\r\n\r\n", *[b"x"] * 1000, pause=0.01), SourceTimeoutError),
        (says(b"", pause=30), SourceTimeoutError),
    ],
    ids=["short", "reset", "chunk missing", "bad chunk", "other protocol", "nothing", "reset at once", "long header",
         "many headers", "endless 100", "drip", "silence"],
)  # fmt: skip
async def test_servers_that_misbehave(talk, error):
    before = open_files()
    async with raw_server(talk) as (port, _), sources() as it:
        with pytest.raises(error):
            await asyncio.wait_for(fetch(it, port, timeout=1.0), 10)
    assert open_files() <= before + 2


def open_files():
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_nobody_listens():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        async with sources() as it:
            with pytest.raises(SourceUnreachableError):
                await fetch(it, taken.getsockname()[1])


async def test_a_name_that_nobody_knows():
    def unknown(*_):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    async with sources(unknown) as it:
        with pytest.raises(SourceUnreachableError):
            await fetch(it, 80)


async def test_certificates_are_checked_unless_told_otherwise(aiohttp_server):
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


async def test_a_stream_passes_on_status_headers_and_bytes(origin):
    async with sources() as it:
        async with await it.stream(f"http://name.example:{origin.port}/etag", {"Range": "bytes=0-"}) as stream:
            assert (stream.status, stream.headers["ETag"]) == (200, '"v1"')
            assert b"".join([chunk async for chunk in stream]) == BODY
        assert origin.log[-1][1]["Range"] == "bytes=0-"
        with pytest.raises(SourceStatusError):
            await it.stream(f"http://name.example:{origin.port}/status/404", {})


async def test_a_stream_that_breaks_off_breaks_off(origin):
    async with raw_server(says(HEAD + b"Content-Length: 100\r\n\r\nshort")) as (port, _), sources() as it:
        stream = await it.stream(f"http://name.example:{port}/", {})
        with pytest.raises(ConnectionAbortedError):
            async with stream:
                assert [chunk async for chunk in stream] == []


@pytest.mark.parametrize("url", ["s3://bucket/key", "local:///a.jpg", "gs://x/y"])
async def test_schemes_without_a_source_are_unreachable(url):
    async with sources() as it:
        with pytest.raises(SourceUnreachableError):
            await it.fetch(url)


def _client_errors(kind=aiohttp.ClientError):
    yield kind
    for child in kind.__subclasses__():
        yield from _client_errors(child)


@pytest.mark.parametrize("kind", sorted(set(_client_errors()), key=lambda kind: kind.__name__))
def test_every_error_of_the_client_is_one_of_ours(kind):
    error = kind.__new__(kind)
    Exception.__init__(error, 1, "detail")
    if isinstance(error, OSError):
        error.__dict__.setdefault("_os_error", OSError(1, "detail"))
        error.__dict__.setdefault("_conn_key", None)
    kind.__str__ = Exception.__str__  # some want to have been made in the usual way to tell about themselves
    try:
        found = translate(error)
    finally:
        del kind.__str__
    assert type(found) in set(errors.subclasses().values())
    assert isinstance(found, errors.SourceError)


@pytest.mark.parametrize(
    "error",
    [ConnectionResetError(), BrokenPipeError(), socket.gaierror(1), ssl.SSLError(), TimeoutError(), ValueError("x")],
)
def test_every_error_of_the_system_is_one_of_ours(error):
    assert isinstance(translate(error), errors.SourceError)


def test_a_blocked_address_is_found_below_what_wraps_it():
    outer = OSError("outer")
    outer.__cause__ = AddressBlockedError()
    assert isinstance(translate(outer), SourceForbiddenError)


def test_a_mistake_of_ours_stays_visible():
    with pytest.raises(ZeroDivisionError):
        translate(ZeroDivisionError())
