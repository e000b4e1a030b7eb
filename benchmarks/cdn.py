"""NGINX in front: hits against the same bytes as a static file, and a crowd that asks for one cold picture.

All sides of the first comparison are one NGINX with as many processes and the same log. A file has the same address as
the hit, and its answer the same headers, so that both sides read and write the same bytes and differ in that one looks
into its cache. It is served in three ways: by sendfile with tcp_nopush, as Debian has it, by sendfile alone, and read
and written; the fastest one counts. A bare file, with a short address and only the headers that are on every answer,
stands beside. All of it goes over the loopback, and over a link with the packets of an Ethernet where one can be laid.
``wrk`` (Debian package) asks. The crowd's client opens its connections before it asks, and does nothing but note when
each answer is whole.
"""

from __future__ import annotations

import re
import selectors
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path
from statistics import quantiles
from typing import Any
from urllib.parse import urlsplit

from benchmarks import corpus, processes, wrk
from benchmarks.edge import BARE, Edge, started
from benchmarks.link import Link, laid
from benchmarks.servers import Ours, all_started, free_port
from benchmarks.statistics import median

_CROWD = 1000
_CONNECTIONS = 16
_SLICES = 3
"""Seconds of each side in a round of hits, a second at a time: machines have moods that last as long."""
_MISSES = "1000"
"""A second for each client, counted as ever, and never reached: the whole crowd comes from one address."""
_BROWSER = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"
_HITS = (
    ("512 px, format in the address", "rs:fit:512:512/plain/local:///{name}@webp", ""),
    ("512 px, negotiated", "rs:fit:512:512/plain/local:///{name}", _BROWSER),
    ("1600 px", "rs:fit:1600:1600/q:90/plain/local:///{name}@webp", ""),
)
"""What it is, the address behind the signature, the Accept header."""
BAR = 0.9


def hits(
    edge: subprocess.Popen[bytes],
    cached: str,
    files: dict[str, str],
    services: list[Ours],
    rounds: int,
    accept: str,
    link: Link,
) -> dict[str, Any]:
    """Requests a second and CPU of each side, alternating, and what the service spent meanwhile."""
    sides = {"cache": cached, **files}
    rates: dict[str, list[float]] = {side: [] for side in sides}
    cpu: dict[str, list[float]] = {side: [] for side in sides}
    own: list[float] = []
    for _ in range(_SLICES * rounds):
        for side, url in sides.items():
            python, nginx = sum(processes.usage(s.process.pid).cpu for s in services), processes.usage(edge.pid).cpu
            where = urlsplit(url)
            rate = wrk.run(
                f"http://{link.address}:{where.port}", [where.path], _CONNECTIONS, 1, accept, within=link.client
            )
            rates[side].append(rate.per_second)
            cpu[side].append((processes.usage(edge.pid).cpu - nginx) / rate.requests)
            if side == "cache":
                own.append(sum(processes.usage(s.process.pid).cpu for s in services) - python)
    fastest = max((side for side in files if side != BARE), key=lambda side: median(rates[side]))
    each = [a / b for a, b in zip(rates["cache"], rates[fastest], strict=True)]
    bare = [a / b for a, b in zip(rates["cache"], rates[BARE], strict=True)]
    return {
        "per_second": {side: round(median(found)) for side, found in rates.items()},
        "cpu_us": {side: round(1e6 * median(found), 1) for side, found in cpu.items()},
        "fastest": fastest,
        "ratio": round(median(each), 3),
        "ratio_quartiles": [round(one, 3) for one in quantiles(each, n=4)[::2]],
        "bar": BAR,
        "ratio_to_bare_file": round(median(bare), 3),
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


def _all_hits(edge: Edge, services: list[Ours], rounds: int, links: list[Link]) -> dict[str, Any]:
    asked = {what: f"/unsafe/{path.format(name=corpus.names('jpeg')[0])}" for what, path, _ in _HITS}
    accepts = {what: accept for what, _, accept in _HITS}
    pictures, found = {}, {}
    for what, path in asked.items():
        for _ in range(2):  # the second one is a hit, and says so
            request = urllib.request.Request(edge.base + path, headers={"Accept": accepts[what] or "*/*"})
            with urllib.request.urlopen(request, timeout=60) as answer:
                pictures[path] = (answer.read(), dict(answer.headers))
    files = edge.serve_files(pictures, links)
    for link in links:
        for what, path in asked.items():
            body, said = pictures[path]
            found[f"hits over the {link.name}: {what}"] = {"type": said["Content-Type"], "bytes": len(body)} | hits(
                edge.process, edge.base + path, files[path], services, rounds, accepts[what], link
            )
    return found


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
            with laid() as links, started(services, folder / "limited", "--miss-rate", _MISSES) as edge:
                found = _all_hits(edge, services, rounds, links)
                found["crowd"] = _crowds(edge.base, services, range(1100, 1100 + rounds))
            with started(services, folder / "unlimited", "--miss-rate", "0") as edge:
                found["crowd, misses not limited"] = _crowds(edge.base, services, range(1300, 1300 + rounds))
                return found
    finally:
        shutil.rmtree(folder, ignore_errors=True)
