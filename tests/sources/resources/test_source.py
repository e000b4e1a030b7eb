import os
from contextlib import asynccontextmanager

import pytest

from mememime_proxy.errors import SourceResponseError, SourceStatusError, SourceTimeoutError, SourceTooLargeError
from mememime_proxy.memory_budget import MemoryBudget
from mememime_proxy.sources.arrivals import Arrivals
from mememime_proxy.sources.film_bytes import FilmDetector
from mememime_proxy.sources.model import Original, SourceState
from mememime_proxy.sources.resources.source import ResourceObjects
from mememime_proxy.storage.asset_keys import asset_key
from mememime_proxy.storage.local.folder import Folder
from mememime_proxy.urls.source.source import SourceUrl
from tests.support.alias_server import Body, alias_server
from tests.support.clock import Clock
from tests.support.raw_server import body_of, open_files, rest_of

BIG = os.urandom(3 << 20)
ALIAS = SourceUrl.parse("alias://products/42/front")


@asynccontextmanager
async def opened(content=b"picture", **more):
    async with alias_server() as (register, config):
        clock = Clock()
        it = ResourceObjects(config, register, Arrivals(MemoryBudget(0)), max_bytes=8 << 20, clock=clock)
        await it.start()
        register.clock = clock
        sha256 = register.keep(content)
        register.point("products/42/front", sha256, **more)
        try:
            yield it, register, SourceUrl.parse(f"asset://{sha256}")
        finally:
            await it.close()


async def fetch(it, source=ALIAS, etag="", max_bytes=0, timeout=60.0):  # noqa: ASYNC109
    return await it.fetch(source, etag, max_bytes, timeout)


@pytest.mark.parametrize("content", [b"", b"picture", BIG], ids=["empty", "small", "large"])
async def test_fetch_by_alias_or_digest_returns_the_bytes(content):
    async with opened(content) as (it, _, asset):
        for source in (ALIAS, asset):
            found = await fetch(it, source)
            assert found.content_type == "image/png"
            assert await body_of(found) == content
            assert await it.stat(source) is not None


async def test_fetch_of_repacked_bytes_checks_their_own_digest():
    async with opened() as (it, register, _):
        register.point("products/42/front", register.keep(b"a picture", packed=b"packed"))
        assert await body_of(await fetch(it)) == b"packed"


@pytest.mark.parametrize("content", [b"picture", BIG], ids=["small", "large"])
@pytest.mark.parametrize("damage", ["bit", "short", "long", "empty"])
async def test_fetch_of_damaged_bytes_raises_and_leaks_no_descriptor(content, damage):
    async with opened(content) as (it, register, asset):
        key = asset_key(asset.host)
        damaged = {
            "bit": bytes([content[0] ^ 1]) + content[1:], "short": content[:-1], "long": content + b"x", "empty": b"",
        }[damage]  # fmt: skip
        register.stored[key] = damaged
        await it.stat(asset)
        for source in (ALIAS, asset):
            with pytest.raises(SourceResponseError) as caught:
                await fetch(it, source)
            assert caught.value.status == 502
        before = open_files()
        for source in (ALIAS, asset):
            with pytest.raises(SourceResponseError):
                await it.stream(source, {})
        assert open_files() <= before


async def test_fetch_of_a_longer_body_raises():
    class Liar(Body):
        async def __aiter__(self):
            yield self.content + b"x"

    async with opened() as (it, register, _):

        async def lying(key, **_):
            return Liar(key, register.stored[key])

        register.open = lying
        with pytest.raises(SourceResponseError):
            await fetch(it)


async def test_fetch_of_bytes_stored_again_looks_up_again():
    """The proxy knows of the old ones, the storage has the new ones."""
    async with opened() as (it, register, asset):
        await body_of(await fetch(it))
        register.keep(b"picture", packed=b"packed")
        register.point("products/42/front", asset.host)
        assert await body_of(await fetch(it)) == b"packed"
        del register.stored[asset_key(asset.host)]
        register.point("products/42/front", register.keep(b"another"))
        assert await body_of(await fetch(it)) == b"another"


async def test_fetch_during_an_outage_is_marked_stale():
    async with opened() as (it, register, _):
        etag = (await fetch(it)).state.validator
        register.status = 500
        register.clock.now += 10
        found = await fetch(it)
        assert (await body_of(found), found.state.stale) == (b"picture", True)
        assert await fetch(it, etag=etag) == SourceState(etag, stale=True)
        assert (await it.stat(ALIAS)).stale
        register.stored[asset_key(register.keep(b"picture"))] = b"rotten!"
        with pytest.raises(SourceResponseError):
            await fetch(it)
        assert (await it.stat(ALIAS)).stale  # what is known of it is still known


async def test_fetch_with_the_present_validator_returns_the_state():
    async with opened() as (it, register, asset):
        states = []
        for more in ({}, {"focal": {"x": 0.5, "y": 0.5}}, {"focal": {"x": 0.5, "y": 0.4}}, {"preset": "card"}):
            register.point("products/42/front", asset.host, **more)
            it.forget(ALIAS)
            found = await fetch(it)
            assert isinstance(found, Original)
            assert await it.stat(ALIAS) is not None
            assert isinstance(await fetch(it, etag=found.state.validator), SourceState)
            states.append(found.state.validator)
        assert len(set(states)) == 4
        register.point("products/42/front", asset.host, version=9, tags=["new"])
        it.forget(ALIAS)
        assert (await fetch(it)).state.validator == states[0]  # versions and tags change no pixel


