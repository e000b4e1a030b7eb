"""Derivatives of films in real processes: a job makes a file of segments, and goes on where a worker ends."""

import pytest
from yarl import URL

from mememime_proxy.av.film_facts import decode_facts
from mememime_proxy.urls import UrlBuilder
from tests.support.films import film_bytes
from tests.support.job_process import JobWorkerProcess
from tests.support.malformed_images import png
from tests.support.proxy_process import KEY, SALT, ProxyProcess
from tests.support.resource_process import ADMIN_KEY, ResourceProcess
from tests.support.sounds import container_sound
from tests.support.stream_film import numbers_in
from tests.support.waiting import wait_until

OPTIONS = "ld:64/es:9"
FRAMES = 650
"""26 seconds: two parts, and the file."""


@pytest.fixture
def common(tmp_path):
    """Settings that all services share."""
    return {
        "cache_use": "fs",
        "cache_fs_root": str(tmp_path / "store"),
        "assets_storage": str(tmp_path / "assets"),
        "resources_api_key": ADMIN_KEY,
        "database_url": f"sqlite:///{tmp_path}/jobs.sqlite",
    }


def worker(folder, common, service):
    settings = {name: value for name, value in common.items() if name != "database_url"}
    return JobWorkerProcess(
        folder, common["database_url"], "mememime_proxy", workers="1", av_workers="1", graceful_stop_timeout="1",
        job_concurrency="1", resources_url=service.base, **settings,
    )  # fmt: skip


async def get(client, url, **headers):
    async with client.get(URL(url, encoded=True), headers=headers) as response:
        return response.status, response.headers, await response.read()


async def test_job_goes_on_in_another_worker_and_makes_a_file_that_is_served_by_ranges(client, common, tmp_path):
    with ResourceProcess(tmp_path / "resources", **common) as service:
        film = service.upload(film_bytes("mp4", frames=FRAMES, sound=True))
        path = f"/assets/{film}/derivatives"
        created = service.request("POST", path, {"options": OPTIONS})
        assert created.status == 202, created.body
        job = created.json["id"]
        assert created.headers["Location"] == f"/jobs/{job}"
        assert created.json["chunks"]["total"] == 3

        def store():
            return [each for each in (tmp_path / "store").rglob("*") if each.is_file()]

        with worker(tmp_path / "a", common, service) as first:
            # Two playlists, a header and a segment: it is in the middle of the next one.
            await wait_until(lambda: len(store()) >= 4)
            first.kill()
        with worker(tmp_path / "b", common, service):
            await wait_until(lambda: service.request("GET", f"/jobs/{job}").json["state"] == "done", 120)
        found = service.request("GET", f"/jobs/{job}").json
        assert (found["losses"], found["chunks"]["done"], found["items"]["done"]) == (1, 3, 3)
        (derivative,) = service.request("GET", path).json["derivatives"]
        assert (derivative["options"], derivative["format"], derivative["job"]["id"]) == (OPTIONS, "mp4", job)
        again = service.request("POST", path, {"options": OPTIONS})
        assert (again.status, again.json["id"]) == (202, job)
        asset = service.request("GET", f"/assets/{derivative['asset']}").json
        assert (asset["state"], asset["media_type"]) == ("ready", "video/mp4")
        settings = {name: value for name, value in common.items() if name != "database_url"}
        with ProxyProcess(tmp_path / "proxy", key=KEY, salt=SALT, resources_url=service.base, **settings) as proxy:
            url = UrlBuilder(proxy.base, key=KEY, salt=SALT)
            raw = url.raw().build(f"asset://{derivative['asset']}")
            status, _, body = await get(client, raw)
            assert status == 200
            assert numbers_in(body) == list(range(FRAMES))
            status, _, part = await get(client, raw, Range="bytes=4-7")
            assert (status, part) == (206, b"ftyp")
            segment = url.sign(f"/{OPTIONS}/plain/asset://{film}@m3u8") + "/~/64/3.m4s"
            status, _, body = await get(client, segment)
            assert (status, body[4:8]) == (200, b"moof")
            assert proxy.metric('request_span_duration_seconds_count{span="media"}') == 0


async def test_upload_rule_fills_a_stream_in_advance_and_films_of_its_files_are_not_made_again(
    client, common, tmp_path
):
    rules = {"av_on_upload": "ld:64@m3u8,ld:64@mp4"}
    with ResourceProcess(tmp_path / "resources", **common, **rules) as service:
        film = service.upload(film_bytes("mp4", frames=60, sound=True))
        sound = service.upload(film_bytes("mp4", frames=30))
        with worker(tmp_path / "a", common, service):

            def states(sha256):
                listed = service.request("GET", f"/assets/{sha256}/derivatives").json["derivatives"]
                return sorted((each["format"], each["job"]["state"], "asset" in each) for each in listed)

            expected = [("m3u8", "done", False), ("mp4", "done", True)]
            await wait_until(lambda: states(film) == states(sound) == expected, 120)
        assert len(service.request("GET", "/jobs?kind=derivative").json["jobs"]) == 4


async def test_loudness_is_measured_after_an_upload_and_changes_no_byte(client, common, tmp_path):
    with ResourceProcess(tmp_path / "resources", **common, av_on_upload="loudness") as service:
        film, picture = service.upload(container_sound("mkv")), service.upload(png())
        known = service.request("GET", f"/assets/{film}/film-facts")
        assert (known.status, decode_facts(known.body).loudness) == (200, {})
        assert service.request("GET", f"/assets/{picture}/film-facts").status == 404
        settings = {name: value for name, value in common.items() if not name.startswith(("database", "cache"))}
        options = f"/ln:-30:-3/plain/asset://{film}@opus"

        async def sound(folder):
            with ProxyProcess(folder, key=KEY, salt=SALT, resources_url=service.base, **settings) as proxy:
                url = UrlBuilder(proxy.base, key=KEY, salt=SALT)
                status, _, body = await get(client, url.sign(options))
                assert status == 200
                return body

        expected = await sound(tmp_path / "before")
        with worker(tmp_path / "a", common, service):
            await wait_until(lambda: decode_facts(service.request("GET", f"/assets/{film}/film-facts").body).loudness)
        (job,) = service.request("GET", "/jobs?kind=loudness").json["jobs"]
        assert job["items"]["done"] == 1
        assert await sound(tmp_path / "after") == expected


def test_what_cannot_be_made_is_refused(tmp_path):
    with ResourceProcess(tmp_path) as service:
        film = service.upload(film_bytes("mp4", frames=5))
        path = f"/assets/{film}/derivatives"
        for options, text in (
            ("ld:720:360", "ladder with one height"),
            ("", "ladder with one height"),
            ("ld:copy", "ladder with one height"),
            ("ld:720/tc:1:2", "clip"),
            ("ld:720/x:1", "x"),
        ):
            answer = service.request("POST", path, {"options": options})
            assert answer.status == 400, answer.body
            assert text in answer.json["detail"]
        png = service.request("POST", f"/assets/{'0' * 64}/derivatives", {"options": "ld:720"})
        assert png.status == 404
