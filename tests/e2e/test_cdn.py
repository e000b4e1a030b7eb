"""A real NGINX with the shipped configuration in front of two real processes, originals in a real S3 server."""

import asyncio
import hashlib
import os
import random
import signal
import struct
import time
from collections import Counter
from contextlib import ExitStack

import aiohttp
import botocore.session
import psutil
import pytest

from mememime_proxy.proxy.cache.purge import PurgeTokens
from mememime_proxy.urls import UrlBuilder
from tests.support.nginx_server import NginxServer, cache_folder, has_slices
from tests.support.ports import reserve_port
from tests.support.proxy_process import KEY, SALT, ProxyProcess
from tests.support.waiting import wait_until

PURGE_KEY = "ab" * 32
BUCKET = "originals"
CHROME = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"


class Tier:
    """Everything that runs: S3 below, two services, NGINX in front."""

    def __init__(self, s3_server, stack, tmp_path_factory):
        self.s3_server = s3_server
        s3_server.create_bucket(BUCKET)
        self.s3 = botocore.session.Session().create_client(
            "s3", endpoint_url=s3_server.endpoint, region_name="us-east-1",
            aws_access_key_id=s3_server.access_key, aws_secret_access_key=s3_server.secret_key,
        )  # fmt: skip
        self.cache = stack.enter_context(cache_folder())
        self.settings = {
            "key": KEY, "salt": SALT, "use_s3": "1", "s3_endpoint": s3_server.endpoint, "s3_region": "us-east-1",
            "auto_webp": "1", "auto_avif": "1", "purge_key": PURGE_KEY, "nginx_cache_path": str(self.cache),
            "source_freshness": "1", "timeout": "20", "download_timeout": "10",
        }  # fmt: skip
        self.folders = [tmp_path_factory.mktemp(f"service{number}") for number in range(2)]
        self.binds = [f"127.0.0.1:{stack.enter_context(reserve_port())}" for _ in range(2)]
        self.services = [self.started(number) for number in range(2)]
        stack.callback(self.stop)
        self.edge = stack.enter_context(NginxServer(self.services, cache=self.cache))
        self.url = UrlBuilder(self.edge.base, key=KEY, salt=SALT)

    def started(self, number):
        """One of the two, running."""
        return ProxyProcess(self.folders[number], **self.settings | {"bind": self.binds[number]}).__enter__()

    def put(self, key, body):
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=body)
        return f"s3://{BUCKET}/{key}"

    def total(self, metric):
        return sum(service.metric(metric) for service in self.services)

    def renders(self):
        return sum(service.renders() for service in self.services)

    def stop(self):
        """Ends both; what they leave behind is an error."""
        for service in self.services:
            service.__exit__(None, None, None)

    def restart(self, number):
        """A new process on the old one's address."""
        self.services[number] = self.started(number)


@pytest.fixture(scope="module")
def tier(s3_server, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack:
        patch.setenv("AWS_ACCESS_KEY_ID", s3_server.access_key)
        patch.setenv("AWS_SECRET_ACCESS_KEY", s3_server.secret_key)
        temporary = tmp_path_factory.mktemp("temporary")
        patch.setenv("TMPDIR", str(temporary))
        yield Tier(s3_server, stack, tmp_path_factory)
        assert not list(temporary.iterdir())


@pytest.fixture(scope="module")
def photo(pictures):
    return (pictures / "dandelion.jpg").read_bytes()


@pytest.fixture
def source(tier, photo, request):
    """An original of this test alone."""
    name = hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:16]
    return tier.put(f"{name}/dandelion.jpg", photo)


async def get(client, url, **headers):
    async with client.get(url, headers={"Accept": "*/*", **headers}) as answer:
        return answer, await answer.read()


async def test_miss_repeated_is_a_hit_without_the_service(tier, source, client):
    url = tier.url.resize("fit", 200).build(source)
    first, body = await get(client, url)
    assert (first.status, first.headers["X-Cache"], first.content_type) == (200, "MISS", "image/jpeg")
    requests = tier.total("requests_total")
    before = [_cpu(service) for service in tier.services]
    for _ in range(200):
        again, same = await get(client, url)
        assert (again.headers["X-Cache"], same) == ("HIT", body)
    after = [_cpu(service) for service in tier.services]
    assert tier.total("requests_total") == requests
    # Two processes that wait have clock ticks of their own; 200 renders would take seconds.
    assert sum(after) - sum(before) < 1
    refused, _ = await get(client, url.replace("fit:200", "fit:201"))
    assert refused.status == 403
    assert refused.headers["X-Content-Type-Options"] == "nosniff"
    assert "Cache-Control" not in refused.headers


def _cpu(service):
    spent = psutil.Process(service.process.pid).cpu_times()
    return spent.user + spent.system


