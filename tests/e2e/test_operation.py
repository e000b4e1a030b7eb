"""The service as an operator meets it: imgproxy's environment, fallback, watermark, errors at the start, commands."""

import io
import json

import pytest
from PIL import Image

from mememime_proxy.urls import UrlBuilder
from tests.support import imgproxy_environment
from tests.support.child_process import run_mememime
from tests.support.proxy_process import KEY, SALT, ProxyProcess


async def picture(client, address, status=200):
    async with client.get(address) as answer:
        body = await answer.read()
        assert answer.status == status, body
        return Image.open(io.BytesIO(body)).convert("RGB"), answer.headers


async def test_environment_file_of_imgproxy_starts_the_proxy(client, pictures, tmp_path):
    presets = tmp_path / "presets.txt"
    presets.write_text("# ours\nthumb=resize:fill:64:48/q:40\n")
    env_file = tmp_path / "imgproxy.env"
    env_file.write_text(
        f"# written for imgproxy\nIMGPROXY_BIND=127.0.0.1:0\nIMGPROXY_KEY={KEY}\nIMGPROXY_SALT={SALT}\n"
        f"IMGPROXY_LOCAL_FILESYSTEM_ROOT={pictures}\nIMGPROXY_PRESETS=small=rs:fit:50:50,wide=w:200/h:50/rt:fill\n"
        f"IMGPROXY_PRESETS_PATH={presets}\nIMGPROXY_QUALITY=60\nIMGPROXY_FORMAT_QUALITY=webp=50\n"
        f"IMGPROXY_WATERMARK_PATH={pictures / 'watermark.svg'}\nIMGPROXY_WATERMARK_OPACITY=0.9\n"
        f"IMGPROXY_FALLBACK_IMAGE_PATH={pictures / 'coffee.jpg'}\nIMGPROXY_FALLBACK_IMAGE_HTTP_CODE=404\n"
        "IMGPROXY_AUTO_WEBP=true\nIMGPROXY_TTL=600\nIMGPROXY_USE_SWIFT=false\n"
    )
    with ProxyProcess(tmp_path, MEMEMIME_ENV_LOCAL_FILE_PATH=str(env_file), MEMEMIME_BIND="") as proxy:
        url = UrlBuilder(proxy.base, key=KEY, salt=SALT)
        for preset, size in {"thumb": (64, 48), "small": (50, 33), "wide": (200, 50)}.items():
            image, headers = await picture(client, url.preset(preset).build("local:///coffee.jpg"))
            assert image.size == size
            assert headers["Cache-Control"] == "max-age=600, public"
        plain, _ = await picture(client, url.width(300).build("local:///coffee.jpg", "png"))
        marked, _ = await picture(client, url.width(300).watermark(1).build("local:///coffee.jpg", "png"))
        assert plain.tobytes() != marked.tobytes()
        assert plain.crop((0, 0, 20, 20)).tobytes() == marked.crop((0, 0, 20, 20)).tobytes()
        fallback, headers = await picture(client, url.width(30).build("local:///missing.jpg"), 404)
        assert fallback.size == (30, 20)
        assert "Cache-Control" not in headers
        assert any(line.get("variable") == "IMGPROXY_USE_SWIFT" for line in proxy.lines())


async def test_a5_weak_settings_of_imgproxy_start_and_are_warned_of_by_their_names(client, pictures, tmp_path):
    weak = {"IMGPROXY_KEY": "61", "IMGPROXY_SALT": "62", "IMGPROXY_SIGNATURE_SIZE": "1", "MEMEMIME_PURGE_KEY": "63"}
    weak |= {"IMGPROXY_AUTOQUALITY_JPEG_NET": "/opt/jpeg.pb"}
    with ProxyProcess(tmp_path, local_filesystem_root=str(pictures), **weak) as proxy:
        url = UrlBuilder(proxy.base, key="61", salt="62", signature_size=1).width(30)
        await picture(client, url.build("local:///coffee.jpg"))
        warned = [line for line in proxy.lines() if line["event"] == "settings.weak"]
        (ineffective,) = [line for line in proxy.lines() if line["event"] == "settings.ineffective"]
    assert {line["variable"] for line in warned} == {"IMGPROXY_KEY", "IMGPROXY_SIGNATURE_SIZE", "MEMEMIME_PURGE_KEY"}
    assert all(line["level"] == "warning" for line in warned)
    assert ineffective["variable"] == "IMGPROXY_AUTOQUALITY_JPEG_NET"


def test_limit_that_no_worker_can_work_with_is_named_at_the_start():
    variables = {"MEMEMIME_KEY": KEY, "MEMEMIME_SALT": SALT, "IMGPROXY_BIND": "127.0.0.1:0", "MEMEMIME_WORKERS": "1"}
    result = run_mememime("proxy", MEMEMIME_WORKER_MEMORY_LIMIT="1", **variables)
    assert result.returncode == 1
    assert "MEMEMIME_WORKER_MEMORY_LIMIT is 1" in result.stderr
    assert "a worker cannot render a small picture" in result.stderr


