"""``mememime health`` asks the address that the settings name and fails unless the answer is 200."""

import asyncio

import pytest
from aiohttp import web
from click.testing import CliRunner

from mememime_proxy.commands.group import main


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
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    async with server:
        done = await ask(MEMEMIME_BIND=f"127.0.0.1:{server.sockets[0].getsockname()[1]}")
    assert done.exit_code == 1
    assert "no HTTP" in done.output


async def test_health_of_a_silent_server_fails_after_the_timeout():
    release = asyncio.Event()

    async def wait(_reader, writer):
        await release.wait()
        writer.close()

    server = await asyncio.start_server(wait, "127.0.0.1", 0)
    async with server:
        done = await ask("--timeout", "0.2", MEMEMIME_BIND=f"127.0.0.1:{server.sockets[0].getsockname()[1]}")
        release.set()
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