@pytest.mark.parametrize("width", [0, 1200], ids=["read and written", "by sendfile"])
async def test_hit_larger_than_a_buffer_is_complete(tier, source, client, width):
    url = tier.url.resize("fit", width).build(source, "png")
    first, body = await get(client, url)
    again, same = await get(client, url)
    assert (first.headers["X-Cache"], again.headers["X-Cache"]) == ("MISS", "HIT")
    assert len(body) > 3 * 128 * 1024  # output_buffers
    assert same == body
    answer, part = await get(client, url, Range="bytes=100000-400000")
    assert (answer.status, part) == (206, body[100_000:400_001])


async def test_longest_urls_have_cache_entries_of_their_own(tier, source, client):
    for letter in "ab":
        url = tier.url.resize("fit", 62).option("cachebuster", letter * 15_000).build(source, "png")
        answers = [(await get(client, url))[0] for _ in range(2)]
        assert [(answer.status, answer.headers["X-Cache"]) for answer in answers] == [(200, "MISS"), (200, "HIT")]
    # As many segments as fit: regular expressions must not run out of stack, or all such addresses were one.
    answer, _ = await get(client, f"{tier.edge.base}/{'a/' * 7900}")
    assert answer.status == 403
    answer, _ = await get(client, f"{tier.edge.base}/{'b/' * 7900}a.png")
    assert (answer.status, answer.headers["X-Cache"]) == (403, "MISS")
    log = (tier.edge.state / "error.log").read_text()
    assert "pcre" not in log
    assert "not enough for cache key" not in log


async def test_thousand_accept_headers_make_at_most_four_copies(tier, source, client):
    url = tier.url.resize("fit", 64).build(source)
    dice = random.Random(7)
    ranges = ["image/avif", "image/webp", "image/png", "image/*", "*/*", "text/html", "image/jxl", "IMAGE/WEBP"]
    qualities = ["", ";q=0.9", ";q=0", "; q=0.05", ";q=1.0", ";v=b3;q=0.8"]
    headers = set()
    while len(headers) < 1000:
        parts = [dice.choice(ranges) + dice.choice(qualities) for _ in range(dice.randint(1, 6))]
        headers.add(", ".join(parts))
    before, renders = len(tier.edge.files()), tier.renders()
    kinds = {}
    for accept in headers:
        answer, body = await get(client, url, Accept=accept)
        assert answer.status == 200
        assert answer.headers["Vary"] == "Accept"
        kinds.setdefault(answer.content_type, set()).add(body)
    assert len(tier.edge.files()) - before <= 4
    assert tier.renders() - renders <= 4
    assert {kind: len(bodies) for kind, bodies in kinds.items()} == {"image/avif": 1, "image/webp": 1, "image/jpeg": 1}


async def test_url_with_format_has_one_copy(tier, source, client):
    url = tier.url.resize("fit", 65).build(source, "png")
    for accept, cache in (("*/*", "MISS"), (CHROME, "HIT"), ("image/webp", "HIT")):
        answer, _ = await get(client, url, Accept=accept)
        assert (answer.content_type, answer.headers["X-Cache"]) == ("image/png", cache)
    answer, _ = await get(client, url + "?utm_source=x", Accept=CHROME)
    assert answer.headers["X-Cache"] == "HIT"


async def test_other_headers_make_no_further_copy(tier, source, client):
    url = tier.url.resize("fit", 66).build(source)
    poison = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "gopher", "Cookie": "a=b", "Range": "bytes=0-9",
              "Origin": "https://evil.example", "X-Original-URL": "/other", "X-Forwarded-For": "127.0.0.1",
              "If-None-Match": '"x"', "Authorization": "Bearer x"}  # fmt: skip
    first, part = await get(client, url, **poison)
    clean, body = await get(client, url)
    assert (clean.status, clean.headers["X-Cache"]) == (200, "HIT")
    assert (first.status, part) in {(200, body), (206, body[:10])}  # NGINX cuts what it has, not what it gets
    assert "evil" not in str(clean.headers)


async def test_crowd_on_cold_picture_costs_one_fetch_and_one_render(tier, source, client):
    url = tier.url.resize("fill", 700, 500).blur(3).build(source, "avif")
    renders = tier.renders()
    fetches = tier.total('cache_misses_total{cache="originals"}')

    async def one():
        answer, body = await get(client, url)
        return answer.status, hashlib.sha256(body).digest(), time.monotonic()

    responses = await asyncio.gather(*(one() for _ in range(1000)))
    assert Counter(status for status, *_ in responses) == {200: 1000}
    assert len({digest for _, digest, _ in responses}) == 1
    assert tier.renders() - renders == 1
    assert tier.total('cache_misses_total{cache="originals"}') - fetches == 1
    ends = sorted(at for *_, at in responses)
    # benchmarks/cdn.py measures this with a client that costs nothing; here it must only not wait for a lock's timer.
    assert ends[-1] - ends[0] < 15


