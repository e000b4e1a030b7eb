"""SIGHUP and ``mememime reload``: settings are read again, and no request is lost."""

import asyncio
import contextlib
import io
import os
import pty
import signal
import sys
from itertools import count

import pytest
from PIL import Image

from mememime_proxy.urls import UrlBuilder
from tests.e2e.test_serve import ready
from tests.support.child_process import clean_environment, run_mememime
from tests.support.proxy_process import ProxyProcess
from tests.support.resource_process import ADMIN_KEY, ResourceProcess
from tests.support.supervisor_process import SupervisorProcess
from tests.support.waiting import wait_until

OLD, NEW, SALT = "aa" * 16, "bb" * 16, "cc" * 16
SOURCE = "local:///coffee.jpg"


def events(service, event):
    return [line for line in service.lines() if line.get("event") == event]


async def reload(service, event="settings.reloaded"):
    """Send SIGHUP and return the log line of its result."""
    before = len(events(service, event))
    service.process.send_signal(signal.SIGHUP)
    await wait_until(lambda: len(events(service, event)) > before)
    return events(service, event)[-1]


def write(path, **variables):
    path.write_text("".join(f"IMGPROXY_{name.upper()}={value}\n" for name, value in variables.items()))


async def status(client, address):
    async with client.get(address) as answer:
        await answer.read()
        return answer.status


@contextlib.asynccontextmanager
async def load(request, clients=6):
    """Send ``request(number)`` again and again by some clients; yield the list of results, in which all must be 200."""
    results, stop, numbers = [], asyncio.Event(), count(1)

    async def run():
        while not stop.is_set():
            results.append(await request(next(numbers)))

    tasks = [asyncio.create_task(run()) for _ in range(clients)]
    await wait_until(lambda: len(results) > clients)
    yield results
    before = len(results)
    await wait_until(lambda: len(results) > before + clients)
    stop.set()
    await asyncio.gather(*tasks)
    assert set(results) == {200}


async def test_proxy_under_load_takes_new_keys_presets_and_watermark_and_loses_no_request(client, pictures, tmp_path):
    presets, mark, env = tmp_path / "presets", tmp_path / "mark.png", tmp_path / "env"
    presets.write_text("small=w:50\n")
    Image.new("RGB", (40, 40), (255, 0, 0)).save(mark)
    common = {"salt": SALT, "presets_path": presets, "watermark_path": mark, "allowed_sources": "local://"}
    write(env, key=OLD, **common)
    settings = {"MEMEMIME_ENV_LOCAL_FILE_PATH": str(env), "local_filesystem_root": str(pictures)}
    with ProxyProcess(tmp_path / "proxy", **settings) as proxy:
        old, new = (UrlBuilder(proxy.base, key=key, salt=SALT) for key in (OLD, NEW))

        async def corner(builder):
            async with client.get(builder.resize("force", 100, 100).watermark(1, "ce").build(SOURCE, "png")) as answer:
                return Image.open(io.BytesIO(await answer.read())).convert("RGB").getpixel((50, 50))

        assert await status(client, new.build(SOURCE)) == 403
        assert await corner(old) == (255, 0, 0)
        async with load(lambda number: status(client, old.width(20 + number % 400).build(SOURCE))):
            Image.new("RGB", (40, 40), (0, 0, 255)).save(mark)
            presets.write_text("small=w:70\n")
            write(env, key=f"{NEW},{OLD}", **{**common, "salt": f"{SALT},{SALT}"}, quality=70)
            line = await reload(proxy)
            assert line["changed"] == "IMGPROXY_KEY, IMGPROXY_SALT, IMGPROXY_QUALITY"
            assert await status(client, new.build(SOURCE)) == 200
        assert await corner(new) == (0, 0, 255)
        async with client.get(new.preset("small").build(SOURCE, "png")) as answer:
            assert Image.open(io.BytesIO(await answer.read())).width == 70
        async with load(lambda number: status(client, new.width(20 + number % 400).build(SOURCE))):
            write(env, key=NEW, **{**common, "allowed_sources": "local:///coffee"})
            await reload(proxy)
            assert await status(client, old.build(SOURCE)) == 403
        assert await status(client, new.build("local:///rocket.jpg")) == 404
        await wait_until(lambda: len(proxy.workers()) == 3)  # two and a spare: the former pool is gone


