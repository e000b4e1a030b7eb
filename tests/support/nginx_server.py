"""A real NGINX, not as root, with the configuration that the service prints for it."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

from tests.support.nginx_program import confinable, has_slices, program
from tests.support.proxy_process import ProxyProcess, reserve_port

_NOBODY = 65534
_START = 20.0
_PR_SET_PDEATHSIG = 1
_AS_NOBODY = os.geteuid() == 0 and confinable()
_LIBC = ctypes.CDLL(None, use_errno=True)


class NginxServer:
    """NGINX in front of ``services``, with their settings; ended when the block ends."""

    def __init__(self, services: Iterable[ProxyProcess], *options: str, cache: Path | None = None) -> None:
        """``cache``: the folder from ``cache_folder`` that the services purge, or one of its own."""
        # Not a test's own folder: only its owner may enter that.
        self.folder = Path(tempfile.mkdtemp(prefix="mememime-edge-"))
        self.state, self.cache = self.folder / "state", cache or self.folder / "cache"
        self._services = list(services)
        self._options = options
        self._held = reserve_port()
        self.port = self._held.__enter__()
        self.base = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self.folder.chmod(0o755)
        for path in (self.state, self.cache):
            _owned(path)
        self.configuration = self.folder / "nginx.conf"
        self.configuration.write_text(self.configured())
        self.process = subprocess.Popen(
            [program(), "-e", str(self.state / "error.log"), "-p", str(self.state), "-c", str(self.configuration),
             "-g", "daemon off;" + ("" if _AS_NOBODY or os.geteuid() else "user root;")],
            stderr=subprocess.DEVNULL,
            preexec_fn=_as_nobody,  # noqa: PLW1509 - nothing but three system calls
        )  # fmt: skip
        deadline = time.monotonic() + _START
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    log = (self.state / "error.log").read_text()
                    self.stop()
                    raise RuntimeError(log) from None
                time.sleep(0.02)
            else:
                return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        children = psutil.Process(self.process.pid).children(recursive=True)
        self.stop()
        _, alive = psutil.wait_procs(children, timeout=30)
        assert not alive, "processes of NGINX were left behind"

    def stop(self) -> None:
        """Ends NGINX and removes its files."""
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)
        self._held.__exit__(None, None, None)
        shutil.rmtree(self.folder)

    def configured(self) -> str:
        """What ``mememime nginx-config`` prints in the first service's environment."""
        upstreams = [part for service in self._services for part in ("--upstream", f"127.0.0.1:{service.port}")]
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("MEMEMIME_", "IMGPROXY_"))}
        done = subprocess.run(
            [sys.executable, "-m", "mememime_proxy", "nginx-config", "--standalone", *upstreams,
             "--listen", f"127.0.0.1:{self.port}", "--cache-path", str(self.cache), "--cache-size", "1g",
             "--state", str(self.state), *([] if has_slices() else ["--no-slice"]), *self._options],
            env=environ | self._services[0].settings, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout

    def lines(self) -> list[dict[str, Any]]:
        """The access log so far; without a line that is still being written."""
        whole, _, _ = (self.state / "access.log").read_bytes().rpartition(b"\n")
        return [json.loads(line) for line in whole.splitlines()]

    def files(self) -> list[Path]:
        """What the cache holds."""
        return [path for path in self.cache.rglob("*") if path.is_file()]


def _owned(path: Path) -> None:
    path.mkdir(parents=True, exist_ok=True)
    if _AS_NOBODY:
        os.chown(path, _NOBODY, _NOBODY)


@contextlib.contextmanager
def cache_folder() -> Iterator[Path]:
    """A folder for an NginxServer's cache that is there before the services, which have to know it."""
    with tempfile.TemporaryDirectory(prefix="mememime-cache-") as home:
        Path(home).chmod(0o755)
        path = Path(home) / "cache"
        _owned(path)
        yield path


def _as_nobody() -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if _AS_NOBODY:
        os.setgid(_NOBODY)
        os.setuid(_NOBODY)
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
