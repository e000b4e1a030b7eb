"""A purge drops every variant of one source, for every process, and nothing else; and only with a token."""

import asyncio
import json

import pytest

from mememime_proxy.proxy.cache.purge import PurgeTokens
from mememime_proxy.urls import UrlBuilder
from tests.support.child_process import run_mememime
from tests.support.proxy_process import KEY, SALT, ProxyProcess
from tests.support.waiting import wait_until

PURGE_KEY = "aa" * 32
TOKENS = PurgeTokens(bytes.fromhex(PURGE_KEY))


def builder(proxy):
    return UrlBuilder(proxy.base, key=KEY, salt=SALT)


def started(folder, pictures, **settings):
    folder.mkdir(exist_ok=True)
    defaults = {"key": KEY, "salt": SALT, "local_filesystem_root": str(pictures), "purge_key": PURGE_KEY}
    return ProxyProcess(folder, **defaults, allow_loopback_source_addresses="1", **settings)


async def body_of(client, address):
    async with client.get(address) as answer:
        assert answer.status == 200
        return await answer.read(), answer.headers


async def purge(client, proxy, source):
    async with client.post(f"{proxy.base}/purge", data=TOKENS.issue(source)) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


@pytest.fixture
def service(pictures, tmp_path):
    with started(tmp_path / "a", pictures) as proxy:
        yield proxy


async def test_purge_drops_all_variants_of_one_source(client, service, origin):
    origin.headers = {"ETag": '"never another"'}
    source = f"{origin.base}/coffee.jpg"
    addresses = [builder(service).resize("fit", width).build(source) for width in (30, 40, 50)]
    other_address = builder(service).resize("fit", 30).build(f"{origin.base}/dandelion.jpg")
    tags = {(await body_of(client, address))[1]["Cache-Tag"] for address in addresses}
    _, headers = await body_of(client, other_address)
    assert len(tags) == 1
    assert headers["Surrogate-Key"] not in tags
    answer = await purge(client, service, source)
    assert answer["source_hash"] in tags
    assert answer["dropped"] == {"originals": 1, "variants": 3, "stored": 0, "edge": 0, "quarantined": 0}
    names = ("Cache-Tag", "x-amz-meta-cache-tag", "Surrogate-Key")
    assert answer["tags"] == dict.fromkeys(names, answer["source_hash"])
    fetches, renders = origin.hits, service.renders()
    for address in (*addresses, other_address):
        await body_of(client, address)
    assert service.renders() - renders == 3
    assert origin.hits - fetches == 1
    assert service.metric("purges_total") == 1


async def test_purge_is_noticed_by_processes_that_share_a_store(client, pictures, origin, tmp_path):
    origin.headers = {"ETag": '"never another"'}
    source = f"{origin.base}/coffee.jpg"
    store = {"cache_use": "fs", "cache_fs_root": str(tmp_path / "store"), "source_freshness": "0"}
    with started(tmp_path / "a", pictures, **store) as a, started(tmp_path / "b", pictures, **store) as b:
        path = builder(a).resize("fit", 33).build(source).removeprefix(a.base)
        await body_of(client, a.base + path)
        await wait_until(lambda: a.metric('store_duration_seconds_count{operation="put"}') == 1)
        await body_of(client, b.base + path)
        assert b.metric('cache_hits_total{cache="store"}') == 1
        assert (await purge(client, a, source))["dropped"]["stored"] == 1
        renders = a.renders() + b.renders()
        await body_of(client, b.base + path)
        assert a.renders() + b.renders() == renders + 1


async def test_render_begun_before_a_purge_is_not_cached(client, service, origin):
    origin.headers = {"ETag": '"never another"'}
    source = f"{origin.base}/coffee.jpg"
    address = builder(service).resize("fit", 34).build(source)
    origin.gate.clear()
    before = asyncio.create_task(body_of(client, address))
    await wait_until(lambda: origin.hits == 1)
    await purge(client, service, source)
    after = asyncio.create_task(body_of(client, address))
    await wait_until(lambda: origin.hits == 2)
    origin.gate.set()
    await asyncio.gather(before, after)
    assert (origin.hits, service.renders()) == (2, 2)


async def test_delete_of_picture_url_purges(client, service):
    address = builder(service).resize("fit", 35).build("local:///coffee.jpg")
    await body_of(client, address)
    for token, status in (("", 403), (TOKENS.issue("local:///dandelion.jpg"), 403), (None, 403)):
        headers = {} if token is None else {"Purge-Token": token}
        async with client.delete(address, headers=headers) as answer:
            assert answer.status == status
    async with client.delete(address + "x", headers={"Purge-Token": TOKENS.issue("local:///coffee.jpg")}) as answer:
        assert answer.status == 403
    async with client.delete(address, headers={"Purge-Token": TOKENS.issue("local:///coffee.jpg")}) as answer:
        assert answer.status == 200
        assert (await answer.json())["dropped"]["variants"] == 1


@pytest.mark.parametrize(
    "token",
    ["", "x", "x" * 20_000, PurgeTokens(b"another").issue("local:///coffee.jpg")],
    ids=["nothing", "x", "long", "of another key"],
)
async def test_purge_without_token_is_refused(client, service, token):
    async with client.post(f"{service.base}/purge", data=token) as answer:
        assert answer.status == 403


async def test_purge_without_key_does_not_exist(client, pictures, tmp_path):
    with ProxyProcess(tmp_path, key=KEY, salt=SALT, local_filesystem_root=str(pictures)) as proxy:
        async with client.post(f"{proxy.base}/purge", data=PurgeTokens(b"").issue("local:///coffee.jpg")) as answer:
            assert answer.status == 404


async def test_purge_command_purges(client, service):
    await body_of(client, builder(service).resize("fit", 36).build("local:///coffee.jpg"))

    def command(*words, key=PURGE_KEY):
        return run_mememime("purge", *words, MEMEMIME_PURGE_KEY=key)

    done = await asyncio.to_thread(command, "local:///coffee.jpg", "--url", service.base)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.partition(" ")[2])["dropped"]["variants"] == 1
    refused = await asyncio.to_thread(command, "local:///coffee.jpg", "--url", service.base, key="bb" * 32)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "403" in refused.stderr
    token = await asyncio.to_thread(command, "local:///coffee.jpg", "--token")
    assert TOKENS.verify(token.stdout.strip()) == "local:///coffee.jpg"
