"""What crowds, guesses and hostile texts do to the caches, the sources and the log behind a real NGINX."""

import asyncio
import contextlib
import json
import re
from base64 import urlsafe_b64encode
from collections import Counter

import pytest

from mememime_proxy.urls import UrlBuilder
from tests.support.nginx_server import NginxServer
from tests.support.proxy_process import KEY, SALT, ProxyProcess
from tests.support.waiting import wait_until

MAX_CACHE = 4 << 20


def builder(server):
    return UrlBuilder(server.base, key=KEY, salt=SALT)


async def get(client, url, **headers):
    async with client.get(url, headers={"Accept": "*/*", **headers}) as answer:
        return answer, await answer.read()


def cached_bytes(edge):
    """The size of all files of the cache, some of which NGINX may be removing."""
    size = 0
    for path in edge.files():
        with contextlib.suppress(FileNotFoundError):
            size += path.stat().st_size
    return size


async def test_d5_unique_urls_leave_the_cache_within_its_size_and_its_popular_pictures_in_it(
    client, pictures, tmp_path
):
    """Twice as many bytes as the cache holds; a picture that is asked for now and then stays."""
    settings = {"key": KEY, "salt": SALT, "local_filesystem_root": str(pictures)}
    with (
        ProxyProcess(tmp_path, **settings) as service,
        NginxServer([service], "--cache-size", "4m", "--miss-rate", "0") as edge,
    ):
        url = builder(edge).resize("fill", 200, 200)
        popular = [url.cachebuster(f"popular{n}").build("local:///dandelion.jpg", "png") for n in range(4)]
        for address in popular:
            await get(client, address)
        written, outcomes, number = 0, Counter(), 0
        while written < 2 * MAX_CACHE:
            number += 1
            answer, body = await get(client, url.cachebuster(f"unique{number}").build("local:///dandelion.jpg", "png"))
            assert (answer.status, answer.headers["X-Cache"]) == (200, "MISS")
            written += len(body)
            answer, _ = await get(client, popular[number % 4])
            outcomes[answer.headers["X-Cache"]] += 1
        assert outcomes["HIT"] / outcomes.total() >= 0.95
        # NGINX looks at the size every ten seconds.
        await wait_until(lambda: cached_bytes(edge) <= 1.05 * MAX_CACHE, 60)
        assert len(edge.files()) < number


@pytest.mark.parametrize(
    ("fails", "status", "negative"), [(404, 404, True), (500, 502, False), (0, 422, True)], ids=["404", "500", "text"]
)
async def test_d7_crowd_on_a_picture_whose_source_fails_costs_one_fetch(
    client, pictures, origin, tmp_path, fails, status, negative
):
    """What the URL or the original is to blame for is answered by NGINX for two seconds more."""
    settings = {"key": KEY, "salt": SALT, "allow_loopback_source_addresses": "1", "timeout": "60"}
    origin.fails = fails
    with (
        ProxyProcess(tmp_path / "1", **settings) as one,
        ProxyProcess(tmp_path / "2", **settings) as two,
        NginxServer([one, two]) as edge,
    ):
        address = builder(edge).width(40).build(f"{origin.base}/text.txt")
        origin.gate.clear()
        asking = [asyncio.create_task(get(client, address)) for _ in range(200)]
        await wait_until(lambda: one.metric("requests_in_progress") + two.metric("requests_in_progress") == 200, 60)
        origin.gate.set()
        answers = await asyncio.gather(*asking)
        assert Counter(answer.status for answer, _ in answers) == {status: 200}
        assert len({body for _, body in answers}) == 1
        assert not any("Cache-Control" in answer.headers for answer, _ in answers)
        assert origin.hits == 1

        async def is_asked_again():
            await get(client, address)
            return origin.hits > 1

        if negative:
            await wait_until(is_asked_again)
        else:
            assert await is_asked_again()


