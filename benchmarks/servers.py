"""The servers side by side: how each is installed, started, asked. All write the same formats at the same quality."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import psutil

from benchmarks.bare import BOX
from benchmarks.corpus import WORK
from mememime_proxy.urls import UrlBuilder

QUALITY = {"jpeg": 80, "webp": 79, "avif": 63, "png": 0}
PROCESSES = 2
_START = 60.0
_IPX_VERSION, _THUMBOR_VERSION = "3.1.1", "7.8.0"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server(ABC):
    """One server on a folder of pictures; a context manager that starts it and ends it with all it started."""

    name: str
    formats: tuple[str, ...] = tuple(QUALITY)
    """What it is asked for when formats are compared."""
    process: subprocess.Popen[bytes] | psutil.Process

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"

    @property
    @abstractmethod
    def version(self) -> str:
        """What runs here."""

    @abstractmethod
    def command(self) -> list[str]:
        """What starts it."""

    @abstractmethod
    def path(self, name: str, format_name: str, unique: int) -> str:
        """The path of ``name`` in a box of 512 px; another one for each ``unique``, so that nothing can be kept."""

    @abstractmethod
    def width_path(self, folder: Path, name: str, format_name: str, width: int) -> str:
        """The path of ``name`` in ``folder`` at a width, with its own height."""

    def environment(self) -> dict[str, str]:
        """Variables besides those of this process."""
        return {}

    def addresses(self, names: list[str], format_name: str, rounds: int = 1) -> list[str]:
        """What to ask for."""
        return [self.base + self.path(n, format_name, i) for i in range(rounds) for n in names]

    def __enter__(self) -> Self:
        WORK.mkdir(exist_ok=True)
        log = (WORK / f"{self.name}.log").open("wb")
        with log:
            self.process = started = subprocess.Popen(
                self.command(), env=os.environ | self.environment(), stdout=log, stderr=log, cwd=self.folder
            )
        end = time.monotonic() + _START
        while not self._answers():
            if started.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{self.name} does not start: {(WORK / f'{self.name}.log').read_text()[-2000:]}")
            time.sleep(0.1)
        return self

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(self.base + "/health", timeout=2).close()
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
        return True

    def __exit__(self, *_: object) -> None:
        members = (
            psutil.Process(self.process.pid).children(recursive=True) if psutil.pid_exists(self.process.pid) else []
        )
        self.process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(15)
        left: list[psutil.Process | subprocess.Popen[bytes]] = [*members, self.process]
        for member in left:
            with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
                member.kill()
        self.process.wait()


class Ours(Server):
    """This project, with its defaults, but that nothing is kept: what is measured is the work, as with its peers."""

    name = "mememime"

    def __init__(self, folder: Path, workers: int = PROCESSES, **settings: str) -> None:
        super().__init__(folder)
        self._settings = {"workers": str(workers), **settings}

    @property
    def version(self) -> str:
        from mememime_proxy import __version__

        return __version__

    def command(self) -> list[str]:
        return [sys.executable, "-m", "mememime_proxy", "proxy"]

    def environment(self) -> dict[str, str]:
        settings = {
            "bind": f"127.0.0.1:{self.port}",
            "local_filesystem_root": str(self.folder),
            "allow_unsigned": "1",
            "allow_loopback_source_addresses": "1",
            "log_level": "warning",
            "timeout": "60",
            "variants_cache_size": "0",
            "originals_cache_size": "0",
            **self._settings,
        }
        return {f"MEMEMIME_{name.upper()}": value for name, value in settings.items()}

    def path(self, name: str, format_name: str, unique: int) -> str:
        return f"/unsafe/rs:fit:{BOX}:{BOX}/cb:{unique}/plain/local:///{name}@{format_name}"

    def width_path(self, folder: Path, name: str, format_name: str, width: int) -> str:
        del folder  # its own one
        return f"/unsafe/rs:fit:{width}:0/plain/local:///{name}@{format_name}"


class OursProgressive(Ours):
    """The same with progressive JPEG, as ipx writes it and cannot be told not to."""

    name = "mememime, progressive"
    formats = ("jpeg",)

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, jpeg_progressive="1")


class Thumbor(Server):
    """thumbor with files, without stores, one process for each CPU."""

    name = "thumbor"
    version = _THUMBOR_VERSION

    @staticmethod
    def install() -> None:
        """Into an environment of its own."""
        home = WORK / "thumbor"
        if not (home / "bin/thumbor").exists():
            subprocess.run([sys.executable, "-m", "venv", home], check=True)
            wanted = [f"thumbor=={_THUMBOR_VERSION}", "setuptools<81"]
            subprocess.run([home / "bin/pip", "install", "-q", *wanted], check=True)

    def command(self) -> list[str]:
        settings = WORK / "thumbor.conf"
        settings.write_text(
            f"LOADER = 'thumbor.loaders.file_loader'\nFILE_LOADER_ROOT_PATH = {str(self.folder)!r}\n"
            "STORAGE = 'thumbor.storages.no_storage'\nRESULT_STORAGE = None\nALLOW_UNSAFE_URL = True\n"
            f"QUALITY = {QUALITY['jpeg']}\nWEBP_QUALITY = {QUALITY['webp']}\nAVIF_QUALITY = {QUALITY['avif']}\n"
            # The speed of the others: libaom's default takes it four times the CPU, 9 a quarter with 4 % more bytes.
            "AVIF_SPEED = 8\nPROGRESSIVE_JPEG = False\n"
        )
        binary = (WORK / "thumbor/bin/thumbor").resolve()
        return [str(binary), "-i", "127.0.0.1", "-p", str(self.port), "-c", str(settings.resolve()),
                "--processes", str(PROCESSES), "-l", "error"]  # fmt: skip

    def path(self, name: str, format_name: str, unique: int) -> str:
        return f"/unsafe/fit-in/{BOX}x{BOX}/filters:format({format_name})/{name}?{unique}"

    def width_path(self, folder: Path, name: str, format_name: str, width: int) -> str:
        del folder
        return f"/unsafe/{width}x0/filters:format({format_name})/{name}"


_IPX_SERVER = """
import cluster from "node:cluster";
import { createServer } from "node:http";
import { createIPX, createIPXNodeServer, ipxFSStorage } from "ipx";
const [folder, port, processes] = process.argv.slice(2);
if (cluster.isPrimary) for (let i = 0; i < +processes; i++) cluster.fork();
else {
  const ipx = createIPX({ storage: ipxFSStorage({ dir: folder }) });
  createServer(createIPXNodeServer(ipx)).listen(+port, "127.0.0.1");
}
"""


class Ipx(Server):
    """ipx (sharp), two processes of Node's cluster. Its encoders' efforts cannot be set."""

    name = "ipx"
    version = _IPX_VERSION

    @staticmethod
    def install() -> None:
        """From the npm registry."""
        home = WORK / "ipx"
        if not (home / "node_modules/ipx").exists():
            home.mkdir(parents=True, exist_ok=True)
            (home / "package.json").write_text('{"private": true}')
            subprocess.run(["npm", "install", "--silent", f"ipx@{_IPX_VERSION}"], cwd=home, check=True)

    def command(self) -> list[str]:
        script = WORK / "ipx/server.mjs"
        script.write_text(_IPX_SERVER)
        return ["node", str(script.resolve()), str(self.folder), str(self.port), str(PROCESSES)]

    def path(self, name: str, format_name: str, unique: int) -> str:
        del unique  # ipx takes no query, and keeps no results
        return f"/s_{BOX}x{BOX},fit_inside,{self._format(format_name)}/{name}"

    def width_path(self, folder: Path, name: str, format_name: str, width: int) -> str:
        del folder
        return f"/w_{width},{self._format(format_name)}/{name}"

    @staticmethod
    def _format(format_name: str) -> str:
        return f"f_{format_name}" + (f",q_{QUALITY[format_name]}" if QUALITY[format_name] else "")


class Running(Server):
    """A server that runs already: its address with ``{name}``, ``{format}`` and ``{unique}`` in it, and ``{signature}``
    where it wants one, made with ``key`` and ``salt`` (hexadecimal)."""

    version = "as given"

    def __init__(self, name: str, template: str, pid: int, key: str = "", salt: str = "") -> None:
        self.name, self._template = name, template
        self._key, self._salt = key, salt
        self.base = ""
        self.process = psutil.Process(pid)

    def command(self) -> list[str]:
        return []

    def path(self, name: str, format_name: str, unique: int) -> str:
        return self._filled(name=name, format=format_name, unique=unique)

    def width_path(self, folder: Path, name: str, format_name: str, width: int) -> str:
        return self._filled(folder=folder.name, name=name, format=format_name, width=width)

    def _filled(self, **fields: str | int) -> str:
        before, signed, rest = self._template.partition("/{signature}")
        if not signed:
            return self._template.format(**fields)
        return UrlBuilder(before, self._key, self._salt).sign(rest.format(**fields))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return


@contextlib.contextmanager
def all_started(servers: list[Server]) -> Iterator[list[Server]]:
    """Starts all of them, so that rounds can alternate."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(server) for server in servers]
