"""Aliases from upload to pixels: a real resource service, real proxies, a real NGINX in front."""

import asyncio
import hashlib
import signal
import time
from contextlib import ExitStack

import pytest
import pyvips

from mememime_proxy.storage.asset_keys import asset_key
from mememime_proxy.urls import UrlBuilder
from tests.support.nginx_server import NginxServer, cache_folder
from tests.support.ports import reserve_port
from tests.support.private_metadata import SECRETS, with_secrets
from tests.support.proxy_process import KEY, SALT, ProxyProcess
from tests.support.resource_process import ResourceProcess
from tests.support.waiting import wait_until

PURGE_KEY = "cd" * 32
COLOURS = {"red": (200, 30, 30), "green": (30, 160, 40), "blue": (30, 40, 200)}


def plain(colour, width=320, height=200):
    """A picture of one colour, as nobody else has it."""
    return pyvips.Image.black(width, height).add(list(COLOURS[colour])).cast("uchar").pngsave_buffer()


def colour_of(body):
    """Which of the colours a picture has all over; None for a mix, or anything else."""
    image = pyvips.Image.new_from_buffer(body, "")
    for name, colour in COLOURS.items():
        if all(abs(image[band].min() - value) < 12 and abs(image[band].max() - value) < 12
               for band, value in enumerate(colour)):  # fmt: skip
            return name
    return None


class Tier:
    """The resource service, two proxies that it tells of moves, NGINX."""

    def __init__(self, stack, tmp_path_factory):
        self.cache = stack.enter_context(cache_folder())
        own, *ports = (stack.enter_context(reserve_port()) for _ in range(3))
        bases = [f"http://127.0.0.1:{port}" for port in ports]
        self.resources = ResourceProcess(
            tmp_path_factory.mktemp("resources"), purge_key=PURGE_KEY, purge_urls=",".join(bases), workers="1",
            resources_bind=f"127.0.0.1:{own}", scrub_cycle="0",
        )  # fmt: skip
        self.resources.__enter__()
        stack.callback(self.end)
        settings = {
            "key": KEY, "salt": SALT, "purge_key": PURGE_KEY, "nginx_cache_path": str(self.cache),
            "presets": "card=rs:fill:64:64/f:webp,wide=rs:fill:300:60", **self.resources.proxy_settings(),
        }  # fmt: skip
        self.proxies = [
            stack.enter_context(
                ProxyProcess(tmp_path_factory.mktemp(f"proxy{port}"), **settings | {"bind": f"127.0.0.1:{port}"})
            )
            for port in ports
        ]
        self.edge = stack.enter_context(NginxServer(self.proxies, cache=self.cache))
        self.url = UrlBuilder(self.edge.base, key=KEY, salt=SALT)
        self.assets = {name: self.resources.upload(plain(name)) for name in COLOURS}

    def renders(self):
        return sum(proxy.renders() for proxy in self.proxies)

    async def told(self, *names):
        """Until every proxy got both messages of the names' moves: a later one takes from NGINX what is there."""
        await wait_until(lambda: all(_told(proxy, f"alias://{name}") for proxy in self.proxies for name in names))

    def end(self):
        if self.resources.process.poll() is None:
            self.resources.__exit__(None, None, None)

    def restart(self):
        """The resource service again, at the address that the proxies know."""
        self.resources.start()


@pytest.fixture(scope="module")
def tier(tmp_path_factory):
    with ExitStack() as stack:
        yield Tier(stack, tmp_path_factory)


async def get(client, url):
    async with client.get(url) as answer:
        return answer, await answer.read()


async def test_upload_is_served_by_alias_and_by_digest(tier, client):
    tier.resources.set_alias("first/front", tier.assets["red"])
    for source in ("alias://first/front", f"asset://{tier.assets['red']}"):
        for url in (tier.url.resize("fit", 100).build(source), tier.url.resize("fit", 90).plain().build(source)):
            answer, body = await get(client, url)
            assert (answer.status, colour_of(body)) == (200, "red"), body
    unknown, _ = await get(client, tier.url.resize("fit", 100).build("alias://first/back"))
    assert unknown.status == 404
    raw, body = await get(client, tier.url.option("raw", 1).build("alias://first/front"))
    assert (raw.status, body) == (200, plain("red"))


async def test_alias_is_cached_briefly_by_browsers_and_long_by_nginx(tier, client):
    tier.resources.set_alias("ages", tier.assets["red"])
    await tier.told("ages")
    url = tier.url.resize("fit", 100).build("alias://ages")
    for cache in ("MISS", "HIT"):
        answer, _ = await get(client, url)
        assert answer.headers["X-Cache"] == cache
        assert answer.headers["Cache-Control"] == "max-age=60, s-maxage=31536000, public"


