"""Signed URLs in, pictures out: formats, headers, conditions, errors."""

import io
import socket

import pytest
import pyvips
from PIL import Image

from tests.support.damage_samples import FILES, HEIGHT, WIDTH
from tests.support.waiting import wait_until


async def get(client, address, **headers):
    async with client.get(address, headers=headers) as answer:
        return answer.status, answer.headers, await answer.read()


def opened(body):
    return Image.open(io.BytesIO(body))


@pytest.mark.parametrize(
    "source", ["dandelion.jpg", "cut.png", "cut.webp", "cut.avif", "cut.tiff", "moving.gif", "drawing.svg"]
)
@pytest.mark.parametrize(
    ("extension", "mime", "pil"),
    [
        ("jpg", "image/jpeg", "JPEG"),
        ("png", "image/png", "PNG"),
        ("webp", "image/webp", "WEBP"),
        ("gif", "image/gif", "GIF"),
        ("avif", "image/avif", "AVIF"),
        ("tiff", "image/tiff", "TIFF"),
        ("bmp", "image/bmp", "BMP"),
        ("ico", "image/x-icon", "ICO"),
    ],
)
async def test_every_format_converts_to_every_other(client, url, source, extension, mime, pil):
    address = url.resize("fill", 32, 16).enlarge(True).build(f"local:///{source}", extension=extension)
    status, headers, body = await get(client, address)
    assert (status, headers["Content-Type"]) == (200, mime), body
    picture = opened(body)
    assert (picture.format, picture.size) == (pil, (32, 16))
    stem = source.rpartition(".")[0]
    assert headers["Content-Disposition"].startswith(f'inline; filename="{stem}.')
    assert int(headers["Content-Length"]) == len(body)
    assert headers["X-Result-Width"] == "32"


async def test_colours_survive_conversion(client, url, pictures):
    _, _, body = await get(client, url.build("local:///cut.png", extension="png"))
    expected = pyvips.Image.new_from_file(str(pictures / "cut.png"))
    image = pyvips.Image.new_from_buffer(body, "")
    assert (image - expected).abs().max() == 0


