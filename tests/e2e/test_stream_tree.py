"""The tree of a stream over HTTP: redirect, media types, CORS, NGINX in front, and ffprobe as a client."""

import asyncio
import io
import itertools
import json
import shutil
import subprocess

import aiohttp
import pytest
from PIL import Image
from yarl import URL

from mememime_proxy.urls import UrlBuilder
from tests.support.child_process import missing
from tests.support.films import film_bytes
from tests.support.nginx_server import NginxServer, cache_folder
from tests.support.proxy_process import KEY, SALT, ProxyProcess
from tests.support.waiting import wait_until

FRAMES = 130
PATH = "/ld:120/sd:2/plain/local:///film.mp4@{}"


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    folder = tmp_path_factory.mktemp("originals")
    (folder / "film.mp4").write_bytes(film_bytes("mp4", frames=FRAMES, sound=True))
    return folder


def proxy_of(originals, folder):
    settings = {"timeout": "60", "download_timeout": "50", "av_timeout": "60"}
    return ProxyProcess(folder, key=KEY, salt=SALT, local_filesystem_root=str(originals), **settings)


@pytest.fixture(scope="module")
def edge(originals, tmp_path_factory):
    with (
        proxy_of(originals, tmp_path_factory.mktemp("service")) as service,
        cache_folder() as cache,
        NginxServer([service], cache=cache) as nginx,
    ):
        yield nginx


async def fetch(*urls, **more):
    """The responses with their bodies, in order."""
    found = []
    async with aiohttp.ClientSession() as client:
        for url in urls:
            async with client.get(URL(url, encoded=True), **more) as response:
                found.append((response.status, response.headers, await response.read()))
    return found


def tree(edge, extension="m3u8"):
    return UrlBuilder(edge.base, key=KEY, salt=SALT).sign(PATH.format(extension))


@pytest.mark.parametrize(("extension", "first"), [("m3u8", "master.m3u8"), ("mpd", "manifest.mpd")])
def test_signed_url_redirects_to_the_first_playlist(edge, extension, first):
    ((status, headers, _),) = asyncio.run(fetch(tree(edge, extension), allow_redirects=False))
    assert (status, headers["Location"]) == (301, f"./film.mp4@{extension}/~/{first}")
    assert headers["Access-Control-Allow-Origin"] == "*"


def test_second_request_of_each_member_is_a_hit_of_nginx(edge):
    types = {
        "master.m3u8": "application/vnd.apple.mpegurl",
        "manifest.mpd": "application/dash+xml",
        "120/v.m3u8": "application/vnd.apple.mpegurl",
        "120/init.mp4": "video/mp4",
        "120/1.m4s": "video/mp4",
        "a/init.mp4": "audio/mp4",
        "a/1.m4s": "audio/mp4",
    }
    urls = [f"{tree(edge)}/~/{name}" for name in types]
    first, second = (asyncio.run(fetch(*urls)) for _ in range(2))
    for media_type, (status, headers, body), (_, again, same) in zip(types.values(), first, second, strict=True):
        assert (status, headers["Content-Type"]) == (200, media_type)
        assert headers["Access-Control-Allow-Origin"] == "*"
        assert (again["X-Cache"], same) == ("HIT", body)
    ((status, headers, part),) = asyncio.run(fetch(urls[4], headers={"Range": "bytes=4-7"}))
    assert (status, part, headers["X-Cache"]) == (206, b"moof", "HIT")


async def test_segment_after_the_one_that_was_asked_for_is_made_in_advance(originals, tmp_path):
    with proxy_of(originals, tmp_path) as service:

        def made():
            return service.metric('request_span_duration_seconds_count{span="media"}')

        signed = UrlBuilder(service.base, key=KEY, salt=SALT).sign("/ld:120/sd:3/plain/local:///film.mp4@m3u8")
        await fetch(f"{signed}/~/a/0.m4s")
        await wait_until(lambda: made() == 2)
        ((status, _, body),) = await fetch(f"{signed}/~/a/1.m4s")
        assert (status, body[4:8]) == (200, b"moof")
        assert made() == 2, "the request for the second and last one begins no work of its own"


@pytest.mark.parametrize("extension", ["vtt", "m3u8"])
def test_storyboard_names_the_tiles_of_its_sheets(edge, extension):
    """PyAV's frames have 25 a second: 5.2 seconds, a tile a second, two rows of two on a sheet."""
    signed = UrlBuilder(edge.base, key=KEY, salt=SALT).sign(f"/sb:1:64:0:2:2/plain/local:///film.mp4@{extension}")
    ((status, headers, text),) = asyncio.run(fetch(f"{signed}/~/storyboard.vtt"))
    assert (status, headers["Content-Type"]) == (200, "text/vtt; charset=utf-8")
    assert headers["Access-Control-Allow-Origin"] == "*"
    sheets = [line.partition("#")[0] for line in text.decode().splitlines() if ".jpg" in line]
    assert sheets == ["sb/0.jpg"] * 4 + ["sb/1.jpg"] * 2
    found = asyncio.run(fetch(*(f"{signed}/~/sb/{number}.jpg" for number in range(3))))
    assert [(status, headers["Content-Type"]) for status, headers, _ in found[:2]] == [(200, "image/jpeg")] * 2
    assert found[2][0] == 404
    assert [Image.open(io.BytesIO(body)).width for *_, body in found[:2]] == [128, 128]
    if extension == "vtt":
        ((status, headers, _),) = asyncio.run(fetch(signed, allow_redirects=False))
        assert (status, headers["Location"]) == (301, "./film.mp4@vtt/~/storyboard.vtt")


def test_members_that_were_not_signed_are_not_found(edge):
    names = ("240/0.m4s", "120/3.m4s", "120/03.m4s", "copy/v.m3u8", "x", "")
    assert {status for status, *_ in asyncio.run(fetch(*(f"{tree(edge)}/~/{name}" for name in names)))} == {404}


@pytest.mark.parametrize(("extension", "first"), [("m3u8", "master.m3u8")])
def test_ffprobe_counts_the_frames_and_ffmpeg_has_no_complaint(edge, extension, first):
    if shutil.which("ffprobe") is None:
        raise missing("ffprobe is missing: apt-get install ffmpeg")
    url = f"{tree(edge, extension)}/~/{first}"
    probe = subprocess.run(
        ["ffprobe", "-v", "warning", "-count_packets", "-show_streams", "-show_entries", "packet=pts,stream_index",
         "-of", "json", url],
        capture_output=True, check=True, timeout=100,
    )  # fmt: skip
    found = json.loads(probe.stdout)
    video, sound = sorted(found["streams"], key=lambda stream: stream["codec_type"], reverse=True)
    assert (video["codec_name"], sound["codec_name"]) == ("h264", "aac")
    assert int(video["nb_read_packets"]) == FRAMES
    assert float(video["start_time"]) == float(sound["start_time"]) == 0
    times = sorted(each["pts"] for each in found["packets"] if each["stream_index"] == video["index"])
    assert len({after - before for before, after in itertools.pairwise(times)}) == 1
    decoded = subprocess.run(
        ["ffmpeg", "-v", "warning", "-i", url, "-f", "null", "-"], capture_output=True, check=True, timeout=100
    )
    assert decoded.stderr.decode() == ""
