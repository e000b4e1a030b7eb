"""What a large original costs on its way through unchanged: memory of the service, CPU, bytes nobody waited for."""

from __future__ import annotations

import os
import socket
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import processes
from benchmarks.corpus import WORK
from benchmarks.servers import Ours
from tests.support.s3_server import S3Server

BAR_MIB = 64
"""Growth of resident memory that is allowed, whatever the size."""
_PART = 64 << 20
_STEP = 32 << 20
"""Bytes between two looks at the service's memory."""
_TASTE = 1 << 20
"""Bytes after which a client leaves."""
_NAME = "giant.mp4"


class _Service(Ours):
    """A service with the credentials of a bucket."""

    def __init__(self, folder: Path, s3_server: S3Server) -> None:
        super().__init__(folder, 1, use_s3="1", s3_endpoint=s3_server.endpoint, s3_region=s3_server.region)
        self._credentials = {"AWS_ACCESS_KEY_ID": s3_server.access_key, "AWS_SECRET_ACCESS_KEY": s3_server.secret_key}

    def environment(self) -> dict[str, str]:
        return super().environment() | self._credentials


def stream(gibibytes: float) -> dict[str, dict[str, Any]]:
    """Rows for a sparse local file and an S3 object of that size; the server is a SeaweedFS of its own."""
    size = int(gibibytes * (1 << 30))
    WORK.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=WORK) as text:
        folder = Path(text)
        with (folder / _NAME).open("wb") as file:
            file.truncate(size)
        _into_memory(folder / _NAME)
        with S3Server(folder / "weed") as s3_server:
            bucket = s3_server.create_bucket()
            _upload(s3_server, bucket, size)
            rows = {}
            for name, source in (("local file", f"local:///{_NAME}"), ("S3 object", f"s3://{bucket}/{_NAME}")):
                with _Service(folder, s3_server) as service:
                    rows[name] = _passed(service, source, size)
            return rows


def _into_memory(path: Path) -> None:
    """What the kernel spends on a sparse file's empty pages, 2.9 s a GiB here, is not the service's."""
    buffer = bytearray(1 << 20)
    with path.open("rb", buffering=0) as file:
        while file.readinto(buffer):
            pass


def _passed(service: Ours, source: str, size: int) -> dict[str, Any]:
    pid, path = service.process.pid, f"/unsafe/raw:1/plain/{source}"
    _read(service.port, path, 1 << 16, lambda: None)  # what is opened and imported once
    before = peak = processes.resident(pid)

    def look() -> None:
        nonlocal peak
        peak = max(peak, processes.resident(pid))

    cpu, begun = processes.cpu_of([pid]), time.perf_counter()
    received = _read(service.port, path, size, look)
    seconds, cpu = time.perf_counter() - begun, processes.cpu_of([pid]) - cpu
    if received != size:
        raise RuntimeError(f"{received} bytes of {size} came")
    carried = _carried(pid)
    _read(service.port, path, _TASTE, lambda: None)
    time.sleep(1)  # whatever would still be read for nobody
    return {
        "gib": round(size / 2**30, 2),
        "before_mib": round(before / 2**20, 1),
        "growth_mib": round((peak - before) / 2**20, 1),
        "bar_mib": BAR_MIB,
        "mib_per_second": round(size / 2**20 / seconds),
        "cpu_s_per_gib": round(cpu / (size / 2**30), 2),
        "read_for_1_mib_mib": round((_carried(pid) - carried) / 2**20, 1),
    }


def _read(port: int, path: str, wanted: int, look: Callable[[], None]) -> int:
    """Reads ``wanted`` bytes of the body and leaves."""
    buffer, received, looked = bytearray(1 << 20), 0, 0
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.recv(1 << 16)
        if b" 200 " not in head.split(b"\r\n", 1)[0]:
            raise RuntimeError(head.decode(errors="replace"))
        received = len(head.split(b"\r\n\r\n", 1)[1])
        while received < wanted and (count := connection.recv_into(buffer)):
            received += count
            if received - looked > _STEP:
                looked = received
                look()
    return received


def _carried(pid: int) -> int:
    """Bytes that a process has read so far, files and sockets alike (proc(5): rchar counts what goes by read calls)."""
    text = Path(f"/proc/{pid}/io").read_text()
    return int(text.partition("rchar: ")[2].split()[0])


def _upload(s3_server: S3Server, bucket: str, size: int) -> None:
    client, part = s3_server.client(), os.urandom(_PART)
    upload = client.create_multipart_upload(Bucket=bucket, Key=_NAME)["UploadId"]
    parts = []
    for number, start in enumerate(range(0, size, _PART), 1):
        body = part[: min(_PART, size - start)]
        done = client.upload_part(Bucket=bucket, Key=_NAME, UploadId=upload, PartNumber=number, Body=body)
        parts.append({"PartNumber": number, "ETag": done["ETag"]})
    client.complete_multipart_upload(Bucket=bucket, Key=_NAME, UploadId=upload, MultipartUpload={"Parts": parts})
    client.close()
