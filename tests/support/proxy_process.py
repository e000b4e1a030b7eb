"""Starts ``mememime proxy`` as an operator would and talks to it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.request import urlopen

import psutil

KEY, SALT = "6d656d656d696d652d6b6579" * 2, "6d656d656d696d652d73616c" * 2
_START = 60.0


async def wait_until(condition: Callable[[], object], seconds: float = 30.0) -> None:
    """Waits until ``condition()`` holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        await asyncio.sleep(0.02)


@contextlib.contextmanager
def reserve_port() -> Iterator[int]:
    """A port of 127.0.0.1 that nobody else is given until the block ends; a server may listen on it, and another one
    after it."""
    with socket.socket() as holder:
        # Bound, but not listening: who reuses addresses, as servers do, may bind to it as well.
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


class ProxyProcess:
    """A running proxy with its own environment; everything it started is gone when the block ends."""

    command = "proxy"
    bind = "MEMEMIME_BIND"

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.log_path = folder / f"{self.command}.log"
        self.settings = {
            self.bind: "127.0.0.1:0",
            "MEMEMIME_PROMETHEUS_BIND": "127.0.0.1:0",
            "MEMEMIME_LOG_FORMAT": "json",
            "MEMEMIME_LOG_LEVEL": "debug",
            "MEMEMIME_WORKERS": "2",
            **{name if name.startswith(("MEMEMIME_", "IMGPROXY_")) else f"MEMEMIME_{name.upper()}": value
               for name, value in settings.items()},
        }  # fmt: skip

    def __enter__(self) -> Self:
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("MEMEMIME_", "IMGPROXY_"))}
        with self.log_path.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "mememime_proxy", self.command],
                env=environ | self.settings, stderr=log, stdout=log,
            )  # fmt: skip
        deadline = time.monotonic() + _START
        while not (line := self.find("service.started")):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"the service did not start: {self.log_path.read_text()}")
            time.sleep(0.02)
        self.port = int(str(line["address"]).rpartition(":")[2])
        self.metrics_port = int(str(line["metrics"]).rpartition(":")[2])
        self.base = f"http://127.0.0.1:{self.port}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        children = self.children()
        self.stop()
        _, alive = psutil.wait_procs(children, timeout=30)
        assert not alive, "processes were left behind"

    def stop(self) -> int:
        """SIGTERM; the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait(10)

    def lines(self) -> list[dict[str, object]]:
        """What was logged so far."""
        found = []
        for line in self.log_path.read_text("utf-8", "replace").splitlines():
            try:
                found.append(json.loads(line))
            except ValueError:
                continue
        return found

    def find(self, event: str) -> dict[str, object] | None:
        """The first log line of an event."""
        return next((line for line in self.lines() if line.get("event") == event), None)

    def metric(self, name: str) -> float:
        """A metric's present value; 0 where it has none yet."""
        with urlopen(f"http://127.0.0.1:{self.metrics_port}/", timeout=10) as answer:
            text = answer.read().decode()
        found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
        return float(found[1]) if found else 0.0

    def renders(self) -> float:
        """Renders so far."""
        return self.metric('request_span_duration_seconds_count{span="processing"}')

    def children(self) -> list[psutil.Process]:
        """Every process below the service."""
        try:
            return psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def workers(self) -> list[psutil.Process]:
        """The processes that render."""
        return self._named("mememime-worker")

    def zygote(self) -> psutil.Process:
        """The process that forks workers."""
        (found,) = self._named("mememime-zygote")
        return found

    def _named(self, name: str) -> list[psutil.Process]:
        found = []
        for child in self.children():
            with contextlib.suppress(psutil.NoSuchProcess):
                if child.name() == name:
                    found.append(child)
        return found
