"""Formats that are switched off while the services run (I2): refused within seconds, whatever else goes on."""

import asyncio
import http.server
import io
import json
import signal
import threading
import time

import pytest
from PIL import Image

from mememime_proxy.urls import UrlBuilder
from tests.support.child_process import run_mememime
from tests.support.proxy_process import KEY, SALT, ProxyProcess
from tests.support.resource_process import ResourceProcess

LIMIT = 5.0
"""Seconds from the signal to the refusal."""


def encoded(format_, size=(64, 48)):
    out = io.BytesIO()
    Image.effect_noise(size, 60).convert("RGB").save(out, format_)
    return out.getvalue()


def icon_of_png():
    out = io.BytesIO()
    Image.new("RGB", (48, 48), (9, 9, 9)).save(out, "ICO", bitmap_format="png")
    return out.getvalue()


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    folder = tmp_path_factory.mktemp("originals")
    for format_ in ("jpeg", "png", "webp", "gif", "avif", "tiff", "bmp"):
        (folder / f"picture.{format_}").write_bytes(encoded(format_))
        (folder / f"new.{format_}").write_bytes(encoded(format_))
    (folder / "picture.ico").write_bytes(icon_of_png())
    (folder / "named.jpg").write_bytes(encoded("avif"))
    (folder / "large.png").write_bytes(encoded("png", (3000, 3000)))
    return folder


def write(path, **variables):
    path.write_text("".join(f"MEMEMIME_{name.upper()}={value}\n" for name, value in variables.items()))


async def answer(client, url, accept="*/*"):
    async with client.get(url, headers={"Accept": accept}) as response:
        return response.status, response.content_type, await response.read()


async def wait_for_status(client, url, status):
    """Return the seconds until the URL's answer has the status."""
    began = time.monotonic()
    while (await answer(client, url(time.monotonic_ns())))[0] != status:
        assert time.monotonic() - began < 60
    return time.monotonic() - began


class _Silent(http.server.BaseHTTPRequestHandler):
    """Takes the request for a watermark, and gives no answer for a while."""

    def do_GET(self):
        threading.Event().wait(20)

    def log_message(self, *_):
        pass


async def test_i2_format_is_refused_within_seconds_of_the_signal_also_while_all_workers_are_busy(
    client, originals, tmp_path
):
    env = tmp_path / "env"
    common = {"key": KEY, "salt": SALT, "local_filesystem_root": originals, "timeout": 60,
              "allow_loopback_source_addresses": 1}  # fmt: skip
    write(env, **common)
    with ProxyProcess(tmp_path / "proxy", MEMEMIME_ENV_LOCAL_FILE_PATH=str(env), avif_speed="0") as proxy:
        url = UrlBuilder(proxy.base, key=KEY, salt=SALT)

        def fresh(name):
            return lambda number: (
                url.width(20).cachebuster(str(number)).quality(number % 97 + 1).build(f"local:///{name}")
            )

        cached = url.width(30).build("local:///picture.avif", "png")
        assert (await answer(client, cached))[0] == 200
        assert (await answer(client, fresh("new.avif")(1)))[0] == 200
        # Busy for much longer than the limit; a third one waits for a worker.
        busy = [asyncio.create_task(answer(client, url.width(2000 + n).build("local:///large.png", "avif")))
                for n in range(3)]  # fmt: skip
        await asyncio.sleep(0.5)
        # And the new settings name a watermark whose server does not answer: the switch does not wait for it.
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Silent)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        mark = f"http://127.0.0.1:{server.server_port}/mark.png"
        write(env, disabled_source_formats="avif,png", watermark_url=mark, **common)
        proxy.process.send_signal(signal.SIGHUP)
        for task in busy:
            task.cancel()
        assert await wait_for_status(client, fresh("new.avif"), 422) < LIMIT
        status, _, body = await answer(client, fresh("named.jpg")(5))
        assert (status, body) == (422, b"Image format is disabled")
        assert (await answer(client, fresh("picture.ico")(6)))[0] == 422, "it holds PNG"
        assert (await answer(client, fresh("new.webp")(7)))[0] == 200
        assert (await answer(client, cached))[0] == 200, "what was made before is served"
        assert proxy.metric('errors_total{code="image.format_disabled",type="processing"}') >= 3
        health = json.loads((await answer(client, f"{proxy.base}/health?verbose"))[2])
        assert health["disabled_source_formats"] == ["avif", "png"]
        server.shutdown()
        server.server_close()


