"""A service of ``mememime`` as a process of its own, started as an operator does."""

from __future__ import annotations

import contextlib
import json
import re
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self
from urllib.request import urlopen

import psutil

from tests.support.child_process import (
    assert_ended,
    clean_environment,
    descendants,
    kill_process,
    start_process,
    stop_process,
    wait_for_start,
)

_START = 60.0
_PREFIXES = ("MEMEMIME_", "IMGPROXY_")


class ServiceProcess:
    """A running service with its own environment. All its processes are gone when the block ends."""

    command: ClassVar[str]
    bind: ClassVar[str]
    """The variable with the address that it listens on."""
    python = sys.executable
    """The interpreter that runs it."""

    def __init__(self, folder: Path, program: str = "mememime_proxy", **settings: str) -> None:
        """``program``: the module that is run. ``settings``: names in lower case, or whole variables."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.program = folder, program
        self.settings = {
            self.bind: "127.0.0.1:0",
            "MEMEMIME_PROMETHEUS_BIND": "127.0.0.1:0",
            "MEMEMIME_LOG_FORMAT": "json",
            "MEMEMIME_LOG_LEVEL": "debug",
            **{name if name.startswith(_PREFIXES) else f"MEMEMIME_{name.upper()}": value
               for name, value in settings.items()},
        }  # fmt: skip
        self._starts = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        children = self.children()
        self.stop()
        assert_ended(children)

    @property
    def log_path(self) -> Path:
        """The log of the present process."""
        return self.folder / f"{self.command}-{self._starts}.log"

    def start(self) -> None:
        """Start it; return when it listens."""
        self._starts += 1
        self.process = start_process(
            [self.python, "-m", self.program, self.command], self.log_path,
            environment=clean_environment(**self.settings),
        )  # fmt: skip
        wait_for_start(self.process, lambda: self.find("service.started"), self.log_path, _START)
        line = self.find("service.started") or {}
        # A worker of jobs has no address.
        self.port, self.metrics_port = (int(str(line[name]).rpartition(":")[2] or 0) for name in ("address", "metrics"))
        self.base = f"http://127.0.0.1:{self.port}"

    def stop(self) -> int:
        """Stop it with SIGTERM; return the exit status."""
        return stop_process(self.process)

    def kill(self) -> None:
        """Kill it, as a power failure does."""
        kill_process(self.process)

    def restart(self) -> None:
        """Kill it, if it runs, and start it on the same folder; its port is another one if the settings say 0."""
        self.kill()
        self.start()

    def lines(self) -> list[dict[str, Any]]:
        """Return what the present process has logged."""
        lines = []
        for line in self.log_path.read_text("utf-8", "replace").splitlines():
            with contextlib.suppress(ValueError):
                lines.append(json.loads(line))
        return lines

    def find(self, event: str) -> dict[str, Any] | None:
        """Return the first log line of an event."""
        return next((line for line in self.lines() if line.get("event") == event), None)

    def metric(self, name: str) -> float:
        """Return the present value of a metric, or 0 if it has none yet."""
        with urlopen(f"http://127.0.0.1:{self.metrics_port}/", timeout=10) as response:
            text = response.read().decode()
        match = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
        return float(match[1]) if match else 0.0

    def children(self) -> list[psutil.Process]:
        """Return every process below the service."""
        return descendants(self.process)

    def workers(self) -> list[psutil.Process]:
        """Return the worker processes."""
        return self._named("mememime-worker")

    def zygote(self) -> psutil.Process:
        """Return the process that forks workers."""
        (zygote,) = self._named("mememime-zygote")
        return zygote

    def _named(self, name: str) -> list[psutil.Process]:
        matches = []
        for child in self.children():
            with contextlib.suppress(psutil.NoSuchProcess):
                if child.name() == name:
                    matches.append(child)
        return matches