@pytest.mark.parametrize("name", ["progressive", "png", "webp", "gif", "tiff"])
async def test_i1_damaged_original_is_shown_and_marked(client, url, pictures, name):
    data = FILES[name]()
    (pictures / f"damaged-{name}").write_bytes(data[: len(data) * 4 // 5])
    address = url.build(f"local:///damaged-{name}", extension="png")
    status, headers, body = await get(client, address)
    assert (status, headers["X-Origin-Damage"], headers["Cache-Control"]) == (200, "truncated", "max-age=3600, public")
    assert opened(body).size == (WIDTH, HEIGHT)
    status, headers, _ = await get(client, address, **{"If-None-Match": headers["ETag"]})
    assert (status, headers["Cache-Control"]) == (304, "max-age=3600, public")


async def test_animation_stays_animated(client, url):
    _, _, body = await get(client, url.resize("fit", 50, 40).build("local:///moving.gif", extension="webp"))
    picture = opened(body)
    assert (picture.n_frames, picture.size) == (4, (50, 40))


async def test_picture_has_its_headers(client, url, service):
    address = url.resize("fit", 100).build("local:///coffee.jpg")
    status, headers, _ = await get(client, address, **{"X-Request-ID": "abc-1"})
    assert status == 200
    assert headers["Cache-Control"] == "max-age=31536000, public"
    assert headers["Vary"] == "Accept"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert headers["X-Request-ID"] == "abc-1"
    assert headers["Server"] == "mememime"
    assert (headers["X-Origin-Width"], headers["X-Origin-Height"]) == ("600", "400")
    _, headers, _ = await get(client, address, **{"X-Request-ID": "not ok"})
    assert headers["X-Request-ID"] != "not ok"


async def test_head_has_headers_of_get_and_no_body(client, url, service):
    address = url.resize("fit", 90).build("local:///coffee.jpg")
    _, get_headers, body = await get(client, address)
    async with client.head(address) as answer:
        assert answer.status == 200
        assert await answer.read() == b""
        for name in ("Content-Length", "Content-Type", "ETag", "Cache-Control"):
            assert answer.headers[name] == get_headers[name]
    async with client.head(f"{service.base}/forged/plain/local:///coffee.jpg") as answer:
        assert answer.status == 403
    assert len(body) > 0


async def test_options_lists_methods_and_is_not_cacheable(client, service):
    async with client.options(f"{service.base}/x/y") as answer:
        assert answer.status == 204
        assert "GET" in answer.headers["Allow"]
        assert "Cache-Control" not in answer.headers


async def test_accept_header_chooses_format_if_url_does_not(client, url):
    address = url.resize("fit", 80).build("local:///coffee.jpg")
    _, plain, _ = await get(client, address)
    _, modern, _ = await get(client, address, Accept="image/avif,image/webp,*/*")
    _, refused, _ = await get(client, address, Accept="image/webp;q=0,*/*")
    assert [h["Content-Type"] for h in (plain, modern, refused)] == ["image/jpeg", "image/webp", "image/jpeg"]
    assert plain["ETag"] == refused["ETag"] != modern["ETag"]


async def test_known_etag_is_304_without_render(client, url, service):
    address = url.resize("fit", 70).build("local:///coffee.jpg")
    _, headers, _ = await get(client, address)
    assert headers["ETag"].startswith('"')
    before = service.renders()
    for condition in ({"If-None-Match": headers["ETag"]}, {"If-Modified-Since": headers["Last-Modified"]}):
        status, again, body = await get(client, address, **condition)
        assert (status, body) == (304, b"")
        assert again["ETag"] == headers["ETag"]
        assert again["Cache-Control"] == headers["Cache-Control"]
        assert again["Vary"] == "Accept"
    assert service.renders() == before
    status, _, _ = await get(client, address, **{"If-None-Match": '"other"'})
    assert status == 200
    other = url.resize("fit", 71).build("local:///coffee.jpg")
    status, _, _ = await get(client, other, **{"If-None-Match": headers["ETag"]})
    assert status == 200


@pytest.mark.parametrize("held", [{"ETag": '"s1"'}, {"Last-Modified": "Sun, 06 Nov 1994 08:49:37 GMT"}])
async def test_condition_is_passed_on_to_the_source(client, url, origin, service, held):
    origin.headers = held
    address = url.resize("fit", 60).build(f"{origin.base}/coffee.jpg")
    status, headers, _ = await get(client, address)
    assert status == 200
    before = service.renders()
    status, again, _ = await get(client, address, **{"If-None-Match": headers["ETag"]})
    assert (status, again["ETag"]) == (304, headers["ETag"])
    assert origin.conditional == 1
    assert service.renders() == before


async def test_etag_without_source_validator_is_of_the_bytes(client, url, origin):
    address = url.resize("fit", 61).build(f"{origin.base}/coffee.jpg")
    _, headers, _ = await get(client, address)
    status, _, _ = await get(client, address, **{"If-None-Match": headers["ETag"]})
    assert status == 304


@pytest.mark.parametrize(
    ("source", "status", "text"),
    [
        ("local:///none.jpg", 404, "Source is unreachable"),
        ("local:///../etc/passwd", 404, "Invalid source URL"),
        ("local:///text.txt", 422, "Invalid source image"),
        ("local:///broken.jpg", 422, "Broken or unsupported image"),
        ("http://127.0.0.1:{closed}/x.jpg", 404, "Source is unreachable"),
        ("http://127.0.0.1:22/x.jpg", 404, "Source is unreachable"),
        ("http://10.0.0.1/x.jpg", 404, "Invalid source URL"),
        ("s3://bucket/key", 404, "Source is unreachable"),
    ],
)
async def test_unavailable_original_has_its_status(client, url, source, status, text):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = url.width(10).build(source.format(closed=closed.getsockname()[1]))
        actual, headers, body = await get(client, address)
    assert (actual, body.decode()) == (status, text)
    assert "Cache-Control" not in headers
    assert "ETag" not in headers
    assert headers["Content-Type"].startswith("text/plain")
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("options", "status", "text"),
    [
        ("nonsense:1", 404, "Invalid URL"),
        ("w:x", 404, "Invalid URL"),
        ("rs:fit:nan", 404, "Invalid URL"),
        ("exp:1", 404, "Expired URL"),
        ("pr:none", 404, "Invalid URL"),
        ("msr:1", 403, "Invalid URL"),
        ("f:heic", 422, "Invalid URL"),
    ],
)
async def test_invalid_url_has_its_status(client, url, origin, options, status, text):
    actual, headers, body = await get(client, url.sign(f"/{options}/plain/{origin.base}/coffee.jpg"))
    assert (actual, body.decode()) == (status, text)
    assert "Cache-Control" not in headers
    assert origin.hits == 0


async def test_raw_original_passes_ranges_through(client, url, pictures):
    content = (pictures / "coffee.jpg").read_bytes()
    address = url.raw().build("local:///coffee.jpg")
    status, headers, body = await get(client, address)
    assert (status, body) == (200, content)
    assert headers["X-Content-Type-Options"] == "nosniff"
    status, headers, body = await get(client, address, Range="bytes=10-19")
    assert (status, body) == (206, content[10:20])
    assert headers["Content-Range"] == f"bytes 10-19/{len(content)}"


async def test_svg_is_passed_on_without_scripts(client, url):
    status, headers, body = await get(client, url.build("local:///drawing.svg", extension="svg"))
    assert (status, headers["Content-Type"]) == (200, "image/svg+xml")
    assert b"<rect" in body
    assert b"script" not in body
    assert "sandbox" in headers["Content-Security-Policy"]


async def test_expires_limits_caching(client, url):
    import time

    address = url.width(20).expires(int(time.time()) + 50).build("local:///coffee.jpg")
    _, headers, _ = await get(client, address)
    assert 40 <= int(headers["Cache-Control"].split("=")[1].split(",")[0]) <= 50


@pytest.mark.parametrize(("path", "status"), [("/", 200), ("/health", 200), ("/ready", 200), ("/favicon.ico", 404),
                                              ("/.well-known/x", 404), ("/x", 403), ("//x/y", 403)])  # fmt: skip
async def test_other_paths_have_their_responses(client, service, path, status):
    from yarl import URL

    async with client.get(URL(service.base + path, encoded=True)) as answer:
        assert answer.status == status


async def test_logs_have_the_request_and_no_signature(client, url, service):
    address = url.width(33).build("local:///coffee.jpg")
    await get(client, address, **{"X-Request-ID": "log-me"})

    def mine():
        return [line for line in service.lines() if line.get("request_id") == "log-me"]

    await wait_until(mine)  # lines follow their answers
    (line,) = mine()
    assert (line["status"], line["source"]) == (200, "local:///coffee.jpg")
    signature = address.removeprefix(service.base).split("/")[1]
    assert signature not in service.log_path.read_text()


async def test_metrics_have_the_names_of_imgproxy(client, url, service):
    await get(client, url.width(34).build("local:///coffee.jpg"))
    assert service.metric("requests_total") > 0
    assert service.metric('status_codes_total{status="200"}') > 0
    assert service.metric("workers") == 2
    assert service.metric('request_span_duration_seconds_count{span="downloading"}') > 0
