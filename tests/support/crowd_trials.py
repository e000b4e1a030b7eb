"""Trials of a crowd: thousands of clients ask for one cold picture at the same moment (D6).

``python -m tests.support.crowd_trials --clients 10000`` starts four services that share a store, NGINX in front where
``--edge`` is given, and four processes of clients, whose connections are open before they ask. It prints how often the
source was read and the picture was rendered, and how long the answers took, for three crowds: one at a source that
answers at once, one at a source that takes eight seconds, and one whose leader is killed meanwhile. It returns 1 where
the source was read more than once (twice where the leader was killed), an answer is not 200, or two bodies differ.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import selectors
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil

from mememime_proxy.urls import UrlBuilder
from tests.support.nginx_server import NginxServer
from tests.support.proxy_process import KEY, SALT, ProxyProcess

PICTURE = Path(__file__).parents[2] / "config" / "samples" / "dandelion.jpg"
SERVICES = 4
CLIENT_PROCESSES = 4
SLOW = 8.0
"""Seconds of the slow source: longer than NGINX's own patience with a first request would be by default."""
_DEADLINE = 120.0


class Client:
    """One connection: when its answer was whole, its status, and the digest of its body."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.connection = socket.create_connection(address, _DEADLINE)
        self.head, self.status, self.digest = b"", "", hashlib.blake2b(digest_size=16)
        self.ended = 0.0

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the answer."""
        if not self.status:
            self.head += data
            head, separator, data = self.head.partition(b"\r\n\r\n")
            if not separator:
                return
            self.status = head[9:12].decode()
        self.digest.update(data)


def ask(base: str, path: str, count: int) -> None:
    """Open ``count`` connections, print a line, wait for one on stdin, ask; print what came as JSON."""
    host, _, port = base.removeprefix("http://").partition(":")
    selector = selectors.EpollSelector()
    clients = [Client((host, int(port))) for _ in range(count)]
    for client in clients:
        client.connection.setblocking(False)
        selector.register(client.connection, selectors.EVENT_READ, client)
    print("open", flush=True)
    sys.stdin.readline()
    begun, left = time.monotonic(), count
    request = f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode()
    for client in clients:
        client.connection.send(request)
    while left and time.monotonic() < begun + _DEADLINE:
        for key, _ in selector.select(1):
            client = key.data
            try:
                data = client.connection.recv(1 << 18)
            except ConnectionResetError:
                data = b""
            if data:
                client.feed(data)
            else:
                client.ended, left = time.monotonic(), left - 1
                selector.unregister(client.connection)
                client.connection.close()
    print(json.dumps({
        "begun": begun,
        "statuses": Counter(client.status or "none" for client in clients),
        "bodies": Counter(client.digest.hexdigest() for client in clients if client.status == "200"),
        "ends": [client.ended for client in clients if client.status],
    }))  # fmt: skip


class Source(ThreadingHTTPServer):
    """An HTTP source of one picture. It knows how often the picture was asked for, and from which port at last."""

    daemon_threads = True

    def __init__(self) -> None:
        self.reads, self.asker, self.delay, self.began = 0, 0, 0.0, threading.Event()
        body, source = PICTURE.read_bytes(), self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                source.reads += 1
                source.asker = self.client_address[1]
                source.began.set()
                time.sleep(source.delay)
                with contextlib.suppress(OSError):
                    self.send_response(200)
                    self.send_header("Content-Type", "image/jpeg")
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


@dataclass
class Crowd:
    """What a crowd was answered."""

    statuses: Counter[str]
    bodies: Counter[str]
    seconds: list[float]
    """From the first question to the end of each answer, sorted."""

    def at(self, share: float) -> float:
        """Return the time of that share of the answers."""
        return self.seconds[min(len(self.seconds) - 1, int(share * len(self.seconds)))]


