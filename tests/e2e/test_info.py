"""Descriptions of pictures and films by signed URLs."""

import json

import pytest

from mememime_proxy.urls.signature import Signer
from tests.support.films import HEIGHT, WIDTH, container_film, wave
from tests.support.proxy_process import KEY, SALT, ProxyProcess


@pytest.fixture(scope="module")
def service(tmp_path_factory, pictures):
    folder = tmp_path_factory.mktemp("originals")
    (folder / "film.mkv").write_bytes(container_film("mkv"))
    (folder / "sound.wav").write_bytes(wave())
    (folder / "coffee.jpg").write_bytes((pictures / "coffee.jpg").read_bytes())
    (folder / "text.txt").write_text("no picture")
    with ProxyProcess(
        tmp_path_factory.mktemp("service"),
        key=KEY,
        salt=SALT,
        local_filesystem_root=str(folder),
        cache_use="fs",
        cache_fs_root=str(tmp_path_factory.mktemp("cache")),
        fallback_image_path=str(pictures / "coffee.jpg"),
        timeout="30",
    ) as proxy:
        yield proxy


@pytest.fixture
def ask(service, client):
    signer = Signer(((bytes.fromhex(KEY), bytes.fromhex(SALT)),))

    async def get(path, prefix="/info", **headers):
        async with client.get(f"{service.base}{prefix}/{signer.sign(path)}{path}", headers=headers) as answer:
            return answer.status, answer.headers, await answer.read()

    return get


async def test_picture_is_described(ask, service):
    status, headers, body = await ask("/plain/local:///coffee.jpg")
    assert (status, headers["Content-Type"]) == (200, "application/json"), body
    document = json.loads(body)
    assert document["format"] == "jpeg"
    assert document["mime_type"] == "image/jpeg"
    assert document["width"] > 100
    assert headers["Cache-Control"]
    assert headers["X-Content-Type-Options"] == "nosniff"


async def test_pixels_are_described_by_a_confined_worker(ask):
    status, _, body = await ask("/p:4/avg:1/dc:1/bh:4:3/ph:1/c:10:10:sm/a:1/chs:md5/lqip:16/plain/local:///coffee.jpg")
    assert status == 200, body
    document = json.loads(body)
    assert len(document["palette"]) == 4
    assert len(document["perceptual_hash"]) == 16
    assert document["lqip"].startswith("data:image/webp;base64,")
    assert {"average", "dominant_colors", "blurhash", "crop", "alpha", "hashsums"} <= set(document)


async def test_film_is_described(ask):
    status, _, body = await ask("/plain/local:///film.mkv")
    assert status == 200, body
    document = json.loads(body)
    assert (document["width"], document["height"]) == (WIDTH, HEIGHT)
    assert document["video_streams"][0]["codec"] == "h264"
    _, _, body = await ask("/vm:0/d:0/plain/local:///film.mkv")
    assert set(json.loads(body)) == {"size", "format", "mime_type"}


async def test_sound_is_described(ask):
    status, _, body = await ask("/plain/local:///sound.wav")
    assert status == 200, body
    assert json.loads(body)["video_streams"][0]["type"] == "audio"


async def test_description_is_cached_and_validated_like_a_picture(ask):
    _, headers, first = await ask("/plain/local:///film.mkv")
    _, _, second = await ask("/plain/local:///film.mkv")
    assert first == second
    status, _, _ = await ask("/plain/local:///film.mkv", **{"If-None-Match": headers["ETag"]})
    assert status == 304


async def test_signature_of_a_description_is_checked(ask, service, client):
    status, _, _ = await ask("/s:0/plain/local:///film.mkv", prefix="/info/x")
    assert status in (403, 404)
    async with client.get(f"{service.base}/info/unsafe/plain/local:///film.mkv") as answer:
        assert answer.status == 403


async def test_what_is_no_picture_is_refused_and_has_no_fallback(ask):
    status, headers, _ = await ask("/plain/local:///text.txt")
    assert status == 422
    assert "json" not in headers["Content-Type"]
    status, _, _ = await ask("/plain/local:///missing.jpg")
    assert status == 404
