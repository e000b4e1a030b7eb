"""Films and sound as assets: uploaded, inspected, shown by a proxy that reads them by ranges, refused."""

import base64
import hashlib
import json

import pytest

from mememime_proxy.urls import UrlBuilder
from tests.support.films import container_film, film_bytes, make_large_film, number_in, wave
from tests.support.moving import numbers_of
from tests.support.proxy_process import KEY, SALT, ProxyProcess
from tests.support.resource_process import ResourceProcess

TUS = {"Tus-Resumable": "1.0.0"}


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with ResourceProcess(tmp_path_factory.mktemp("resources")) as found:
        yield found


@pytest.fixture(scope="module")
def proxy(tmp_path_factory, service):
    settings = {"key": KEY, "salt": SALT, "development_errors_mode": "1", "original_policy": "strip", "timeout": "30"}
    with ProxyProcess(tmp_path_factory.mktemp("proxy"), **settings, **service.proxy_settings()) as found:
        yield found


@pytest.fixture
def url(proxy):
    return UrlBuilder(proxy.base, key=KEY, salt=SALT)


def put(service, body):
    return service.request("PUT", "/assets", body)


def test_film_becomes_an_asset_with_its_facts(service):
    tags = {"creation_time": "2024-05-06T07:08:09.000000Z", "location": "+52.5+13.4/"}
    body = film_bytes("mp4", sound=True, frames=100, numbers=[0b10101010101010] * 100, tags=tags)
    answer = put(service, body)
    assert answer.status == 201, answer.body
    asset = answer.json
    facts = asset["facts"]
    assert asset["media_type"] == facts["media_type"] == "video/mp4"
    assert (facts["format"], facts["width"], facts["height"]) == ("mp4", 224, 64)
    assert facts["duration_ms"] == pytest.approx(4000, abs=50)
    assert [(each["type"], each["codec"]) for each in facts["streams"]] == [("video", "h264"), ("audio", "aac")]
    assert facts["blurhash"]
    assert facts["dominant_color"].startswith("#")
    assert facts["exif"]["taken"].startswith("2024-05-06T07:08:09")
    assert "52.5" not in json.dumps(asset)


def test_sound_becomes_an_asset_without_sides(service):
    answer = put(service, wave(1.0))
    assert answer.status == 201, answer.body
    facts = answer.json["facts"]
    assert (facts["media_type"], facts["width"], facts["duration_ms"]) == ("audio/vnd.wave", 0, 1000)
    assert [each["type"] for each in facts["streams"]] == ["audio"]


@pytest.mark.parametrize(
    "body",
    [
        container_film("moov-first.mp4")[:3000],
        container_film("mp4")[:2000],
        b"RIFF\xff\0\0\0WAVEfmt " + bytes(100),
        b"#EXTM3U\nfile:///etc/hosts\n",
    ],
)
def test_what_cannot_be_read_is_refused_and_stored_as_nothing(service, body):
    answer = put(service, body)
    assert answer.status == 422, answer.body
    assert service.request("GET", f"/assets/{hashlib.sha256(body).hexdigest()}").json["state"] in ("quarantined",)


def test_film_comes_by_tus_in_parts(service):
    body = container_film("mkv")
    sha256 = base64.b64encode(hashlib.sha256(body).hexdigest().encode()).decode()
    headers = {**TUS, "Upload-Length": str(len(body)), "Upload-Metadata": f"sha256 {sha256}"}
    created = service.request("POST", "/uploads", b"", headers)
    assert created.status == 201, created.body
    path = "/" + created.headers["Location"].split("/", 3)[3]
    for start in (0, 3000):
        part = body[start : 3000 if not start else None]
        headers = {
            **TUS,
            "Upload-Offset": str(start),
            "Content-Type": "application/offset+octet-stream",
        }
        answer = service.request("PATCH", path, part, headers)
        assert answer.status == 204, answer.body
    asset = service.request("GET", f"/assets/{hashlib.sha256(body).hexdigest()}").json
    assert (asset["state"], asset["media_type"]) == ("ready", "video/matroska")


async def get(client, address):
    async with client.get(address) as answer:
        return answer.status, answer.headers, await answer.read()


async def test_asset_and_alias_of_a_film_show_its_frames(client, service, url):
    body = container_film("mp4")
    assert put(service, body).status in (200, 201)
    service.set_alias("films/one", hashlib.sha256(body).hexdigest())
    for source in (f"asset://{hashlib.sha256(body).hexdigest()}", "alias://films/one"):
        status, _, picture = await get(client, url.video_thumbnail_second(0.5).build(source, extension="png"))
        assert status == 200, picture
        assert number_in(picture) == 12


async def test_large_asset_is_read_by_ranges(client, service, proxy, url, tmp_path):
    seconds = make_large_film(str(tmp_path / "large.mp4"), 24 << 20)
    body = (tmp_path / "large.mp4").read_bytes()
    assert put(service, body).status == 201
    before = proxy.metric("source_bytes_total")
    options = url.video_thumbnail_second(seconds // 2).video_thumbnail_keyframes().resize("fill", 320, 180)
    address = options.build(f"asset://{hashlib.sha256(body).hexdigest()}", extension="jpg")
    status, _, picture = await get(client, address)
    assert status == 200, picture
    assert 0 < proxy.metric("source_bytes_total") - before <= 1_000_000


@pytest.mark.parametrize(("name", "media_type"), [("mp4", "video/mp4"), ("mov", "video/quicktime"),
                                                  ("webm", "video/webm"), ("matroska", "video/matroska")])  # fmt: skip
async def test_original_of_a_film_is_given_out_without_its_tags_and_frame_by_frame(
    client, service, url, name, media_type
):
    tags = {"location": "+48.8577+002.295/", "title": "a title", "comment": "48.8577"}
    codec = {"codec": "libvpx-vp9"} if name == "webm" else {"sound": True}
    body = film_bytes(name, frames=30, tags=tags, **codec)
    assert b"48.8577" in body
    put(service, body)
    address = url.raw().build(f"asset://{hashlib.sha256(body).hexdigest()}")
    status, headers, copy = await get(client, address)
    assert (status, headers["Content-Type"]) == (200, media_type), copy
    assert not any(text in copy for text in (b"48.8577", b"a title"))
    assert numbers_of(copy) == list(range(30))
    async with client.get(address, headers={"Range": "bytes=1-3"}) as answer:
        assert (answer.status, await answer.read()) == (206, copy[1:4])


async def test_original_of_a_film_that_cannot_be_copied_is_not_given_out_where_places_are_stripped(
    client, service, url
):
    body = container_film("ts")
    put(service, body)
    status, _, text = await get(client, url.raw().build(f"asset://{hashlib.sha256(body).hexdigest()}"))
    assert status == 403
    assert b"MEMEMIME_ORIGINAL_POLICY" in text