async def test_fetch_returns_focus_and_preset_of_the_alias():
    async with opened(focal={"x": 0.1, "y": 0.9}, preset="card") as (it, _, asset):
        found = await fetch(it)
        assert (found.focus, found.preset) == ((0.1, 0.9), "card")
        bare = await fetch(it, asset)
        assert (bare.focus, bare.preset) == (None, "")


async def test_fetch_of_too_large_an_asset_reads_nothing():
    async with opened() as (it, register, _):
        register.stored.clear()
        with pytest.raises(SourceTooLargeError):
            await fetch(it, max_bytes=6)


async def test_fetch_of_deleted_bytes_is_not_found():
    async with opened() as (it, register, _):
        register.stored.clear()
        with pytest.raises(SourceStatusError) as caught:
            await fetch(it)
        assert caught.value.status == 404


async def test_fetch_from_a_slow_service_times_out():
    async with opened() as (it, register, _):
        register.gate.clear()
        with pytest.raises(SourceTimeoutError):
            await fetch(it, timeout=0.02)


@pytest.mark.parametrize(
    "url",
    ["alias://", "alias:///front", "alias://a//b", "alias://a/../b", "alias://a/./b", "alias://a/", "alias://a/b?v=2",
     "ALIAS://a", "asset://", "asset://1234", "asset://" + "A" * 64, "asset://" + "a" * 64 + "/x",
     "asset://" + "a" * 64 + "?x"],
)  # fmt: skip
async def test_fetch_of_an_impossible_name_sends_no_request(url):
    async with opened() as (it, register, _):
        source = SourceUrl.parse(url)
        it.forget(source)
        for ask in (fetch(it, source), it.stat(source), it.stream(source, {})):
            with pytest.raises(SourceStatusError) as caught:
                await ask
            assert caught.value.status == 404
        assert not register.asked


async def test_look_up_escapes_the_name():
    async with opened() as (it, register, _):
        name = "größe/100% & mehr#1"
        register.answers[f"/aliases/{name}"] = {**register.answers["/aliases/products/42/front"], "name": name}
        assert await body_of(await fetch(it, SourceUrl.parse(f"alias://{name}", ""))) == b"picture"


@pytest.mark.parametrize(
    ("asked", "status", "body", "said"),
    [({}, 200, b"picture", None), ({"Range": "bytes=0-2"}, 206, b"pic", "bytes 0-2/7"),
     ({"Range": "bytes=-2"}, 206, b"re", "bytes 5-6/7"), ({"Range": "bytes=9-"}, 416, b"", "bytes */7"),
     ({"Range": "bytes=0-2", "If-Range": '"other"'}, 200, b"picture", None),
     ({"If-None-Match": '"x", W/{etag}'}, 304, b"", None),
     ({"Range": "bytes=0-2", "If-Range": "{etag}"}, 206, b"pic", "bytes 0-2/7")],
)  # fmt: skip
async def test_stream_of_an_asset_has_the_right_status_and_bytes(asked, status, body, said):
    async with opened() as (it, _, asset):
        etag = f'"{asset.host}"'
        stream = await it.stream(asset, {name: value.replace("{etag}", etag) for name, value in asked.items()})
        assert (stream.status, await rest_of(stream)) == (status, body)
        assert stream.headers.get("Content-Range") == said
        assert stream.headers["ETag"] == etag


@pytest.mark.parametrize(
    ("asked", "status", "part"),
    [
        ({}, 200, slice(None)),
        ({"Range": "bytes=200000-200009"}, 206, slice(200_000, 200_010)),
        ({"Range": "bytes=-5"}, 206, slice(-5, None)),
        ({"Range": "bytes=9999999-"}, 416, slice(0)),
        ({"Range": "bytes=1-2", "If-Range": '"another"'}, 200, slice(None)),
        ({"If-None-Match": "ETAG", "Range": "bytes=1-2"}, 304, slice(0)),
    ],
)
async def test_stream_of_a_film_is_read_from_the_storage_as_it_is_sent(tmp_path, asked, status, part):
    """All of it, though its originals have the first bytes alone."""
    film, folder = b"OggS" + os.urandom(300_000), Folder(str(tmp_path))
    await folder.start()
    async with alias_server() as (register, config):
        budget = MemoryBudget(0)
        it = ResourceObjects(config, folder, Arrivals(budget), max_bytes=100_000, films=FilmDetector(budget))
        await it.start()
        sha256 = register.keep(film, media_type="video/ogg")
        await folder.put(asset_key(sha256), film)
        source, etag = SourceUrl.parse(f"asset://{sha256}"), f'"{sha256}"'
        stream = await it.stream(source, {name: text.replace("ETAG", etag) for name, text in asked.items()})
        async with stream:
            body = b"".join([chunk async for chunk in stream])
        assert (stream.status, body) == (status, film[part])
        assert stream.headers["ETag"] == etag
        if status < 300:
            assert stream.headers["Content-Type"] == "video/ogg"
        await folder.put(asset_key(sha256), film[:-1])
        with pytest.raises(SourceResponseError):
            await it.stream(source, {})
        await it.close()
    await folder.close()
