"""Azurite for tests, installed once into a cache folder with npm: 365 MB, about a minute."""

from __future__ import annotations

import base64
import ctypes
import fcntl
import hashlib
import hmac
import os
import re
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
import uuid
from email.utils import formatdate
from pathlib import Path
from typing import Self

import pytest

_VERSION = "3.37.0"
_API = "2021-08-06"
_START = 60.0
_LIBC = ctypes.CDLL(None, use_errno=True)
ACCOUNT, KEY = "tester", base64.b64encode(b"canary of the account").decode()


def _missing(reason: str) -> None:
    (pytest.fail if "CI" in os.environ else pytest.skip)(f"Azurite is missing: {reason}")


def program() -> list[str]:
    """What starts it; skips the test where it cannot be installed, and fails it in CI."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        _missing("it needs node and npm")
    home = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / f"mememime-tests/azurite-{_VERSION}"
    home.mkdir(parents=True, exist_ok=True)
    done = home / "done"
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one of several test processes installs it
        if not done.exists():
            (home / "package.json").write_text('{"private": true}')
            wanted = [npm, "install", "--silent", "--no-audit", "--no-fund", "--omit=optional", f"azurite@{_VERSION}"]
            result = subprocess.run(wanted, cwd=home, capture_output=True, text=True, check=False)
            if result.returncode:
                _missing(result.stderr[-500:])
            done.touch()
    return [str(node), str(home / "node_modules/azurite/dist/src/blob/main.js")]


class AzureStorageServer:
    """A running Azurite, in memory, on a free port; killed with this thread."""

    def __init__(self, folder: Path) -> None:
        self._log = folder / "azurite.log"

    def __enter__(self) -> Self:
        command = [*program(), "--blobHost", "127.0.0.1", "--blobPort", "0", "--inMemoryPersistence", "--silent",
                   "--skipApiVersionCheck", "--disableTelemetry"]  # fmt: skip
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                env=os.environ | {"AZURITE_ACCOUNTS": f"{ACCOUNT}:{KEY}"},
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - one call into libc
            )
        end = time.monotonic() + _START
        while not (found := re.search(r"successfully listens on (http://\S+)\s", self._log.read_text())):
            if self.process.poll() is not None or time.monotonic() > end:
                self.__exit__()
                raise OSError(f"Azurite does not start: {self._log.read_text()}")
            time.sleep(0.05)
        self.endpoint = f"{found[1]}/{ACCOUNT}"
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()

    def create_container(self) -> str:
        """A new container; returns its name."""
        name = f"container-{uuid.uuid4().hex[:12]}"
        headers = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": _API}
        stated = "".join(f"{key}:{value}\n" for key, value in headers.items())
        text = f"PUT{chr(10) * 12}{stated}/{ACCOUNT}/{ACCOUNT}/{name}\nrestype:container"
        signature = base64.b64encode(hmac.digest(base64.b64decode(KEY), text.encode(), hashlib.sha256)).decode()
        request = urllib.request.Request(
            f"{self.endpoint}/{name}?restype=container",
            headers=headers | {"Authorization": f"SharedKey {ACCOUNT}:{signature}", "Content-Length": "0"},
            method="PUT",
        )
        urllib.request.urlopen(request, timeout=60).close()
        return name


def _die_with_parent() -> None:
    _LIBC.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