@pytest.mark.promise("G13")
async def test_alias_moved_under_load_is_new_within_a_second(tier, client):
    """Eight readers of three variants, and six moves: each answer is all of one picture, and an old one soon ends."""
    names = ["red", "green", "blue"]
    tier.resources.set_alias("moving", tier.assets["red"])
    urls = [tier.url.resize("fill", width, 60).build("alias://moving") for width in (60, 61, 62)]
    seen, over = [], asyncio.Event()

    async def read(number):
        turn = number
        while not over.is_set():
            turn += 1
            begun = time.monotonic()
            answer, body = await get(client, urls[turn % len(urls)])
            seen.append((begun, time.monotonic(), answer.status, body))
            await asyncio.sleep(0.02)

    readers = [asyncio.create_task(read(number)) for number in range(8)]
    moves = []
    try:
        for turn in range(1, 7):
            colour, asked = names[turn % 3], time.monotonic()
            await asyncio.to_thread(tier.resources.set_alias, "moving", tier.assets[colour])
            moves.append((asked, time.monotonic(), colour))
            await asyncio.sleep(1.1)
            for url in urls:
                await _becomes(client, url, colour)
        await wait_until(lambda: len(seen) > 200)
    finally:
        over.set()
        await asyncio.gather(*readers)
    assert {status for _, _, status, _ in seen} == {200}
    colours = {body: colour_of(body) for body in {body for *_, body in seen}}
    assert set(colours.values()) == set(names)  # a mix has no name
    took = []
    for (_, moved, colour), (end, *_) in zip(moves, [*moves[1:], (float("inf"),)], strict=True):
        wrong = [begun for begun, ended, _, body in seen if moved <= begun and ended < end and colours[body] != colour]
        took.append(max(wrong, default=moved) - moved)
    # The interval that the requirement gives: what is asked for after it is new. A machine that stands still for a
    # moment is late with one move or another, and not with most of them.
    assert sorted(took)[3] < 1.0, took


async def test_focal_point_of_alias_decides_the_crop(tier, client):
    half = pyvips.Image.new_from_buffer(plain("red"), "").join(
        pyvips.Image.new_from_buffer(plain("blue"), ""), "horizontal"
    )
    sha256 = tier.resources.upload(half.pngsave_buffer())
    for focal, colour in (({"x": 0.1, "y": 0.5}, "red"), ({"x": 0.9, "y": 0.5}, "blue")):
        tier.resources.set_alias("halves", sha256, focal=focal)
        for url in (
            tier.url.resize("fill", 50, 100).build("alias://halves"),
            tier.url.resize("fill", 50, 101).gravity("sm").build("alias://halves"),
        ):
            await _becomes(client, url, colour)
    east = tier.url.resize("fill", 50, 100).gravity("we").build("alias://halves")
    _, body = await get(client, east)
    assert colour_of(body) == "red"  # the URL's own word counts more


async def _becomes(client, url, colour):
    end = time.monotonic() + 30
    while colour_of((await get(client, url))[1]) != colour:
        assert time.monotonic() < end, "it did not come to pass"
        await asyncio.sleep(0.05)


async def test_preset_of_alias_applies_to_urls_without_options(tier, client):
    tier.resources.set_alias("dressed", tier.assets["green"], preset="card")
    answer, body = await get(client, tier.url.build("alias://dressed"))
    image = pyvips.Image.new_from_buffer(body, "")
    assert (answer.content_type, image.width, image.height) == ("image/webp", 64, 64)
    answer, body = await get(client, tier.url.build("alias://dressed", extension="png"))
    assert (answer.content_type, pyvips.Image.new_from_buffer(body, "").width) == ("image/png", 64)
    _, body = await get(client, tier.url.resize("fit", 20).build("alias://dressed"))
    assert pyvips.Image.new_from_buffer(body, "").width == 20


async def test_f4_asset_deleted_and_restored_is_seen_behind_nginx(tier, client):
    sha256 = tier.resources.upload(plain("green", 99, 66))
    tier.resources.set_alias("f4/green", sha256)
    await tier.told("f4/green")
    urls = [tier.url.resize("fit", 50).build(source) for source in (f"asset://{sha256}", "alias://f4/green")]

    async def all_answer(status):
        answers = [await get(client, url) for url in urls]
        return all(answer.status == status for answer, _ in answers) and (
            status != 200 or all(colour_of(body) == "green" for _, body in answers)
        )

    for url in urls * 2:
        answer, _ = await get(client, url)
        assert answer.status == 200
    assert answer.headers["X-Cache"] == "HIT"
    assert tier.resources.request("DELETE", f"/assets/{sha256}?force=true").status == 204
    await wait_until(lambda: all_answer(404))
    assert tier.resources.request("POST", f"/assets/{sha256}/restore").status == 200
    await wait_until(lambda: all_answer(200))


