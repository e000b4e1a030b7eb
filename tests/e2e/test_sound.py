"""Sound by signed URLs of a real service: files, loudness, waveforms, covers, ranges, and what is refused."""

import json

import pytest
import pyvips

from mememime_proxy.av.sound.cover import Cover
from mememime_proxy.av.sound.encoding import SoundTags, encode_sound
from mememime_proxy.av.sound.outputs import OUTPUTS
from mememime_proxy.urls import UrlBuilder
from tests.support.films import film_bytes
from tests.support.proxy_process import KEY, SALT, ProxyProcess
from tests.support.sounds import click_times, container_sound, decode, tone

SOURCES = {"talk.m4a": "m4a", "talk.flac": "flac", "talk.webm": "webm"}


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """A service on a folder of sound."""
    folder = tmp_path_factory.mktemp("originals")
    for name, container in SOURCES.items():
        (folder / name).write_bytes(container_sound(container))
    cover = (pyvips.Image.black(64, 48) + 90).cast("uchar").jpegsave_buffer()
    tags = SoundTags(cover=Cover(cover, "jpeg", 64, 48))
    song = encode_sound(iter([tone(1)]), OUTPUTS["mp3"], rate=48000, layout="stereo", tags=tags)
    (folder / "song.mp3").write_bytes(song)
    (folder / "silent.mp4").write_bytes(film_bytes(frames=5))
    with ProxyProcess(
        tmp_path_factory.mktemp("service"),
        key=KEY,
        salt=SALT,
        local_filesystem_root=str(folder),
        development_errors_mode="1",
        timeout="30",
    ) as running:
        yield running


@pytest.fixture
def get(client, service):
    """Get a result by options, source and extension."""
    builder = UrlBuilder(service.base, KEY, SALT)

    async def get(options, source, **headers):
        async with client.get(builder.sign(f"{options}/plain/local:///{source}"), headers=headers) as answer:
            return answer.status, answer.headers, await answer.read()

    return get


@pytest.mark.parametrize(
    ("extension", "mime"),
    [("opus", "audio/ogg"), ("m4a", "audio/mp4"), ("mp3", "audio/mpeg"), ("flac", "audio/flac"), ("wav", "audio/wav")],
)
@pytest.mark.parametrize("source", ["talk.m4a", "talk.webm"])
async def test_sound_has_its_clicks_and_its_type(get, extension, mime, source):
    status, headers, body = await get("tc:1.5:4", f"{source}@{extension}")
    assert (status, headers["Content-Type"]) == (200, mime), body[:300]
    samples, rate = decode(body)
    assert samples.shape[1] == 4 * rate
    assert click_times(samples, rate, 0.1) == pytest.approx([0.5, 1.5, 2.5, 3.5], abs=0.001)


async def test_loudness_is_measured_once(get, service):
    first = await get("ln:-20:-1", "talk.m4a@opus")
    second = await get("ln:-20:-1/ach:1", "talk.m4a@opus")
    assert first[0] == second[0] == 200
    assert first[2] != second[2]


async def test_answer_is_cached_and_has_ranges(get):
    status, headers, body = await get("ab:64", "talk.flac@opus")
    assert status == 200
    status, part_headers, part = await get("ab:64", "talk.flac@opus", Range="bytes=100-199")
    assert (status, part) == (206, body[100:200])
    assert part_headers["ETag"] == headers["ETag"]
    status, _, _ = await get("ab:64", "talk.flac@opus", **{"If-None-Match": headers["ETag"]})
    assert status == 304


async def test_waveform_and_pictures(get):
    status, headers, body = await get("wf:512", "talk.flac@json")
    assert (status, headers["Content-Type"]) == (200, "application/json"), body[:300]
    assert json.loads(body)["length"] == -(-round(12.3 * 44100) // 512)
    for options, extension, size in (
        ("wf:0/w:300/h:60", "png", (300, 60)),
        ("wf:0/bg:255:255:255", "svg", (800, 200)),
        ("sg:1/w:320/h:160", "png", (320, 160)),
    ):
        status, headers, body = await get(options, f"talk.m4a@{extension}")
        assert status == 200, body[:300]
        assert headers["Content-Type"].startswith("image/")
        image = pyvips.Image.new_from_buffer(body, "")
        assert (image.width, image.height) == size


async def test_cover_is_a_picture_like_any_other(get):
    status, headers, body = await get("rs:fill:30:30", "song.mp3@webp")
    assert (status, headers["Content-Type"]) == (200, "image/webp"), body
    image = pyvips.Image.new_from_buffer(body, "")
    assert (image.width, image.height) == (30, 30)
    status, _, body = await get("rs:fill:30:30", "talk.m4a@webp")
    assert status == 422
    assert b"no cover" in body


@pytest.mark.parametrize(
    ("options", "source", "text"),
    [
        ("vol:0", "silent.mp4@mp3", b"no sound"),
        ("trk:7", "talk.m4a@mp3", b"track 7"),
        ("asr:44100", "talk.m4a@opus", b"44100"),
        ("ab:96", "talk.m4a@flac", b"loss"),
        ("tc:99:5", "talk.m4a@mp3", b"after the end"),
    ],
)
async def test_refusals_say_what_is_wrong(get, options, source, text):
    status, _, body = await get(options, source)
    assert status == 422, body
    assert text in body
