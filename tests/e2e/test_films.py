"""Films in a folder and in a real S3: frames by signed URLs, what is read for them, what is refused."""

import botocore.session
import pytest

from mememime_proxy.urls import UrlBuilder
from tests.support.films import container_film, make_large_film, number_in, wave
from tests.support.proxy_process import KEY, SALT, ProxyProcess

LARGE = 140 << 20


@pytest.fixture(scope="module")
def large_film(tmp_path_factory):
    """A film of 140 MB, and its seconds."""
    path = tmp_path_factory.mktemp("films") / "large.mp4"
    return path, make_large_film(str(path), LARGE)


@pytest.fixture(scope="module")
def films(tmp_path_factory, s3_server, large_film):
    """A service on a folder and a bucket of films."""
    folder = tmp_path_factory.mktemp("originals")
    (folder / "film.mp4").write_bytes(container_film("mp4"))
    (folder / "film.mkv").write_bytes(container_film("mkv"))
    (folder / "sound.wav").write_bytes(wave())
    (folder / "cut.mp4").write_bytes(container_film("mp4")[:200])
    bucket = s3_server.create_bucket()
    client = botocore.session.Session().create_client(
        "s3",
        endpoint_url=s3_server.endpoint,
        region_name=s3_server.region,
        aws_access_key_id=s3_server.access_key,
        aws_secret_access_key=s3_server.secret_key,
    )
    with large_film[0].open("rb") as body:
        client.put_object(Bucket=bucket, Key="large.mp4", Body=body)
    client.put_object(Bucket=bucket, Key="film.ts", Body=container_film("ts"))
    client.close()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", s3_server.access_key)
        patch.setenv("AWS_SECRET_ACCESS_KEY", s3_server.secret_key)
        with ProxyProcess(
            tmp_path_factory.mktemp("service"),
            key=KEY,
            salt=SALT,
            local_filesystem_root=str(folder),
            use_s3="1",
            s3_endpoint=s3_server.endpoint,
            s3_region=s3_server.region,
            development_errors_mode="1",
            timeout="30",
            download_timeout="20",
        ) as service:
            service.bucket = f"s3://{bucket}"
            yield service


@pytest.fixture
def url(films):
    return UrlBuilder(films.base, key=KEY, salt=SALT)


async def get(client, address):
    async with client.get(address) as answer:
        return answer.status, answer.headers, await answer.read()


@pytest.mark.parametrize(
    ("source", "moment", "number"),
    [("film.mp4", 0.5, 12), ("film.mkv", -0.5, 37), ("film.mp4", "50p", 25), ("film.mkv", 99, 49)],
)
async def test_url_of_a_film_reads_as_that_of_a_picture(client, url, source, moment, number):
    address = url.video_thumbnail_second(moment).resize("fit", 112).build(f"local:///{source}", extension="webp")
    status, headers, body = await get(client, address)
    assert (status, headers["Content-Type"]) == (200, "image/webp"), body
    assert number_in(body) == number
    assert headers["ETag"]
    async with client.get(address, headers={"If-None-Match": headers["ETag"]}) as answer:
        assert answer.status == 304


async def test_film_without_options_is_its_frame_at_one_second(client, url):
    status, headers, body = await get(client, url.build("local:///film.mp4"))
    assert (status, headers["Content-Type"]) == (200, "image/jpeg"), body
    assert number_in(body) == 25


async def test_key_frame_is_the_last_one_before(client, url):
    address = url.video_thumbnail_second(0.7).video_thumbnail_keyframes().build("local:///film.mp4", extension="png")
    assert number_in((await get(client, address))[2]) == 10


@pytest.mark.parametrize("keyframes", [True, False])
async def test_h1_poster_of_a_large_film_in_s3_reads_a_hundredth(client, films, url, large_film, keyframes):
    before, moment = films.metric("source_bytes_total"), large_film[1] // 2 + (0 if keyframes else 0.2)
    options = url.video_thumbnail_second(moment).video_thumbnail_keyframes(keyframes).resize("fill", 320, 180)
    status, headers, body = await get(client, options.build(f"{films.bucket}/large.mp4", extension="jpg"))
    assert (status, headers["Content-Type"]) == (200, "image/jpeg"), body
    read = films.metric("source_bytes_total") - before
    assert 0 < read <= 1_000_000 if keyframes else read <= 3 << 20


async def test_film_in_s3_gives_its_frames(client, films, url):
    address = url.video_thumbnail_second(0).build(f"{films.bucket}/film.ts", extension="png")
    status, _, body = await get(client, address)
    assert status == 200, body
    assert number_in(body) == 0


async def test_sound_is_refused(client, url):
    status, _, body = await get(client, url.build("local:///sound.wav", extension="png"))
    assert status == 422
    assert b"no moving pictures" in body


async def test_broken_film_is_refused_and_costs_no_worker(client, films, url):
    status, _, body = await get(client, url.build("local:///cut.mp4", extension="png"))
    assert status == 422, body
    assert films.metric('worker_restarts_total{reason="sigsegv"}') == 0


async def test_workers_for_films_are_processes_of_their_own(client, films, url):
    await get(client, url.video_thumbnail_second(0.1).build("local:///film.mp4"))
    assert films.metric("film_workers_ready") >= 1
    assert len(films._named("mememime-zygote")) == 2


async def test_films_that_are_switched_off_are_refused(client, tmp_path):
    (tmp_path / "originals").mkdir()
    (tmp_path / "originals" / "film.mp4").write_bytes(container_film("mp4"))
    with ProxyProcess(
        tmp_path / "service",
        key=KEY,
        salt=SALT,
        local_filesystem_root=str(tmp_path / "originals"),
        development_errors_mode="1",
        enable_video_thumbnails="0",
    ) as service:
        status, _, body = await get(client, UrlBuilder(service.base, key=KEY, salt=SALT).build("local:///film.mp4"))
    assert status == 422
    assert b"MEMEMIME_ENABLE_VIDEO_THUMBNAILS" in body
