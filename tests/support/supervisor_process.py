"""Both services from one command, as a developer starts them."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import Self

import psutil

from tests.support.child_process import assert_ended, clean_environment, descendants, start_process, stop_process
from tests.support.ports import reserve_port
from tests.support.waiting import wait_until


class SupervisorProcess:
    """``mememime serve``, or ``demo``, in a folder of its own, on ports that are reserved for it."""

    def __init__(self, folder: Path, *arguments: str, **settings: str) -> None:
        self.folder, self.arguments, self.settings = folder, arguments or ("serve",), settings
        self._output = folder / "output.txt"

    def __enter__(self) -> Self:
        self._ports = contextlib.ExitStack()
        settings = {name: f"127.0.0.1:{self._ports.enter_context(reserve_port())}"
                    for name in ("bind", "resources_bind")} | {"workers": "1"} | self.settings  # fmt: skip
        self.process = start_process(
            [sys.executable, "-m", "mememime_proxy", *self.arguments], self._output, cwd=self.folder,
            environment=clean_environment(**{f"MEMEMIME_{name.upper()}": value for name, value in settings.items()}),
        )  # fmt: skip
        return self

    def __exit__(self, *_: object) -> None:
        children = self.children()
        stop_process(self.process)
        self._ports.close()
        assert_ended(children)

    def children(self) -> list[psutil.Process]:
        """Return every process below it."""
        return descendants(self.process)

    def service(self, command: str) -> psutil.Process | None:
        """Return the process of a service, or None if it does not run."""
        for process in self.children():
            with contextlib.suppress(psutil.Error):
                if process.cmdline()[-2:] == ["mememime_proxy", command]:
                    return process
        return None

    def output(self) -> str:
        """Return what it has printed so far."""
        return self._output.read_text()

    async def wait_for_output(self, *texts: str) -> None:
        """Wait until all of ``texts`` are printed."""

        def printed() -> bool:
            assert self.process.poll() is None, self.output()
            return all(text in self.output() for text in texts)

        await wait_until(printed, 60)
