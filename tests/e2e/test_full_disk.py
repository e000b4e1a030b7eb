"""A disk that is really full: bytes of assets, the spool or the database are on a small tmpfs."""

import asyncio
import os

import pytest

from mememime_proxy.urls import UrlBuilder
from tests.support.crash_trials import digest, sound
from tests.support.mounts import MIB, small_disk
from tests.support.numbered_png import numbered_png
from tests.support.proxy_process import KEY, SALT, ProxyProcess
from tests.support.resource_process import ResourceProcess
from tests.support.waiting import wait_until

__all__ = ["small_disk"]


def put(service, body):
    return service.request("PUT", "/assets", body, {"Content-Type": "image/png"})


@pytest.mark.promise("G4")
@pytest.mark.parametrize("what", ["assets", "spool", "database"])
def test_full_disk_leaves_nothing_partial_and_recovers(small_disk, tmp_path, what):
    settings = {
        "assets": {"assets_storage": str(small_disk / "assets")},
        "spool": {"spool_path": str(small_disk)},
        "database": {"database_url": f"sqlite:///{small_disk}/resources.db"},
    }[what]
    filler = small_disk / "filler"
    with ResourceProcess(tmp_path / "service", **settings) as service:
        images = [numbered_png(number, MIB // 2) for number in range(3)]
        assert [put(service, body).status for body in images] == [201] * 3
        with filler.open("wb") as file:
            left = os.statvfs(small_disk)
            file.write(b"x" * (left.f_bavail * left.f_bsize))
        refused = numbered_png(99, 2 * MIB)
        for _ in range(3):
            answer = put(service, refused)
            assert answer.status == 507, answer
        assert service.request("POST", "/assets/exists", {"sha256": [digest(refused)]}).json["present"] == []
        assert service.request("GET", f"/assets/{digest(refused)}/content").status in {404, 409}
        assert service.request("GET", "/health").status == 200
        for body in images:
            content = service.request("GET", f"/assets/{digest(body)}/content")
            assert (content.status, content.body) == (200, body), "reading goes on"
        filler.unlink()
        assert put(service, refused).status == 201
        assert service.request("GET", f"/assets/{digest(refused)}/content").body == refused
        service.restart()
        assert [service.request("GET", f"/assets/{digest(body)}").status for body in (*images, refused)] == [200] * 4
        assert not sound(service).differences


async def test_full_store_of_variants_is_one_line_in_the_log(small_disk, client, pictures, tmp_path):
    settings = {"local_filesystem_root": str(pictures), "cache_use": "fs", "cache_fs_root": str(small_disk / "store")}
    with ProxyProcess(tmp_path / "proxy", key=KEY, salt=SALT, **settings) as proxy:
        with (small_disk / "filler").open("wb") as file:
            left = os.statvfs(small_disk)
            file.write(b"x" * (left.f_bavail * left.f_bsize))
        url = UrlBuilder(proxy.base, key=KEY, salt=SALT)
        for width in range(20, 40):
            async with client.get(url.width(width).build("local:///coffee.jpg", "png")) as answer:
                assert answer.status == 200, "pictures are served without the store"
        failed = 'store_errors_total{operation="put"}'
        await wait_until(lambda: asyncio.to_thread(lambda: proxy.metric(failed) >= 20))
        lines = [line for line in proxy.lines() if line.get("event") == "cache.operation_failed"]
        assert [line["operation"] for line in lines] == ["put"]