HOSTILE_TARGETS = [
    b"/x" + b"a" * 15_000,
    b"/%00%0a%0d%1b[31m/plain/local:///a",
    b"/{sig}/fn:{name}:1/plain/local:///dandelion.jpg@png",
    b"/{sig}/att:1/plain/local:///dandelion%0d%0aX-Injected:1.jpg",
    b"/{sig}/" + b"w:1/" * 3000 + b"plain/local:///dandelion.jpg",
    b"/{sig}/w:nan/h:1e308/plain/local:///dandelion.jpg",
    b"/unsafe/plain/http://user:secret@example.com/%E2%80%AEgpj.exe",
    b"/\xff\xfe\xe2\x80\xae\xc2\x85/plain/x",
    b"/?a=\x7f%1b]0;title%07",
]
NAMES = [
    "a\r\nSet-Cookie: x=1",
    "b\";'",
    "../../etc/passwd",
    "\u202egpj.exe",
    "c" * 4096,
    "\U0001f4a5\x1b[2J",
    "\x85\u2028d",
]


async def test_d9_hostile_requests_are_one_line_of_log_each_without_control_bytes_or_signature(pictures, tmp_path):
    """Sent byte for byte past a client's checks, to the service and to NGINX; D4: so are names of files."""
    settings = {"key": KEY, "salt": SALT, "local_filesystem_root": str(pictures)}
    with ProxyProcess(tmp_path, **settings) as service, NginxServer([service]) as edge:
        sign = UrlBuilder("", key=KEY, salt=SALT)
        targets = list(HOSTILE_TARGETS)
        for name in NAMES:
            encoded = urlsafe_b64encode(name.encode()).decode()
            targets.append(sign.sign(f"w:20/fn:{encoded}:1/plain/local:///dandelion.jpg@png").encode())
        signatures, heads = [], []
        for number, target in enumerate(targets):
            rest = target.replace(b"/{sig}", b"").replace(b"{name}", b"YQ0KYg")
            sent = sign.sign(rest.decode("latin-1")).encode("latin-1") if b"{sig}" in target else target
            signatures.append(sent.split(b"/")[1])
            head = b"GET " + sent + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
            head += b"X-Request-ID: r%d\x1b[0m\r\nUser-Agent: \x1b]0;x\x07\xff\r\n" % number
            for port in (service.port, edge.port):
                heads.append(await raw(port, head + b"\r\n"))
        statuses = Counter(head.split(b" ")[1] for head in heads if head)
        assert not any(status.startswith(b"5") for status in statuses), statuses
        assert all(head.count(b"\r\nSet-Cookie") == head.count(b"\r\nX-Injected") == 0 for head in heads)
        await wait_until(lambda: len(edge.lines()) >= len(targets) - 3)
        texts = [service.log_path.read_bytes(), (edge.state / "access.log").read_bytes()]
    for text in texts:
        lines = text.split(b"\n")
        assert lines.pop() == b""
        for line in lines:
            assert isinstance(json.loads(line), dict)
            assert not re.search(rb"[\x00-\x1f\x7f]", line), line
            assert not re.search("[\x80-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]", line.decode("utf-8")), line
        for signature in signatures:
            assert len(signature) != 43 or signature not in text


async def raw(port, request):
    """The head of the response to bytes as they are; empty where the connection is closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        return (await reader.read()).partition(b"\r\n\r\n")[0]
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def test_d8_conditional_request_after_a_change_of_settings_is_answered_with_the_new_picture(
    client, pictures, tmp_path
):
    """A client that has the picture of the former settings gets the new one, and 304 for that."""
    settings = {"key": KEY, "salt": SALT, "local_filesystem_root": str(pictures)}
    etag, bodies = "", []
    for quality in ("90", "30"):
        with ProxyProcess(tmp_path / quality, **settings, quality=quality) as service:
            address = builder(service).width(100).build("local:///dandelion.jpg", "jpeg")
            answer, body = await get(client, address, **{"If-None-Match": etag} if etag else {})
            assert answer.status == 200
            bodies.append(body)
            etag = answer.headers["ETag"]
            same, _ = await get(client, address, **{"If-None-Match": etag})
            assert same.status == 304
    assert len(bodies[1]) < len(bodies[0])
