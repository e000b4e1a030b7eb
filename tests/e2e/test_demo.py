"""``make run``: two services, photographs uploaded by the client, URLs of aliases that open."""

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
        everything = supervisor.children()
        supervisor.process.send_signal(signal.SIGINT)
        assert supervisor.process.wait(60) == 0
        assert not psutil.wait_procs(everything, timeout=30)[1]
    with SupervisorProcess(tmp_path, "demo", "--folder", str(SAMPLES), **places) as supervisor:
        await supervisor.wait_for_output("Ctrl-C stops both services")
        assert "5 present; 0 bytes sent" in supervisor.output()
        url = next(url for url in addresses(supervisor.output()) if url.endswith("/samples/coffee"))
        assert (await get(client, url))[0] == 200


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
