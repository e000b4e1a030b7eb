"""Moving pictures by signed URLs in a real service: films as films and animated pictures, and the other way round."""

import io

import pytest
from PIL import Image

from mememime_proxy.urls import UrlBuilder
from tests.support.films import container_film, film_bytes
from tests.support.moving import frames_of, number_of, numbers_of
from tests.support.proxy_process import KEY, SALT, ProxyProcess


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """A service on a folder."""
    folder = tmp_path_factory.mktemp("originals")
    (folder / "film.mkv").write_bytes(container_film("mkv"))
    (folder / "sound.mp4").write_bytes(film_bytes("mp4", sound=True))
    frames = [Image.new("RGB", (64, 48), color) for color in ((200, 30, 30), (30, 200, 30), (30, 30, 200))]
    frames[0].save(folder / "moving.gif", save_all=True, append_images=frames[1:], duration=100, loop=0)
    frames[0].save(folder / "still.png")
    options = {"key": KEY, "salt": SALT, "local_filesystem_root": str(folder), "development_errors_mode": "1"}
    with ProxyProcess(tmp_path_factory.mktemp("service"), timeout="30", **options) as process:
        yield process


async def get(client, address):
    async with client.get(address) as answer:
        return answer.status, answer.headers, await answer.read()


@pytest.fixture
def url(service):
    return UrlBuilder(service.base, key=KEY, salt=SALT)


@pytest.mark.parametrize(("extension", "mime"), [("mp4", "video/mp4"), ("webm", "video/webm")])
async def test_short_film(client, url, extension, mime):
    address = (
        url.option("clip", 0.4, 1).option("width", 112).option("es", 9).build("local:///film.mkv", extension=extension)
    )
    status, headers, body = await get(client, address)
    assert (status, headers["Content-Type"]) == (200, mime), body[:300]
    assert numbers_of(body) == list(range(10, 35))
    assert frames_of(body)[0].shape == (32, 112, 3)
    async with client.get(address, headers={"Range": "bytes=0-99"}) as answer:
        assert (answer.status, await answer.read()) == (206, body[:100])


async def test_short_film_with_sound_and_copied(client, url):
    for options in ({"vc": "copy"}, {"ac": "opus"}):
        builder = url
        for name, value in options.items():
            builder = builder.option(name, value)
        status, _, body = await get(client, builder.build("local:///sound.mp4", extension="mp4"))
        assert status == 200, body[:300]
        assert numbers_of(body) == list(range(50))


@pytest.mark.parametrize("extension", ["webp", "gif", "avif", None])
async def test_animated_picture_of_a_film(client, url, extension):
    address = (
        url.option("clip", 0.4, 1).option("fps", 5).option("width", 112).build("local:///film.mkv", extension=extension)
    )
    status, headers, body = await get(client, address)
    assert (status, headers["Content-Type"]) == (200, f"image/{extension or 'webp'}"), body[:300]
    with Image.open(io.BytesIO(body)) as image:
        assert (image.size, image.n_frames) == ((112, 32), 5)


async def test_single_frames_of_a_film(client, url):
    address = url.option("vts", 0).option("vta", -1, 100, 4, 112, 32).build("local:///film.mkv", extension="webp")
    status, _, body = await get(client, address)
    assert status == 200, body[:300]
    with Image.open(io.BytesIO(body)) as image:
        assert (image.size, image.n_frames) == ((112, 32), 4)


@pytest.mark.parametrize("extension", ["mp4", "webm"])
async def test_film_of_an_animated_picture(client, url, extension):
    status, headers, body = await get(client, url.option("width", 32).build("local:///moving.gif", extension=extension))
    assert (status, headers["Content-Type"]) == (200, f"video/{extension}"), body[:300]
    frames = frames_of(body)
    assert [int(pixels.mean(axis=(0, 1)).argmax()) for pixels in frames] == [0, 1, 2]
    assert frames[0].shape == (24, 32, 3)


async def test_what_does_not_move_is_refused(client, url):
    status, _, body = await get(client, url.build("local:///still.png", extension="mp4"))
    assert (status, b"neither a film nor an animation" in body) == (422, True), body[:300]
    status, _, body = await get(client, url.option("sharpen", 1).build("local:///film.mkv", extension="mp4"))
    assert status in (404, 422), body[:300]
    assert b"sharpen" in body
    assert number_of(frames_of((await get(client, url.build("local:///film.mkv", extension="mp4")))[2])[7]) == 7
