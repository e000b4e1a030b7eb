"""``make run``: two services, photographs uploaded by the client, URLs of aliases that open."""

import asyncio
import re
import signal
from pathlib import Path

import psutil
import pytest
import pyvips

from tests.support.ports import reserve_port
from tests.support.supervisor_process import SupervisorProcess

SAMPLES = Path(__file__).parents[2] / "config" / "samples"


async def get(client, url):
    async with client.get(url) as answer:
        return answer.status, await answer.read()


def addresses(text):
    return set(re.findall(r"http://\S+/alias://[^\s\"]+", text))


@pytest.fixture
def places():
    """The addresses of both services, for more than one run."""
    with reserve_port() as proxy, reserve_port() as resources:
        yield {"bind": f"127.0.0.1:{proxy}", "resources_bind": f"127.0.0.1:{resources}"}


async def test_demo_prints_urls_that_open_and_repeated_sends_nothing(tmp_path, client, places):
    with SupervisorProcess(tmp_path, "demo", "--folder", str(SAMPLES), **places) as supervisor:
        await supervisor.wait_for_output("Ctrl-C stops both services")
        urls = addresses(supervisor.output())
        assert len(urls) > 8
        for url in urls:
            status, body = await get(client, url)
            assert status == 200
            assert pyvips.Image.new_from_buffer(body, "").avg() > 0
        assert "5 uploaded" in supervisor.output()
        films = re.findall(r"http://\S+/local:///\S+", supervisor.output())
        assert len(films) >= 7
        (player,) = (url for url in films if "/player?src=" in url)
        assert player.startswith(f"http://{places['bind']}/player?src=/")
        for url in films:
            status, body = await get(client, url)
            assert status == 200, body
        everything = supervisor.children()
        supervisor.process.send_signal(signal.SIGINT)
        assert supervisor.process.wait(60) == 0
        assert not psutil.wait_procs(everything, timeout=30)[1]
    with SupervisorProcess(tmp_path, "demo", "--folder", str(SAMPLES), **places) as supervisor:
        await supervisor.wait_for_output("Ctrl-C stops both services")
        assert "5 present; 0 bytes sent" in supervisor.output()
        url = next(url for url in addresses(supervisor.output()) if url.endswith("/samples/coffee"))
        assert (await get(client, url))[0] == 200


def commands_in(output):
    """The lines that are printed to be copied into another shell, and the upload that was run."""
    block = output.partition("In another shell:\n\n")[2].partition("\n\n")[0]
    upload = next(line.removeprefix("$ ") for line in output.splitlines() if line.startswith("$ "))
    change_folder, *commands = (line.removeprefix("  ") for line in block.splitlines())
    return change_folder, [upload, *commands]


@pytest.mark.slow
@pytest.mark.parametrize("home", [".mememime", "elsewhere/data"])
async def test_demo_prints_commands_that_work_in_another_shell_as_they_stand(tmp_path, home):
    folder = tmp_path / "a folder"
    folder.mkdir()
    with SupervisorProcess(folder, "demo", "--folder", str(SAMPLES), "--home", home) as supervisor:
        await supervisor.wait_for_output("Ctrl-C stops both services")
        change_folder, commands = commands_in(supervisor.output())
        assert len(commands) > 9
        # As a new login has it: no virtual environment, none of our variables, another folder.
        shell = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
        for command in commands:
            done = await asyncio.create_subprocess_exec(
                "sh", "-c", f"{change_folder} && {command}", cwd="/", env=shell,
                stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            )  # fmt: skip
            text = (await done.communicate())[0].decode()
            assert done.returncode == 0, f"{command}\n{text}"
            assert text
    assert (folder / ".env").stat().st_mode & 0o077 == (folder / home / "env").stat().st_mode & 0o077 == 0


async def test_demo_of_folder_without_pictures_fails_with_a_reason(tmp_path):
    (tmp_path / "empty").mkdir()
    with SupervisorProcess(tmp_path, "demo", "--folder", "empty") as supervisor:
        assert supervisor.process.wait(120) == 1
        assert "empty" in supervisor.output()
        assert "Traceback" not in supervisor.output()
        assert not supervisor.children()


async def test_demo_stopped_before_it_is_ready_exits_cleanly(tmp_path):
    with SupervisorProcess(tmp_path, "demo", "--folder", str(SAMPLES)) as supervisor:
        await supervisor.wait_for_output("mememime_proxy upload")
        everything = supervisor.children()
        supervisor.process.send_signal(signal.SIGTERM)
        assert supervisor.process.wait(60) == 0
        assert not psutil.wait_procs(everything, timeout=30)[1]
