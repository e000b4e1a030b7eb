"""Results of films and sound by signed URLs: the samples and the pages about them, ranges, refusals, the player."""

import re
from pathlib import Path

import pytest

from mememime_proxy.av.results import MAKERS
from mememime_proxy.formats.outputs import OUTPUTS, OutputKind
from mememime_proxy.urls import UrlBuilder
from tests.support.films import film_bytes
from tests.support.proxy_process import KEY, SALT, ProxyProcess
from tests.support.url_strategies import unsigned

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "config" / "samples"
PATHS = [
    path
    for page in ("video", "sound")
    for path in re.findall(r"^\| `/(\S+)` \|", (ROOT / "docs" / f"{page}.md").read_text("utf-8"), re.MULTILINE)
]


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    with ProxyProcess(
        tmp_path_factory.mktemp("service"),
        key=KEY,
        salt=SALT,
        local_filesystem_root=str(SAMPLES),
        development_errors_mode="1",
        player_page="1",
        av_timeout="60",
        cache_use="fs",
        cache_fs_root=str(tmp_path_factory.mktemp("store")),
    ) as service:
        yield service


@pytest.fixture
def url(media):
    return UrlBuilder(media.base, key=KEY, salt=SALT)


async def get(client, address, **headers):
    async with client.get(address, headers=headers) as answer:
        return answer.status, answer.headers, await answer.read()


@pytest.mark.parametrize("path", PATHS)
async def test_example_of_the_documentation_is_served(client, url, path):
    plan = unsigned().parse(f"/_/{path}")
    if plan.output_kind is not None and plan.output_kind not in MAKERS:
        pytest.skip(f"{plan.output_kind} is not made")
    status, headers, body = await get(client, url.sign(path))
    assert status == 200, body
    name = plan.format
    assert headers["Content-Type"] == (
        OUTPUTS[name].mime if name in OUTPUTS else f"image/{name}".replace("svg", "svg+xml")
    )
    assert len(body) > 200


async def test_sound_has_validator_ranges_and_is_kept(client, media, url):
    address = url.clip(1, 2).build("local:///music.flac", "opus")
    status, headers, body = await get(client, address)
    assert (status, headers["Accept-Ranges"], body[:4]) == (200, "bytes", b"OggS")
    jobs = media.metric("film_jobs_total")
    status, part_headers, part = await get(client, address, Range="bytes=100-199")
    assert (status, part, part_headers["ETag"]) == (206, body[100:200], headers["ETag"])
    assert part_headers["Content-Range"] == f"bytes 100-199/{len(body)}"
    assert (await get(client, address, Range=f"bytes={len(body)}-"))[0] == 416
    assert (await get(client, address, Range="bytes=0-1", **{"If-Range": '"other"'}))[0] == 200
    assert (await get(client, address, **{"If-None-Match": headers["ETag"]}))[0] == 304
    assert media.metric("film_jobs_total") == jobs


async def test_option_that_sound_cannot_obey_is_refused_by_its_name(client, url):
    status, _, body = await get(client, url.width(100).build("local:///music.flac", "mp3"))
    assert status == 404
    assert b"width: results of the kind sound cannot obey this option" in body


async def test_picture_is_neither_film_nor_sound(client, url):
    status, _, body = await get(client, url.build("local:///coffee.jpg", "mp3"))
    assert status == 422
    assert b"neither a film nor sound" in body


async def test_facts_of_a_film_are_looked_for_once(client, url):
    first = await get(client, url.info("local:///film.mp4"))
    again = await get(client, url.info("local:///film.mp4", format=False))
    assert (first[0], again[0]) == (200, 200)
    assert b'"width":640' in again[2]


async def test_player_and_its_files_are_served(client, media):
    status, headers, body = await get(client, f"{media.base}/player?src=/x")
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "script-src 'self'" in headers["Content-Security-Policy"]
    for script in re.findall(r'src="(player/[^"]+)"', body.decode()):
        status, headers, content = await get(client, f"{media.base}/{script}")
        assert (status, headers["Content-Type"]) == (200, "text/javascript; charset=utf-8")
        assert content


async def test_result_that_takes_too_long_or_has_another_codec_is_refused_before_it_begins(client, tmp_path):
    (tmp_path / "originals").mkdir()
    (tmp_path / "originals" / "film.mp4").write_bytes(film_bytes(sound=True))
    with ProxyProcess(
        tmp_path / "service",
        key=KEY,
        salt=SALT,
        local_filesystem_root=str(tmp_path / "originals"),
        development_errors_mode="1",
        av_speed="0.0001",
        av_codecs="h264,aac,opus",
    ) as service:
        url = UrlBuilder(service.base, key=KEY, salt=SALT)
        status, headers, body = await get(client, url.build("local:///film.mp4", "opus"))
        assert (status, headers.get("Link")) == (422, None), "a stream would show more than the sound"
        assert b"film.too_long" in body
        status, _, body = await get(client, url.build("local:///film.mp4", "mp3"))
        assert status == 422
        assert b"MEMEMIME_AV_CODECS" in body
        if OutputKind.VIDEO in MAKERS:
            status, headers, body = await get(client, url.height(32).build("local:///film.mp4", "mp4"))
            assert status == 422, body
            link = re.fullmatch(r'<(/\S+)>; rel="alternate"; type="application/vnd.apple.mpegurl"', headers["Link"])
            assert link[1].endswith("/ld:32/plain/local:///film.mp4@m3u8")
