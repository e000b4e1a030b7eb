"""``mememime serve``: two services from one command, as a developer has them."""

import signal
import urllib.request
from urllib.error import URLError

import psutil
import pytest

from tests.support.supervisor_process import SupervisorProcess
from tests.support.waiting import wait_until


async def ready(supervisor):
    """The addresses of both services."""
    await supervisor.wait_for_output("pictures: http", "uploads:  http")
    said = dict(
        line.split(maxsplit=1)
        for line in supervisor.output().splitlines()
        if line.startswith(("pictures:", "uploads:"))
    )
    return said["pictures:"], said["uploads:"]


def healthy(url):
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=5) as answer:
            return answer.status == 200
    except (URLError, OSError):
        return False


async def test_services_are_restarted_until_sigint_stops_both(tmp_path):
    with SupervisorProcess(tmp_path) as supervisor:
        pictures, uploads = await ready(supervisor)
        assert healthy(pictures)
        assert healthy(uploads)
        for command, url in (("proxy", pictures), ("resources", uploads)):
            before = supervisor.service(command)
            before.kill()
            await wait_until(
                lambda before=before, command=command: supervisor.service(command) not in {None, before}, 20
            )
            await wait_until(lambda url=url: healthy(url), 30)
        assert (tmp_path / ".env").stat().st_mode & 0o077 == 0
        everything = supervisor.children()
        supervisor.process.send_signal(signal.SIGINT)
        assert supervisor.process.wait(30) == 0
        assert not psutil.wait_procs(everything, timeout=5)[1]


async def test_supervisor_killed_ends_both_services(tmp_path):
    with SupervisorProcess(tmp_path) as supervisor:
        await ready(supervisor)
        everything = supervisor.children()
        assert len(everything) > 3
        supervisor.process.kill()
        supervisor.process.wait(10)
        assert not psutil.wait_procs(everything, timeout=20)[1]


@pytest.mark.parametrize(
    ("settings", "reason"),
    [({"quality": "much"}, "MEMEMIME_QUALITY"), ({"assets_storage": "/dev/null/assets"}, "did not start")],
)
async def test_service_that_cannot_start_ends_with_a_reason(tmp_path, settings, reason):
    with SupervisorProcess(tmp_path, **settings) as supervisor:
        assert supervisor.process.wait(60) == 1
        assert not supervisor.children()
        text = supervisor.output()
        assert "Error: " in text
        assert reason in text
        assert "Traceback" not in text