async def test_i2_formats_of_results_are_not_made_and_back_after_another_reload(client, originals, tmp_path):
    env = tmp_path / "env"
    common = {"key": KEY, "salt": SALT, "local_filesystem_root": originals, "auto_avif": 1, "auto_webp": 1}
    write(env, **common)
    with ProxyProcess(tmp_path / "proxy", MEMEMIME_ENV_LOCAL_FILE_PATH=str(env)) as proxy:
        url = UrlBuilder(proxy.base, key=KEY, salt=SALT).width(32)
        both = "image/avif,image/webp"
        assert (await answer(client, url.build("local:///new.jpeg"), both))[1] == "image/avif"
        write(env, disabled_result_formats="avif,jpeg", **common)
        proxy.process.send_signal(signal.SIGHUP)
        named = url.build("local:///new.jpeg", "avif")
        assert await wait_for_status(client, lambda _: named, 422) < LIMIT
        assert (await answer(client, url.build("local:///new.jpeg"), both))[1] == "image/webp"
        assert (await answer(client, url.build("local:///new.jpeg")))[1] == "image/png"
        assert (await answer(client, url.build("local:///new.jpeg", "jpg")))[0] == 422
        assert (await answer(client, url.build("local:///picture.avif", "png")))[0] == 200
        write(env, **common)
        proxy.process.send_signal(signal.SIGHUP)
        assert await wait_for_status(client, lambda _: named, 200) < 60
        assert (await answer(client, url.build("local:///new.jpeg")))[1] == "image/jpeg"


def test_i2_service_that_disables_the_format_of_its_self_test_starts(originals, tmp_path):
    formats = ",".join(("png", "jpeg", "svg"))
    settings = {"key": KEY, "salt": SALT, "disabled_source_formats": formats, "local_filesystem_root": str(originals)}
    with ProxyProcess(tmp_path, **settings) as proxy:
        assert proxy.find("service.started")


async def test_i2_resource_service_refuses_uploads_of_a_format_within_seconds_and_takes_them_again(tmp_path):
    env = tmp_path / "env"
    write(env)
    with ResourceProcess(tmp_path / "service", MEMEMIME_ENV_LOCAL_FILE_PATH=str(env)) as service:
        pictures = iter([encoded("avif") for _ in range(2000)])
        assert service.request("PUT", "/assets", next(pictures)).status == 201
        write(env, disabled_source_formats="avif")
        service.process.send_signal(signal.SIGHUP)
        began = time.monotonic()
        refused = next(pictures)
        while (response := service.request("PUT", "/assets", refused)).status == 201:
            refused = next(pictures)
        assert time.monotonic() - began < LIMIT
        assert response.status == 422
        assert response.json["type"].endswith("image.format_disabled")
        assert service.request("PUT", "/assets", encoded("webp")).status == 201
        write(env)
        service.process.send_signal(signal.SIGHUP)
        began = time.monotonic()
        while service.request("PUT", "/assets", refused).status == 422:
            assert time.monotonic() - began < 60
        assert service.request("PUT", "/assets", refused).status == 200


def test_i2_formats_command_and_explain_say_what_is_disabled(tmp_path):
    variables = {"MEMEMIME_KEY": KEY, "MEMEMIME_SALT": SALT, "MEMEMIME_DISABLED_SOURCE_FORMATS": "avif",
                 "IMGPROXY_DISABLED_RESULT_FORMATS": "webp"}  # fmt: skip
    text = run_mememime("formats", **variables).stdout
    assert "originals disabled by MEMEMIME_DISABLED_SOURCE_FORMATS" in text
    assert "results disabled by IMGPROXY_DISABLED_RESULT_FORMATS" in text
    documents = {each["format"]: each for each in json.loads(run_mememime("formats", "--json", **variables).stdout)}
    assert documents["avif"]["source_disabled"]
    assert not documents["avif"]["result_disabled"]
    assert documents["webp"]["result_disabled"]
    url = UrlBuilder("http://a", key=KEY, salt=SALT)
    assert "disabled" in run_mememime("explain", url.build("local:///a.jpg", "webp"), **variables).stdout
    assert "disabled" in run_mememime("explain", url.build("local:///a.avif", "png"), **variables).stdout


@pytest.mark.parametrize("formats", ["jpeg,png,gif", "jpg,png,gif,webp"])
def test_i2_formats_that_leave_no_result_are_a_fault_of_the_settings(formats):
    result = run_mememime("doctor", MEMEMIME_KEY=KEY, MEMEMIME_SALT=SALT, MEMEMIME_DISABLED_RESULT_FORMATS=formats)
    assert result.returncode == 1
    assert "MEMEMIME_PREFERRED_FORMATS" in result.stdout