async def test_purge_drops_variants_of_one_source_everywhere(tier, source, photo, pictures, client):
    other_source = tier.put("kept/dandelion.jpg", photo)
    urls = [tier.url.resize("fit", width).build(source) for width in (70, 71)]
    other_address = tier.url.resize("fit", 70).build(other_source)
    before = [(await get(client, url, Accept=accept))[1] for url in urls for accept in ("*/*", CHROME)]
    await get(client, other_address)
    tier.put(source.removeprefix(f"s3://{BUCKET}/"), (pictures / "coffee.jpg").read_bytes())
    assert (await get(client, urls[0]))[0].headers["X-Cache"] == "HIT"
    token, purges = PurgeTokens(bytes.fromhex(PURGE_KEY)).issue(source), tier.total("purges_total")
    async with client.post(f"{tier.edge.base}/purge", data=token) as answer:
        counts = await answer.json()
        assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-store")
    assert counts["dropped"]["edge"] <= 4
    # The other process hears of it at the same time and takes its share of the files, but answers to nobody.
    await wait_until(lambda: tier.total("purges_total") == purges + 2)
    after = [(await get(client, url, Accept=accept)) for url in urls for accept in ("*/*", CHROME)]
    assert {answer.headers["X-Cache"] for answer, _ in after} == {"MISS"}
    assert not {body for _, body in after} & set(before)
    assert (await get(client, other_address))[0].headers["X-Cache"] == "HIT"
    async with client.post(f"{tier.edge.base}/purge", data="x" + token) as answer:
        assert answer.status == 403


async def test_url_with_expires_is_gone_to_the_second(tier, source, client):
    end = int(time.time()) + 10
    url = tier.url.resize("fit", 72).expires(end).build(source)
    before = set(tier.edge.files())
    first, _ = await get(client, url)
    again, _ = await get(client, url)
    (entry,) = set(tier.edge.files()) - before
    _, valid_until = struct.unpack_from("qq", entry.read_bytes())  # ngx_http_file_cache_header_t; that second counts
    assert valid_until == end - 1
    assert (first.headers["X-Cache"], again.headers["X-Cache"]) == ("MISS", "HIT")
    for answer in (first, again):
        assert "max-age" not in answer.headers["Cache-Control"]
        assert time.mktime(time.strptime(answer.headers["Expires"], "%a, %d %b %Y %H:%M:%S GMT")) - time.timezone <= end
    assert "X-Accel-Expires" not in first.headers
    await wait_until(lambda: time.time() >= end + 1, 60)  # the service counts whole seconds, too
    gone, _ = await get(client, url)
    assert gone.status == 404


@pytest.mark.skipif(not has_slices() and "CI" not in os.environ, reason="this NGINX has no slice module")
async def test_ranges_of_raw_original_come_from_slices(tier, client):
    video = random.Random(1).randbytes(1 << 20) * 100
    source = tier.put("video.mp4", video)
    url = tier.url.raw().build(source)
    dice = random.Random(2)
    for _ in range(12):
        first = dice.randrange(len(video))
        last = min(len(video) - 1, first + dice.randrange(1, 5 << 20))
        answer, body = await get(client, url, Range=f"bytes={first}-{last}")
        assert answer.status == 206
        assert answer.headers["Content-Range"] == f"bytes {first}-{last}/{len(video)}"
        assert body == video[first : last + 1]
    answer, body = await get(client, url)
    assert answer.status == 200
    assert hashlib.sha256(body).digest() == hashlib.sha256(video).digest()
    await wait_until(lambda: tier.total("requests_in_progress") == 0)
    requests = tier.total("requests_total")
    answer, body = await get(client, url, Range="bytes=1000000-60000000")
    assert body == video[1000000:60000001]
    assert answer.headers["X-Cache"] == "HIT"
    assert tier.total("requests_total") == requests
    beyond, _ = await get(client, url, Range=f"bytes={len(video)}-")
    assert beyond.status == 416


async def load(url, source, stop, outcomes, number):
    """Asks for pictures that nobody has yet, one after the other, until ``stop``."""
    timeout = aiohttp.ClientTimeout(total=30)
    async with aiohttp.ClientSession(timeout=timeout) as client:
        while not stop.is_set():
            number += 1
            address = url.resize("fit", 40 + number % 500).cachebuster(str(random.random())).build(source)
            try:
                answer, body = await get(client, address)
                outcomes.append(answer.status if answer.status != 200 or body[:2] == b"\xff\xd8" else 0)
            except aiohttp.ClientError as error:
                outcomes.append(repr(error))


