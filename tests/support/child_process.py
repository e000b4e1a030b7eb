"""``mememime resources`` as a process of its own, to be killed and started again, and somebody who talks to it."""

from __future__ import annotations

import contextlib
import ctypes
import http.client
import json
import os
import random
import signal
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

ADMIN_KEY = "trial-" + "k" * 40
_START = 60.0
_PATIENCE = 60.0
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)


def picture(number: int, size: int = 0) -> bytes:
    """A PNG that no other number has; of about ``size`` bytes, by pixels that do not pack, where that is said."""
    width = (256 if size < 1 << 23 else 4096) if size else 4
    height = max(4, size // (3 * width + 1))
    noise = random.Random(number).randbytes(2 * 3 * width)
    rows = b"".join(b"\0" + noise[(first := k % (3 * width)) : first + 3 * width] for k in range(height))
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"tEXt", b"number\0%d" % number),
        (b"IDAT", zlib.compress(rows, 0)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )


class DiedError(Exception):
    """The service ended before it answered."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Running:
    """A service on one database and one storage. What ends it ends all its processes."""

    def __init__(self, folder: Path, program: str = "mememime_proxy", **settings: str) -> None:
        """``program``: the module that is run."""
        self.folder = folder
        self.program = program
        folder.mkdir(parents=True, exist_ok=True)
        self.settings = {
            "RESOURCES_BIND": "127.0.0.1:0",
            "DATABASE_URL": f"sqlite:///{folder}/resources.db",
            "ASSETS_STORAGE": str(folder / "assets"),
            "ADMIN_API_KEY": ADMIN_KEY,
            "TOKEN_KEY": "ab" * 32,
            "WORKERS": "1",
            "LOG_FORMAT": "json",
            "UPLOAD_PIECE_SIZE": "1",
            "JANITOR_INTERVAL": "0",
            "SCRUB_CYCLE": "0",
        } | {name.upper(): value for name, value in settings.items()}
        self.starts = 0
        self._connection: http.client.HTTPConnection | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Returns when it listens."""
        self.starts += 1
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("MEMEMIME_", "IMGPROXY_"))}
        log = self.folder / f"log-{self.starts}"
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", self.program, "resources"],
                env=environ | {f"MEMEMIME_{name}": value for name, value in self.settings.items()},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - one call into libc
            )
        end = time.monotonic() + _START
        while not (line := self.find("service.started")):
            if self.process.poll() is not None or time.monotonic() > end:
                self.kill()
                raise RuntimeError(f"the service did not start: {log.read_text()[-3000:]}")
            time.sleep(0.01)
        self.port = int(str(line["address"]).rpartition(":")[2])

    def kill(self) -> None:
        """As a power failure does it."""
        self._disconnect()
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """SIGTERM; the exit status."""
        self._disconnect()
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(30)
        finally:
            self.kill()

    def again(self) -> None:
        """Killed, if it is not dead yet, and started."""
        self.kill()
        self.start()

    def lines(self) -> list[dict[str, Any]]:
        """What the present process logged."""
        found = []
        for line in (self.folder / f"log-{self.starts}").read_text("utf-8", "replace").splitlines():
            with contextlib.suppress(ValueError):
                found.append(json.loads(line))
        return found

    def find(self, event: str) -> dict[str, Any] | None:
        """The first line of an event."""
        return next((line for line in self.lines() if line.get("event") == event), None)

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        key: str = ADMIN_KEY,
    ) -> Answer:
        """One request; a mapping goes as JSON. DiedError where no answer comes."""
        said = {"Authorization": f"Bearer {key}", **(headers or {})}
        if isinstance(body, Mapping):
            body, said["Content-Type"] = json.dumps(body).encode(), "application/json"
        try:
            if self._connection is None:
                self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_PATIENCE)
            self._connection.request(method, path, body, said)
            with self._connection.getresponse() as answer:
                found = Answer(
                    answer.status,
                    {name.lower(): value for name, value in answer.getheaders()},
                    answer.read(),
                )
        except TimeoutError:
            raise
        except (OSError, http.client.HTTPException) as error:
            self._disconnect()
            raise DiedError(f"{method} {path}: {type(error).__name__}") from error
        if found.headers.get("connection") == "close":
            self._disconnect()
        return found

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _die_with_parent() -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