async def test_fallback_picture_replaces_missing_and_unreadable_originals(client, pictures, tmp_path):
    settings = {"local_filesystem_root": str(pictures), "fallback_image_path": str(pictures / "coffee.jpg"),
                "fallback_image_ttl": "30"}  # fmt: skip
    with ProxyProcess(tmp_path, key=KEY, salt=SALT, **settings) as proxy:
        url = UrlBuilder(proxy.base, key=KEY, salt=SALT).width(30)
        for source in ("missing.jpg", "text.txt"):
            image, headers = await picture(client, url.build(f"local:///{source}"))
            assert image.size == (30, 20)
            assert headers["Cache-Control"] == "max-age=30, public"
        async with client.get(url.build("local:///broken.jpg")) as answer:
            assert answer.status == 422


async def test_secret_is_required(client, pictures, tmp_path):
    settings = {"local_filesystem_root": str(pictures), "secret": "sesame", "allow_origin": "https://a.example"}
    with ProxyProcess(tmp_path, key=KEY, salt=SALT, **settings) as proxy:
        address = UrlBuilder(proxy.base, key=KEY, salt=SALT).width(30).build("local:///coffee.jpg")
        for value, status in {"": 403, "Bearer wrong": 403, "Bearer sesame": 200}.items():
            async with client.get(address, headers={"Authorization": value}) as answer:
                assert answer.status == status
                assert answer.headers["Access-Control-Allow-Origin"] == "https://a.example"


async def test_development_mode_explains_errors(client, pictures, tmp_path):
    settings = {"local_filesystem_root": str(pictures), "development_errors_mode": "1", "path_prefix": "/img"}
    with ProxyProcess(tmp_path, key=KEY, salt=SALT, **settings) as proxy:
        url = UrlBuilder(f"{proxy.base}/img", key=KEY, salt=SALT)
        async with client.get(url.sign("/nonsense:1/plain/local:///coffee.jpg")) as answer:
            assert "nonsense" in await answer.text()
        async with client.get(url.sign("/nonsense:<b>/plain/local:///x"), headers={"Accept": "text/html"}) as answer:
            assert answer.content_type == "text/html"
            assert "<b>" not in await answer.text()
        _, headers = await picture(client, url.width(9).build("local:///coffee.jpg"))
        assert headers["Content-Type"] == "image/jpeg"


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({}, ["MEMEMIME_KEY", "MEMEMIME_ALLOW_UNSIGNED"]),
        ({"IMGPROXY_KEY": "xx", "IMGPROXY_SALT": "aa"}, ["IMGPROXY_KEY", "hexadecimal"]),
        ({"MEMEMIME_ALLOW_UNSIGNED": "1", "IMGPROXY_QUALITY": "0"}, ["IMGPROXY_QUALITY", "'0'", "1 or more"]),
        ({"MEMEMIME_ALLOW_UNSIGNED": "1", "MEMEMIME_BIND": "here"}, ["MEMEMIME_BIND", "'here'", "host:port"]),
        ({"MEMEMIME_ALLOW_UNSIGNED": "1", "MEMEMIME_PRESETS": "a=nonsense:1"}, ["preset 'a'", "nonsense"]),
        ({"MEMEMIME_ALLOW_UNSIGNED": "1", "MEMEMIME_PRESETS_PATH": "/none"}, ["MEMEMIME_PRESETS_PATH", "/none"]),
        ({"MEMEMIME_ALLOW_UNSIGNED": "1", "MEMEMIME_WATERMARK_PATH": "/none"}, ["MEMEMIME_WATERMARK_PATH", "/none"]),
        (
            {"MEMEMIME_ALLOW_UNSIGNED": "1", "MEMEMIME_LOCAL_FILESYSTEM_ROOT": "/none"},
            ["MEMEMIME_LOCAL_FILESYSTEM_ROOT", "/none"],
        ),
    ],
)
def test_wrong_setting_stops_the_start_and_is_named(variables, told):
    done = run_mememime("proxy", **{"MEMEMIME_BIND": "127.0.0.1:0", **variables})
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    for part in told:
        assert part in done.stderr


def test_settings_command_prints_every_setting():
    done = run_mememime("settings")
    assert done.returncode == 0
    assert "MEMEMIME_WORKER_MAX_JOBS" in done.stdout


def test_formats_command_prints_json():
    formats = json.loads(run_mememime("formats", "--json").stdout)
    assert formats


def test_doctor_command_checks_an_installation(pictures):
    done = run_mememime("doctor", MEMEMIME_KEY=KEY, MEMEMIME_SALT=SALT, MEMEMIME_LOCAL_FILESYSTEM_ROOT=str(pictures))
    assert done.returncode == 0, done.stdout + done.stderr
    done = run_mememime("doctor", MEMEMIME_QUALITY="0")
    assert done.returncode == 1
    assert "MEMEMIME_QUALITY" in done.stdout + done.stderr


def test_address_in_use_is_reported(service):
    done = run_mememime("proxy", MEMEMIME_ALLOW_UNSIGNED="1", MEMEMIME_BIND=f"127.0.0.1:{service.port}")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "in use" in done.stderr