async def test_original_policy_keeps_places_and_serial_numbers_of_uploads_private(tier, client, tmp_path):
    original = with_secrets("jpeg")
    tier.resources.set_alias("private/photo", tier.resources.upload(original))
    settings = {"key": KEY, "salt": SALT, **tier.resources.proxy_settings()}

    def told(body):
        return [secret for secret in SECRETS if secret in body]

    for policy, raw_status in (("strip", 200), ("forbid", 403)):
        with ProxyProcess(tmp_path / policy, **settings, original_policy=policy) as proxy:
            url = UrlBuilder(proxy.base, key=KEY, salt=SALT)
            raw, body = await get(client, url.option("raw", 1).build("alias://private/photo"))
            assert (raw.status, told(body)) == (raw_status, [])
            assert raw_status != 200 or raw.headers["Content-Type"] == "image/jpeg"
            for options in (url.option("skip_processing", "jpg"), url.option("strip_metadata", 0).resize("fit", 20)):
                answer, body = await get(client, options.build("alias://private/photo"))
                assert (answer.status, told(body), answer.headers["Content-Type"]) == (200, [], "image/jpeg")
    _, body = await get(client, tier.url.option("raw", 1).build("alias://private/photo"))
    assert body == original, "without a policy, the bytes as they came"
    content = tier.resources.request("GET", f"/assets/{hashlib.sha256(original).hexdigest()}/content")
    assert content.body == original, "and they are stored as they came in any case"


@pytest.mark.promise("G10")
async def test_damaged_original_is_an_error(tier, client):
    """Row G10."""
    sha256 = tier.resources.upload(plain("red", 77, 55))
    path = tier.resources.folder / "assets" / asset_key(sha256)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)
    for url in (
        tier.url.resize("fit", 30).build(f"asset://{sha256}"),
        tier.url.option("raw", 1).build(f"asset://{sha256}"),
    ):
        answer, body = await get(client, url)
        assert answer.status == 502
        assert bytes(content) not in body


async def test_known_alias_without_resource_service_is_served(tier, client):
    for name in ("kept", "moved", "unseen"):
        tier.resources.set_alias(name, tier.assets["red"])
    await tier.told("kept", "moved", "unseen")
    kept, moved = (tier.url.resize("fit", 100).build(f"alias://{name}") for name in ("kept", "moved"))
    for url in (kept, moved):
        assert (await get(client, url))[0].status == 200
    await asyncio.to_thread(tier.resources.stop)
    try:
        await asyncio.sleep(0.6)  # what is known is no longer fresh
        for _ in range(3):
            answer, body = await get(client, kept)
            assert (answer.status, colour_of(body)) == (200, "red")
        # NGINX has not seen this one; the process that has seen the alias makes it from the original.
        await wait_until(lambda: any(_has_seen(proxy, "alias://kept") for proxy in tier.proxies))
        knows = next(proxy for proxy in tier.proxies if _has_seen(proxy, "alias://kept"))
        renders = tier.renders()
        fresh = UrlBuilder(knows.base, key=KEY, salt=SALT).resize("fit", 41).build("alias://kept")
        answer, body = await get(client, fresh)
        assert (answer.status, colour_of(body)) == (200, "red")
        assert answer.headers["Cache-Control"] == "max-age=10, public"
        assert tier.renders() == renders + 1
        unseen = tier.url.resize("fit", 100).build("alias://unseen")
        assert (await get(client, unseen))[0].status == 502
    finally:
        tier.restart()
    assert (await get(client, unseen))[0].status == 200
    await asyncio.to_thread(tier.resources.set_alias, "moved", tier.assets["blue"])
    await _becomes(client, moved, "blue")


def _told(proxy, source):
    """Whether it got both messages of one move."""
    return sum(line.get("event") == "source.purged" and line.get("source") == source for line in proxy.lines()) >= 2


def _has_seen(proxy, source):
    return any(line.get("event") == "request.answered" and line.get("source") == source for line in proxy.lines())


async def test_resource_service_that_hangs_delays_requests_briefly(tier, client):
    tier.resources.set_alias("hanging", tier.assets["red"])
    knows = tier.proxies[0]
    url = UrlBuilder(knows.base, key=KEY, salt=SALT).resize("fit", 43).build("alias://hanging")
    assert (await get(client, url))[0].status == 200
    tier.resources.process.send_signal(signal.SIGSTOP)
    try:
        await asyncio.sleep(0.6)
        async with asyncio.timeout(30):
            answers = [await get(client, url) for _ in range(50)]
        assert {answer.status for answer, _ in answers} == {200}
    finally:
        tier.resources.process.send_signal(signal.SIGCONT)


async def test_alias_of_asset_in_bucket_moves_without_a_purge(s3_server, tmp_path, monkeypatch, client):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3_server.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3_server.secret_key)
    s3_server.create_bucket("assets-of-aliases")
    storage = {"use_s3": "1", "s3_endpoint": s3_server.endpoint, "s3_region": "us-east-1"}
    folder = tmp_path / "resources"
    folder.mkdir()
    with (
        ResourceProcess(folder, assets_storage="s3://assets-of-aliases/here", workers="1", **storage) as resources,
        ProxyProcess(tmp_path, key=KEY, salt=SALT, **storage, **resources.proxy_settings()) as proxy,
    ):
        red, blue = (resources.upload(plain(name)) for name in ("red", "blue"))
        resources.set_alias("cup", red)
        url = UrlBuilder(proxy.base, key=KEY, salt=SALT).resize("fit", 30).build("alias://cup")
        answer, body = await get(client, url)
        assert (answer.status, colour_of(body)) == (200, "red")
        await asyncio.to_thread(resources.set_alias, "cup", blue)
        await _becomes(client, url, "blue")
