"""Both services from one command, as a developer starts them."""

import contextlib
import os
import subprocess
import sys

import psutil

from tests.support.proxy_process import reserve_port, wait_until


class SupervisorProcess:
    """``mememime serve``, or ``demo``, in a folder of its own, on ports that are kept free for it."""

    def __init__(self, folder, *arguments, **settings):
        self.folder, self.arguments, self.settings = folder, arguments or ("serve",), settings
        self.output = folder / "output.txt"

    def __enter__(self):
        self.ports = contextlib.ExitStack()
        binds = {
            f"MEMEMIME_{name}": f"127.0.0.1:{self.ports.enter_context(reserve_port())}"
            for name in ("BIND", "RESOURCES_BIND")
        }
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("MEMEMIME_", "IMGPROXY_"))}
        environ |= binds | {f"MEMEMIME_{name.upper()}": value for name, value in self.settings.items()}
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "mememime_proxy", *self.arguments],
                cwd=self.folder, env=environ | {"MEMEMIME_WORKERS": "1"}, stdout=output, stderr=output,
            )  # fmt: skip
        return self

    def __exit__(self, *_):
        everything = self.below()
        self.process.terminate()
        try:
            self.process.wait(30)
        finally:
            _, alive = psutil.wait_procs(everything, timeout=30)
            for process in alive:
                process.kill()
            self.ports.close()

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

    def text(self):
        """What it has said so far."""
        return self.output.read_text()

    async def says(self, *texts):
        """Waits until it has said all of ``texts``."""

        def said():
            assert self.process.poll() is None, self.text()
            return all(text in self.text() for text in texts)

        await wait_until(said, 60)