async def test_log_has_the_options_of_a_picture_and_the_path_of_a_refused_url(client, pictures, tmp_path):
    with ProxyProcess(tmp_path, key=KEY, salt=SALT, local_filesystem_root=str(pictures)) as proxy:
        url = UrlBuilder(proxy.base, key=KEY, salt=SALT).width(30).quality(40)
        good = url.plain().build("local:///coffee.jpg")
        await picture(client, good)
        signature = good.removeprefix(proxy.base + "/").partition("/")[0]
        forged = good.replace("w:30", "w:31") if "w:30" in good else good.replace("/width:30", "/width:31")
        for address, status in ((forged, 403), (url.build("local:///missing.jpg"), 404), (proxy.base + "/login", 403)):
            async with client.get(address + "?token=secret") as answer:
                assert answer.status == status

    served = next(line for line in proxy.lines() if line["event"] == "request.answered")
    options = good.removeprefix(f"{proxy.base}/{signature}/").partition("/plain/")[0]
    assert (served["options"], served["source"]) == (options, "local:///coffee.jpg")
    refused = [line for line in proxy.lines() if line["event"] == "request.refused"]
    assert refused[0]["path"] == "/*" + forged.removeprefix(f"{proxy.base}/{signature}")
    assert (refused[1]["source"], refused[1]["options"]) == ("local:///missing.jpg", options)
    assert refused[2]["path"] == "/login"
    text = proxy.log_path.read_text()
    assert signature not in text
    assert "secret" not in text


async def test_i11_raw_file_without_an_extension_has_the_type_of_its_bytes(client, pictures, tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    for name in ("coffee.jpg", "clear.png", "moving.gif", "cut.webp", "cut.avif", "drawing.svg", "text.txt"):
        (folder / name.partition(".")[0]).write_bytes((pictures / name).read_bytes())
    (folder / "wrong.png").write_bytes((pictures / "coffee.jpg").read_bytes())
    with ProxyProcess(tmp_path / "proxy", allow_unsigned="1", local_filesystem_root=str(folder)) as proxy:
        types = {}
        for path in folder.iterdir():
            async with client.get(f"{proxy.base}/_/raw:1/plain/local:///{path.name}") as answer:
                assert await answer.read() == path.read_bytes()
                types[path.name] = answer.headers["Content-Type"]
        assert types.pop("cut") in {"image/webp", "image/avif"}
        assert types == {
            "coffee": "image/jpeg", "clear": "image/png", "moving": "image/gif", "drawing": "image/svg+xml",
            "text": "application/octet-stream", "wrong.png": "image/png",
        }  # fmt: skip


async def test_i11_metrics_have_the_names_of_imgproxy(client, pictures, tmp_path):
    with ProxyProcess(tmp_path, allow_unsigned="1", local_filesystem_root=str(pictures)) as proxy:
        for path in ("w:20", "raw:1"):
            async with client.get(f"{proxy.base}/_/{path}/plain/local:///coffee.jpg") as answer:
                assert answer.status == 200
                await answer.read()
        for span in ("queue", "downloading", "downloading_source_image", "processing", "processing_image",
                     "streaming_image"):  # fmt: skip
            assert proxy.metric(f'request_span_duration_seconds_count{{span="{span}"}}') == 1
        assert proxy.metric("vips_max_memory_bytes") > 1000
        assert proxy.metric("vips_max_memory_bytes") >= proxy.metric("vips_memory_bytes") / 2


async def test_i12_environment_with_all_variables_of_imgproxy_starts_and_names_each_unused_one_once(
    client, pictures, tmp_path, monkeypatch
):
    """Words are in any case, some values are blank, and S3 has no credentials: all of that starts imgproxy, too."""
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    folder = tmp_path / "originals"
    folder.mkdir()
    (folder / "coffee.jpg").write_bytes((pictures / "coffee.jpg").read_bytes())
    variables = imgproxy_environment.environment(folder)
    assert len(variables) >= 160
    ours = {"MEMEMIME_BIND": "", "MEMEMIME_PROMETHEUS_BIND": "", "MEMEMIME_LOG_FORMAT": " ", "MEMEMIME_LOG_LEVEL": "\t"}
    with ProxyProcess(tmp_path / "proxy", **{**variables, **ours, "workers": ""}) as proxy:
        named = [line["variable"] for line in proxy.lines() if line["event"] == "settings.unknown_variable"]
        assert sorted(named) == sorted(f"IMGPROXY_{name}" for name in imgproxy_environment.UNUSED)
        similar = {line["variable"]: line["similar"] for line in proxy.lines() if "similar" in line}
        assert similar["IMGPROXY_ENABLE_WEBP_DETECTION"] == "IMGPROXY_AUTO_WEBP"
        url = UrlBuilder(proxy.base, key="6b" * 32, salt="73" * 32).width(30)
        image, headers = await picture(client, url.build("local:///coffee.jpg"))
        assert image.size == (30, 20)
        assert headers["X-Result-Width"] == "30"
        async with client.get(url.build("s3://a/x.jpg")) as answer:
            assert answer.status == 200  # the fallback image