def gather(bases: list[str], path: str, count: int, meanwhile: Callable[[], None] = lambda: None) -> Crowd:
    """Have ``count`` clients ask at once, a process of them for each base; ``meanwhile`` runs when they have asked."""
    each = count // len(bases)
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.support.crowd_trials", "--ask", base, path, "--clients", str(each)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for base in bases
    ]  # fmt: skip
    for process in processes:
        assert process.stdout is not None
        process.stdout.readline()
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    meanwhile()
    answers: list[dict[str, Any]] = [json.loads(process.communicate(timeout=2 * _DEADLINE)[0]) for process in processes]
    begun = min(answer["begun"] for answer in answers)
    statuses: Counter[str] = Counter()
    bodies: Counter[str] = Counter()
    for answer in answers:
        statuses.update(answer["statuses"])
        bodies.update(answer["bodies"])
    return Crowd(statuses, bodies, sorted(end - begun for answer in answers for end in answer["ends"]))


@contextlib.contextmanager
def services(folder: Path) -> Iterator[list[ProxyProcess]]:
    """Run services that share a store. Only their timeouts are longer than by default."""
    (folder / "store").mkdir()
    with contextlib.ExitStack() as stack:
        yield [
            stack.enter_context(
                ProxyProcess(
                    folder / str(number), key=KEY, salt=SALT, allow_loopback_source_addresses="1", log_level="info",
                    timeout="30", download_timeout="20", workers="1", cache_use="fs",
                    cache_fs_root=str(folder / "store"),
                )
            )
            for number in range(SERVICES)
        ]  # fmt: skip


def ports(service: ProxyProcess) -> set[int]:
    """Return the ports of the connections of a service."""
    return {each.laddr.port for each in psutil.Process(service.process.pid).net_connections("tcp") if each.laddr}


def trial(name: str, width: int, clients: int, *, edge: bool, delay: float = 0.0, kill: bool = False) -> bool:
    """Print what one crowd got; return whether it holds."""
    source = Source()
    source.delay = delay
    threading.Thread(target=source.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        running = stack.enter_context(services(Path(folder)))
        bases = [service.base for service in running]
        if edge:
            nginx = stack.enter_context(NginxServer(running, "--miss-rate", "0"))
            bases = [nginx.base] * CLIENT_PROCESSES
        path = UrlBuilder("", key=KEY, salt=SALT).resize("fit", width).build(f"{source.base}/a.jpg", "webp")

        def kill_leader() -> None:
            source.began.wait(_DEADLINE)
            time.sleep(delay / 2)
            next(service for service in running if source.asker in ports(service)).process.kill()

        crowd = gather(bases, path, clients, kill_leader if kill else lambda: None)
        renders = sum(service.renders() for service in running if service.process.poll() is None)
    source.shutdown()
    lost = crowd.statuses.pop("none", 0)
    holds = (
        set(crowd.statuses) == {"200"}
        and len(crowd.bodies) == 1
        and source.reads <= 1 + kill
        and renders == 1
        and lost <= (clients // SERVICES if kill and not edge else 0)
    )
    print(
        f"{name}{' through NGINX' if edge else ''}: {clients} clients, {dict(crowd.statuses)}, {lost} lost with a"
        f" process; {source.reads} reads of the source, {renders} renders, {len(crowd.bodies)} body; first answer after"
        f" {crowd.at(0.0):.2f} s, p50 {crowd.at(0.5):.2f} s, p99 {crowd.at(0.99):.2f} s, last {crowd.at(1.0):.2f} s"
        f"{'' if holds else ' - FAILED'}",
        flush=True,
    )
    return holds


def main() -> int:
    """Run the trials, or one process of clients."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=10_000)
    parser.add_argument("--edge", action="store_true", help="with NGINX in front")
    parser.add_argument("--ask", nargs=2, metavar=("BASE", "PATH"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.ask:
        ask(*options.ask, options.clients)
        return 0
    results = [
        trial("a source that answers at once", 611, options.clients, edge=options.edge),
        trial("a source that takes eight seconds", 612, options.clients, edge=options.edge, delay=SLOW),
        trial("the leader is killed", 613, options.clients, edge=options.edge, delay=SLOW, kill=True),
    ]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
