import os

import pytest

from mememime_proxy.errors import SettingsError
from mememime_proxy.proxy.variants import auxiliary_images
from tests.support.raw_server import raw_server, says, sources

PICTURE = b"not really a picture"


async def load(it, data=b"", path="", url=""):
    return await auxiliary_images.load(it, "watermark", data, str(path), url)


async def test_nothing_is_set():
    async with sources() as it:
        assert await load(it) is None


async def test_data_comes_before_a_path_and_a_path_before_a_url(tmp_path):
    file = tmp_path / "mark.png"
    file.write_bytes(PICTURE)
    served = says(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nweb")
    async with raw_server(served) as (port, seen), sources() as it:
        url = f"http://name.example:{port}/mark.png"
        assert await load(it, b"data", file, url) == b"data"
        assert await load(it, b"", file, url) == PICTURE
        assert not seen
        assert await load(it, b"", "", url) == b"web"


async def test_a_url_may_lead_to_the_local_root(tmp_path):
    (tmp_path / "mark.png").write_bytes(PICTURE)
    async with sources(local_root=str(tmp_path)) as it:
        assert await load(it, url="local:///mark.png") == PICTURE


@pytest.mark.parametrize("kind", ["absent", "empty", "folder", "fifo", "endless"])
async def test_a_path_without_a_picture_stops_the_start(tmp_path, kind):
    path = tmp_path / "mark.png"
    match kind:
        case "empty":
            path.touch()
        case "folder":
            path.mkdir()
        case "fifo":
            os.mkfifo(path)
        case "endless":
            path = "/dev/zero"
    async with sources() as it:
        with pytest.raises(SettingsError, match=r"MEMEMIME_WATERMARK_PATH: found .*expected"):
            await load(it, path=path)


@pytest.mark.parametrize(
    "answer",
    [b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", b"HTTP/1.1 304 Not Modified\r\n\r\n",
     b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", b""],
    ids=["404", "304", "empty", "short", "nothing"],
)  # fmt: skip
async def test_a_url_without_a_picture_stops_the_start(answer):
    async with raw_server(says(answer)) as (port, _), sources() as it:
        with pytest.raises(SettingsError, match="MEMEMIME_WATERMARK_URL: found"):
            await load(it, url=f"http://name.example:{port}/mark.png")


async def test_a_url_that_is_none_stops_the_start():
    async with sources() as it:
        with pytest.raises(SettingsError, match="MEMEMIME_WATERMARK_URL"):
            await load(it, url="mark.png")