async def under_load(tier, source, work, clients=6):
    stop, outcomes = asyncio.Event(), []
    tasks = [asyncio.create_task(load(tier.url, source, stop, outcomes, 80 * n)) for n in range(clients)]
    await wait_until(lambda: len(outcomes) > 20)
    await work()
    enough = len(outcomes) + 30
    await wait_until(lambda: len(outcomes) > enough)
    stop.set()
    await asyncio.gather(*tasks)
    return Counter(outcomes)


async def test_rolling_restart_under_load_fails_no_request(tier, source):
    async def rolling():
        for number in range(2):
            old = tier.services[number]
            children = old.children()
            old.process.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(old.process.wait, 30) == 0
            assert len(children) >= 3
            await wait_until(lambda gone=children: not any(map(_runs, gone)))
            await asyncio.to_thread(tier.restart, number)

    assert set(await under_load(tier, source, rolling)) == {200}


async def test_killed_process_costs_at_most_its_requests(tier, source):
    async def kill():
        children = tier.services[0].children()
        tier.services[0].process.kill()
        await asyncio.to_thread(tier.services[0].process.wait, 30)
        await wait_until(lambda: not any(_runs(child) for child in children))
        await asyncio.to_thread(tier.restart, 0)

    outcomes = await under_load(tier, source, kill)
    assert sum(count for status, count in outcomes.items() if status != 200) <= 6  # one of each client at most


def _runs(process):
    try:
        return process.is_running() and process.status() != "zombie"
    except psutil.NoSuchProcess:
        return False


async def test_cached_pictures_are_served_while_all_processes_are_down(tier, source, client, photo):
    url = tier.url.resize("fit", 73).build(source)
    _, body = await get(client, url)
    try:
        for service in tier.services:
            service.stop()
        for _ in range(3):
            answer, same = await get(client, url)
            assert (answer.status, same) == (200, body)
        cold, _ = await get(client, tier.url.resize("fit", 74).build(source))
        assert cold.status == 502
        assert cold.headers["X-Content-Type-Options"] == "nosniff"
        assert "Cache-Control" not in cold.headers
    finally:
        for number in range(2):
            tier.restart(number)


async def test_stale_pictures_are_served_while_the_service_is_down(s3_server, pictures, tmp_path, client):
    settings = {"key": KEY, "salt": SALT, "local_filesystem_root": str(pictures), "ttl": "1"}
    with ProxyProcess(tmp_path, **settings) as service, NginxServer([service]) as edge:
        url = UrlBuilder(edge.base, key=KEY, salt=SALT).resize("fit", 75).build("local:///coffee.jpg")
        _, body = await get(client, url)
        old = time.time()
        service.stop()
        await wait_until(lambda: time.time() > old + 2)
        stale, same = await get(client, url)
        assert (stale.status, same) == (200, body)
        assert stale.headers["X-Cache"] in {"STALE", "UPDATING"}


async def test_misses_are_rate_limited_and_hits_are_not(pictures, tmp_path, client):
    with (
        ProxyProcess(tmp_path, key=KEY, salt=SALT, local_filesystem_root=str(pictures)) as service,
        NginxServer([service], "--miss-rate", "1", "--lan", "10.0.0.0/8") as edge,
    ):
        url = UrlBuilder(edge.base, key=KEY, salt=SALT)
        addresses = [url.resize("fit", width).build("local:///coffee.jpg") for width in range(30, 130)]
        statuses = Counter([(await get(client, address))[0].status for address in addresses])
        assert statuses[200] >= 20
        assert statuses[429] >= 10
        assert sum(statuses.values()) == statuses[200] + statuses[429]
        assert {(await get(client, addresses[0]))[0].headers["X-Cache"] for _ in range(100)} == {"HIT"}
        token = PurgeTokens(bytes.fromhex(PURGE_KEY)).issue("local:///coffee.jpg")
        async with client.post(f"{edge.base}/purge", data=token) as answer:
            assert answer.status == 403  # from outside the networks that may


async def test_access_log_is_json_without_signature(tier, source, client):
    url = tier.url.resize("fit", 76).build(source)
    signature = url.split("/")[3]
    answer, _ = await get(client, url, **{"X-Request-ID": "mine"})

    def mine():
        return [line for line in tier.edge.lines() if line["request_id"] == answer.headers["X-Request-ID"]]

    await wait_until(mine)  # lines are written once a second
    (line,) = mine()
    assert (line["cache"], line["status"], line["cell"]) == ("MISS", 200, "")
    assert line["uri"] == "/" + url.split("/", 4)[4]
    assert signature not in (tier.edge.state / "access.log").read_text()
    for service in tier.services:
        assert signature not in service.log_path.read_text()
