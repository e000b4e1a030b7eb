"""The purge feed between a real resource service, real proxies and a real NGINX."""

import asyncio
from contextlib import ExitStack

import pyvips

from tests.support.feed_trials import run_trial
from tests.support.nginx_server import NginxServer, cache_folder
from tests.support.ports import reserve_port
from tests.support.proxy_process import ProxyProcess
from tests.support.resource_process import ResourceProcess
from tests.support.waiting import wait_until


async def test_moves_are_known_to_all_readers_and_proxies_though_some_are_cut_off_or_replaced(tmp_path):
    """A small form of the trial, whose delays `make trials` judges."""
    result = await run_trial(tmp_path, 40, 10, 0.5, 0.02, 16, postgres=True)
    assert (result.moves, result.missed) == (40, 0)
    assert len(result.reader_delays) == 9 * 40
    assert result.proxy_delays


def picture(level):
    return pyvips.Image.black(16, 16).add(level).cast("uchar").pngsave_buffer()


async def test_nginx_has_no_old_picture_after_moves_while_its_proxy_was_down(client, tmp_path):
    with ExitStack() as stack:
        cache, port, own = stack.enter_context(cache_folder()), *(stack.enter_context(reserve_port()) for _ in "ab")
        service = stack.enter_context(ResourceProcess(tmp_path / "resources", resources_bind=f"127.0.0.1:{own}"))
        proxy = stack.enter_context(
            ProxyProcess(
                tmp_path / "proxy", **service.proxy_settings(), purge_feed="1", allow_unsigned="1", workers="1",
                nginx_cache_path=str(cache), bind=f"127.0.0.1:{port}",
            )
        )  # fmt: skip
        edge = stack.enter_context(NginxServer([proxy], cache=cache))
        first, second = (service.upload(picture(level)) for level in (50, 200))
        names = ["shop/moved", "shop/still"]
        for name in names:
            service.set_alias(name, first)

        async def shown(name):
            url = f"{edge.base}/unsafe/rs:fill:8:8/plain/alias://{name}@png"
            async with client.get(url) as answer:
                assert answer.status == 200
                level = pyvips.Image.new_from_buffer(await answer.read(), "").avg()
                return level, answer.headers["X-Cache"]

        async def purged(number):
            await wait_until(lambda: (position := _position(cache)) and int(position[1]) >= number)

        await purged(2)
        for name in names:
            assert await shown(name) == (50, "MISS")
            assert await shown(name) == (50, "HIT")
        proxy.kill()
        service.set_alias("shop/moved", second)
        assert await shown("shop/moved") == (50, "HIT"), "nobody has told it"
        await asyncio.to_thread(proxy.start)
        await purged(3)
        assert await shown("shop/moved") == (200, "MISS")
        assert await shown("shop/still") == (50, "HIT")
        service.request("DELETE", f"/assets/{second}?force=true")
        await purged(5)
        async with client.get(f"{edge.base}/unsafe/rs:fill:8:8/plain/alias://shop/moved@png") as answer:
            assert answer.status == 404
        feed = service.request("GET", "/purges?after=0")
        assert [purge["source"] for purge in feed.json["purges"]] == [
            "alias://shop/moved", "alias://shop/still", "alias://shop/moved", "alias://shop/moved", f"asset://{second}",
        ]  # fmt: skip
        assert service.request("GET", "/purges?after=9").status == 410
        assert service.request("GET", "/purges", key="").status == 401
        assert proxy.metric("purges_total") > 0


def _position(cache):
    path = cache / "temp" / "mememime-purges"
    return path.read_text().split() if path.exists() else None
