"""Azurite, an emulator of Azure Blob Storage, installed once into a cache folder with npm: 365 MB, a minute."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import urllib.error
import urllib.request
import uuid
from email.utils import formatdate
from pathlib import Path
from typing import Self

from tests.support.child_process import kill_process, start_process, wait_for_start
from tests.support.node_packages import node, node_modules

_VERSION = "3.37.0"
_API = "2021-08-06"
_START = 60.0
ACCOUNT, KEY = "tester", base64.b64encode(b"canary of the account").decode()


def _command() -> list[str]:
    modules = node_modules(f"azurite@{_VERSION}", options=["--omit=optional"])
    return [node(), str(modules / "azurite/dist/src/blob/main.js"), "--blobHost", "127.0.0.1", "--blobPort", "0",
            "--inMemoryPersistence", "--silent", "--skipApiVersionCheck", "--disableTelemetry"]  # fmt: skip


class AzureStorageServer:
    """A running Azurite, in memory, on a free port; killed with the process that started it."""

    def __init__(self, folder: Path) -> None:
        self._log = folder / "azurite.log"

    def __enter__(self) -> Self:
        environment = os.environ | {"AZURITE_ACCOUNTS": f"{ACCOUNT}:{KEY}"}
        self.process = start_process(_command(), self._log, environment=environment)
        wait_for_start(self.process, self._address, self._log, _START)
        self.endpoint = f"{self._address()}/{ACCOUNT}"
        return self

    def __exit__(self, *_: object) -> None:
        kill_process(self.process)

    def _address(self) -> str:
        match = re.search(r"successfully listens on (http://\S+)\s", self._log.read_text())
        return match[1] if match else ""

    def create_container(self) -> str:
        """Create a container and return its name."""
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
