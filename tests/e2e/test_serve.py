"""``mememime serve``: two services from one command, as a developer has them."""

import contextlib
import os
import signal
import subprocess
import sys
import urllib.request
from urllib.error import URLError

import psutil
import pytest
from service import until


class Serve:
    """The command in a folder of its own, on ports that were free a moment ago."""

    def __init__(self, folder, **settings):
        self.folder, self.settings = folder, settings
        self.output = folder / "output.txt"

    def __enter__(self):
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("MEMEMIME_", "IMGPROXY_"))}
        environ |= {f"MEMEMIME_{name.upper()}": value for name, value in self.settings.items()}
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "mememime_proxy", "serve"],
                cwd=self.folder, env=environ | {"MEMEMIME_WORKERS": "1"}, stdout=output, stderr=output,
            )  # fmt: skip
        return self

    def __exit__(self, *_):
        everything = self.below()
        self.process.terminate()
        try:
            self.process.wait(30)
        finally:
            _, alive = psutil.wait_procs(everything, timeout=10)
            for process in alive:
                process.kill()

    def below(self):
        with contextlib.suppress(psutil.NoSuchProcess):
            return psutil.Process(self.process.pid).children(recursive=True)
        return []

    def child(self, command):
        """The process of a service, if it runs."""
        for process in self.below():
            with contextlib.suppress(psutil.Error):
                if process.cmdline()[-2:] == ["mememime_proxy", command]:
                    return process
        return None

    def said(self):
        return dict(
            line.split(maxsplit=1)
            for line in self.output.read_text().splitlines()
            if line.startswith(("pictures:", "uploads:"))
        )

    async def ready(self):
        def says():
            assert self.process.poll() is None, self.output.read_text()
            return len(self.said()) == 2

        await until(says, 60)
        return self.said()["pictures:"], self.said()["uploads:"]


def healthy(url):
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=5) as answer:
            return answer.status == 200
    except (URLError, OSError):
        return False


async def test_both_run_until_they_are_told_to_stop_and_come_back_when_they_die(tmp_path):
    with Serve(tmp_path) as it:
        pictures, uploads = await it.ready()
        assert healthy(pictures)
        assert healthy(uploads)
        for command, url in (("proxy", pictures), ("resources", uploads)):
            before = it.child(command)
            before.kill()
            await until(lambda before=before, command=command: it.child(command) not in {None, before}, 20)
            await until(lambda url=url: healthy(url), 30)
        keys = (tmp_path / ".env").read_text()
        assert (tmp_path / ".env").stat().st_mode & 0o077 == 0
        everything = it.below()
        it.process.send_signal(signal.SIGINT)
        assert it.process.wait(30) == 0
        assert not psutil.wait_procs(everything, timeout=5)[1]
    with Serve(tmp_path) as it:
        await it.ready()
        assert (tmp_path / ".env").read_text() == keys


async def test_a_supervisor_that_is_killed_takes_both_along(tmp_path):
    with Serve(tmp_path) as it:
        await it.ready()
        everything = it.below()
        assert len(everything) > 3
        it.process.kill()
        it.process.wait(10)
        assert not psutil.wait_procs(everything, timeout=20)[1]


@pytest.mark.parametrize("settings", [{"quality": "much"}, {"database_url": "sqlite:////nowhere/at/all.sqlite"}])
async def test_what_cannot_start_ends_with_a_reason(tmp_path, settings):
    with Serve(tmp_path, **settings) as it:
        assert it.process.wait(60) == 1
        assert not it.below()
        text = it.output.read_text()
        assert "Error: " in text
        assert next(iter(settings)).upper() in text or "resources did not start" in text
        assert "Traceback" not in text