async def test_proxy_with_a_faulty_environment_goes_on_with_the_present_one_and_says_why(client, pictures, tmp_path):
    env = tmp_path / "env"
    write(env, key=OLD, salt=SALT)
    settings = {"MEMEMIME_ENV_LOCAL_FILE_PATH": str(env), "local_filesystem_root": str(pictures), "log_level": ""}
    with ProxyProcess(tmp_path / "proxy", **settings) as proxy:
        url = UrlBuilder(proxy.base, key=OLD, salt=SALT).build(SOURCE)
        for faulty, reason in (
            ({"key": "abc", "salt": SALT, "ttl": "5"}, "IMGPROXY_KEY: found a value of 3 characters"),
            ({"key": OLD, "salt": SALT, "watermark_path": "/missing"}, "IMGPROXY_WATERMARK_PATH: found '/missing'"),
            ({"key": OLD, "salt": SALT, "presets": "small=nothing:1"}, "nothing"),
        ):
            write(env, **faulty)
            line = await reload(proxy, "settings.reload_failed")
            assert reason in line["detail"]
            assert line["error"] == "settings.invalid"
            async with client.get(url) as answer:
                assert (answer.status, answer.headers["Cache-Control"]) == (200, "max-age=31536000, public")
        env.unlink()
        assert "readable file" in (await reload(proxy, "settings.reload_failed"))["detail"]
        write(env, key=OLD, salt=SALT, ttl="5", cache_use="fs", log_level="warning", typo="1")
        line = await reload(proxy, "settings.restart_needed")
        assert line["variables"] == "IMGPROXY_CACHE_USE"
        assert [line["variable"] for line in events(proxy, "settings.unknown_variable")] == ["IMGPROXY_TYPO"]
        logged = len(events(proxy, "request.answered"))
        async with client.get(url) as answer:
            assert answer.headers["Cache-Control"] == "max-age=5, public"
        assert await status(client, proxy.base + "/x/y") == 403
        await wait_until(lambda: events(proxy, "request.refused"))
        await asyncio.sleep(0.1)  # a line of the access log is written a little later
        assert len(events(proxy, "request.answered")) == logged
        assert not events(proxy, "settings.reloaded")


async def test_resource_service_under_load_takes_new_keys_and_loses_no_upload(tmp_path):
    env, other = tmp_path / "env", "other-" + "k" * 40
    common = {"MEMEMIME_ENV_LOCAL_FILE_PATH": str(env), "admin_api_key": "", "token_key": ""}
    picture = io.BytesIO()
    Image.new("RGB", (8, 8)).save(picture, "png")
    write(env, admin_api_key=ADMIN_KEY, token_key="ab" * 32)
    with ResourceProcess(tmp_path / "resources", **common) as service:

        def token(key):
            response = service.request("POST", "/tokens", {"expires_in": 600}, key=key)
            assert response.status in {200, 201}, response.body
            return response.json["token"]

        def upload(key):
            response = service.request("PUT", "/assets", picture.getvalue(), key=key)
            return 200 if response.status == 201 else response.status

        first = token(ADMIN_KEY)
        assert upload(first) == 200
        async with load(lambda _number: asyncio.to_thread(upload, first), clients=3):
            write(env, admin_api_key=other, token_key="cd" * 32 + "," + "ab" * 32)
            assert (await reload(service))["changed"] == "IMGPROXY_TOKEN_KEY, IMGPROXY_ADMIN_API_KEY"
            assert service.request("GET", "/assets", key=ADMIN_KEY).status == 401
            second = token(other)
            assert upload(second) == 200
        write(env, admin_api_key=other, token_key="cd" * 32)
        await reload(service)
        assert (upload(first), upload(second)) == (401, 200)
        write(env, admin_api_key="short", token_key="cd" * 32)
        assert "IMGPROXY_ADMIN_API_KEY" in (await reload(service, "settings.reload_failed"))["detail"]
        assert upload(second) == 200


