"""``mememime health`` asks the address that the settings name and fails unless the answer is 200."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from aiohttp import web
from click.testing import CliRunner

from mememime_proxy.commands.group import main
from mememime_proxy.service.health import container_service
from tests.support.child_process import clean_environment, start_process, stop_process, wait_for_start
from tests.support.ports import reserve_port
from tests.support.raw_server import raw_server


@pytest.fixture
async def serve(tmp_path):
    """Starts a server that answers by path; gives the variables with which the service would listen there."""
    runners = []

    async def start(network, answers):
        async def handle(request):
            return web.Response(status=answers.get(request.path, 404))

        runner = web.ServerRunner(web.Server(handle))
        await runner.setup()
        runners.append(runner)
        if network == "unix":
            path = str(tmp_path / "socket")
            await web.UnixSite(runner, path).start()
            return {"MEMEMIME_BIND": path, "MEMEMIME_NETWORK": "unix"}
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return {"MEMEMIME_BIND": f":{runner.addresses[0][1]}", "MEMEMIME_NETWORK": network}

    yield start
    for runner in runners:
        await runner.cleanup()


async def ask(*arguments, **variables):
    environ = {"MEMEMIME_ALLOW_UNSIGNED": "true", **variables}
    return await asyncio.to_thread(CliRunner().invoke, main, ["health", "--timeout", "60", *arguments], env=environ)


@pytest.mark.parametrize("network", ["tcp", "tcp4", "unix"])
async def test_health_running_service_is_healthy(serve, network):
    done = await ask(**await serve(network, {"/health": 200, "/ready": 503}))
    assert done.exit_code == 0, done.output


async def test_health_ready_is_answered_apart(serve):
    done = await ask("--ready", **await serve("tcp", {"/health": 200, "/ready": 503}))
    assert done.exit_code == 1
    assert "503" in done.output


async def test_health_uses_the_path_prefix(serve):
    variables = await serve("tcp", {"/pictures/health": 200})
    assert (await ask(**variables)).exit_code == 1
    assert (await ask(**variables, MEMEMIME_PATH_PREFIX="/pictures/")).exit_code == 0


async def test_health_without_a_service_fails(tmp_path):
    done = await ask(MEMEMIME_NETWORK="unix", MEMEMIME_BIND=str(tmp_path / "none"))
    assert done.exit_code == 1
    assert "no answer" in done.output


async def test_health_of_another_protocol_fails():
    async def babble(_reader, writer):
        writer.write(b"hello\n")

    async with raw_server(babble) as (port, _):
        done = await ask(MEMEMIME_BIND=f"127.0.0.1:{port}")
    assert done.exit_code == 1
    assert "no HTTP" in done.output


async def test_health_of_a_silent_server_fails_after_the_timeout():
    async def wait(_reader, _writer):
        await asyncio.Event().wait()

    async with raw_server(wait) as (port, _):
        done = await ask("--timeout", "0.2", MEMEMIME_BIND=f"127.0.0.1:{port}")
    assert done.exit_code == 1
    assert "no answer" in done.output


async def test_health_invalid_settings_are_named():
    done = await ask(MEMEMIME_BIND="nonsense")
    assert done.exit_code == 1
    assert "MEMEMIME_BIND" in done.output


async def test_health_resource_service_needs_no_signing_key(serve):
    variables = await serve("tcp", {"/health": 200})
    address = variables.pop("MEMEMIME_BIND")
    variables |= {
        "MEMEMIME_RESOURCES_BIND": address,
        "MEMEMIME_PATH_PREFIX": "/pictures",
        "MEMEMIME_ALLOW_UNSIGNED": "",
    }
    assert (await ask("--resources", **variables)).exit_code == 0
    assert (await ask("--resources", "--ready", **variables)).exit_code == 1


@pytest.mark.parametrize(
    ("words", "service"),
    [
        (["tini", "--", "mememime", "resources"], "resources"),
        (["/sbin/docker-init", "--", "tini", "--", "mememime", "resources", "--env-file", "/e"], "resources"),
        (["/usr/bin/python3", "/opt/mememime/bin/mememime", "resources"], "resources"),
        (["python3", "-m", "mememime_proxy", "resources"], "resources"),
        (["tini", "--", "mememime", "proxy"], "proxy"),
        (["tini", "--", "mememime", "work", "--concurrency", "4"], "work"),
        (["tini", "--", "mememime", "doctor"], ""),
        (["/lib/systemd/systemd", "--system"], ""),
        (["resources"], ""),
        ([], ""),
    ],
)
def test_f11_container_service_is_the_command_of_the_first_process(tmp_path, words, service):
    file = tmp_path / "cmdline"
    file.write_bytes(b"".join(word.encode() + b"\0" for word in words))
    assert container_service(file) == service
    assert container_service(tmp_path / "none") == ""


async def test_f11_health_of_a_container_asks_the_service_that_it_runs(serve, monkeypatch):
    address = (await serve("tcp", {"/health": 200}))["MEMEMIME_BIND"]
    nobody = {"MEMEMIME_BIND": "127.0.0.1:1", "MEMEMIME_ALLOW_UNSIGNED": "", "MEMEMIME_RESOURCES_BIND": address}
    monkeypatch.setattr("mememime_proxy.commands.health.container_service", lambda: "resources")
    assert (await ask(**nobody)).exit_code == 0
    assert (await ask("--proxy", **nobody | {"MEMEMIME_ALLOW_UNSIGNED": "1"})).exit_code == 1


async def test_health_of_the_container_of_a_worker_asks_nobody(monkeypatch):
    monkeypatch.setattr("mememime_proxy.commands.health.container_service", lambda: "work")
    done = await ask(MEMEMIME_BIND="127.0.0.1:1", MEMEMIME_ALLOW_UNSIGNED="")
    assert (done.exit_code, done.output) == (0, "running\n")


@pytest.mark.skipif(os.geteuid() != 0, reason="a process namespace of its own needs root")
def test_f11_health_check_of_the_image_passes_beside_the_resource_service(tmp_path):
    """The command of the Dockerfile's HEALTHCHECK, in a process namespace whose first process is the service."""
    text = (Path(__file__).parents[2] / "Dockerfile").read_text("utf-8")
    check = json.loads(re.search(r"^HEALTHCHECK .* CMD (.*)$", text, re.MULTILINE)[1])
    assert check[0] == "mememime"
    with reserve_port() as port:
        variables = {
            "MEMEMIME_RESOURCES_BIND": f"127.0.0.1:{port}", "MEMEMIME_ASSETS_STORAGE": str(tmp_path / "assets"),
            "MEMEMIME_DATABASE_URL": f"sqlite:///{tmp_path}/a.sqlite", "MEMEMIME_WORKERS": "1",
        }  # fmt: skip
        environment = clean_environment(**variables)
        log = tmp_path / "log"
        mememime = [sys.executable, "-m", "mememime_proxy"]
        shell = start_process(
            ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child", *mememime, "resources"],
            log, environment=environment,
        )  # fmt: skip
        try:
            wait_for_start(shell, lambda: "service.started" in log.read_text(), log, 60)
            (first,) = psutil.Process(shell.pid).children()
            done = subprocess.run(
                ["nsenter", "--target", str(first.pid), "--pid", "--mount", "--", *mememime, *check[1:]],
                env=environment, capture_output=True, text=True, check=False, timeout=60,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
        finally:
            stop_process(shell, signal.SIGKILL)