async def test_supervisor_passes_its_file_of_keys_on_to_both_services(client, pictures, tmp_path):
    with SupervisorProcess(tmp_path, local_filesystem_root=str(pictures), log_format="json") as supervisor:
        base, _ = await ready(supervisor)
        file = tmp_path / ".env"
        keys = dict(line.split("=") for line in file.read_text().splitlines())
        old = UrlBuilder(base, key=keys["MEMEMIME_KEY"], salt=keys["MEMEMIME_SALT"])
        assert await status(client, old.build(SOURCE)) == 200
        processes = [supervisor.service(command).pid for command in ("proxy", "resources")]
        keys |= {"MEMEMIME_KEY": NEW, "MEMEMIME_ADMIN_API_KEY": "n" * 40}
        file.write_text("".join(f"{name}={value}\n" for name, value in keys.items()))
        supervisor.process.send_signal(signal.SIGHUP)
        new = UrlBuilder(base, key=NEW, salt=keys["MEMEMIME_SALT"])

        async def changed():
            return await status(client, new.build(SOURCE)) == 200

        await wait_until(changed)
        assert await status(client, old.build(SOURCE)) == 403
        # All three services; the proxy's key for the resource service follows the administrator's.
        await wait_until(lambda: supervisor.output().count('"settings.reloaded"') == 3)
        assert await status(client, new.build("alias://missing")) == 404
        assert "restart_needed" not in supervisor.output()
        assert processes == [supervisor.service(command).pid for command in ("proxy", "resources")]
        file.write_text("MEMEMIME_KEY=abc\n")
        supervisor.process.send_signal(signal.SIGHUP)
        await supervisor.wait_for_output("settings.reload_failed")
        assert await status(client, new.build(SOURCE)) == 200


async def test_command_signals_several_processes_at_one_address(client, pictures, tmp_path):
    env = tmp_path / "env"
    write(env, key=OLD, salt=SALT)
    settings = {"MEMEMIME_ENV_LOCAL_FILE_PATH": str(env), "local_filesystem_root": str(pictures), "so_reuseport": "1",
                "workers": "1"}  # fmt: skip
    with ProxyProcess(tmp_path / "one", **settings) as one:
        with ProxyProcess(tmp_path / "two", **settings, bind=f"127.0.0.1:{one.port}") as two:
            new = UrlBuilder(one.base, key=NEW, salt=SALT)
            write(env, key=NEW, salt=SALT)
            result = await asyncio.to_thread(run_mememime, "reload", str(one.process.pid), str(two.process.pid))
            assert (result.returncode, result.stderr) == (0, "")
            assert result.stdout.count("signal sent") == 2
            for proxy in (one, two):
                await wait_until(lambda proxy=proxy: events(proxy, "settings.reloaded"))
            for _ in range(8):  # each by a connection of its own
                async with client.get(new.build(SOURCE), headers={"Connection": "close"}) as answer:
                    assert answer.status == 200
        result = await asyncio.to_thread(run_mememime, "reload", str(two.process.pid))
        assert result.returncode == 1
        assert f"no service of this user has the process id {two.process.pid}" in result.stderr


@pytest.mark.parametrize("ignored", [False, True], ids=["terminal", "nohup"])
async def test_loss_of_the_terminal_ends_a_service_unless_it_ignores_that(tmp_path, ignored):
    """A hang-up is no reload: a service that was started in a terminal ends with it."""
    log, variables = tmp_path / "log", clean_environment(MEMEMIME_ALLOW_UNSIGNED="1", MEMEMIME_BIND="127.0.0.1:0",
                                                         MEMEMIME_WORKERS="1", MEMEMIME_LOG_FORMAT="json")  # fmt: skip
    process, terminal = pty.fork()
    if not process:  # the child has the terminal
        try:
            # Whoever runs the tests in the background may have it ignored, and that is inherited.
            signal.signal(signal.SIGHUP, signal.SIG_IGN if ignored else signal.SIG_DFL)
            descriptor = os.open(log, os.O_WRONLY | os.O_CREAT)
            os.dup2(descriptor, 2)
            os.execve(sys.executable, [sys.executable, "-m", "mememime_proxy", "proxy"], variables)
        finally:
            os._exit(1)
    try:
        await wait_until(lambda: log.exists() and "service.started" in log.read_text())
        os.close(terminal)
        if ignored:
            os.kill(process, signal.SIGHUP)
            await wait_until(lambda: "settings.reloaded" in log.read_text())
            os.kill(process, signal.SIGTERM)
        await wait_until(lambda: os.waitpid(process, os.WNOHANG)[0])
        process = 0
        assert "service.stopped" in log.read_text()
    finally:
        if process:
            os.kill(process, signal.SIGKILL)
            await asyncio.to_thread(os.waitpid, process, 0)
