"""A client that costs little: one thread, one epoll, HTTP/1.1 on connections that stay open.

It runs as a process of its own. Two ways to ask:

- ``open_loop``: each request at its time, whatever has become of those before it. Latency counts from the planned time,
  so that neither a late client nor a full listen queue makes a figure better ("coordinated omission").
- ``closed_loop``: so many under way at any time, for some seconds.

A request costs it about 50 µs of CPU; ``Answers.cpu`` says what it really took.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

_TIMEOUT = 60.0
_FAILED = 0
"""Status of a request without an answer."""
_NICE = -10
"""Priority where it is permitted: a client elsewhere would not wait for this machine's CPU."""


@dataclass
class Answers:
    """One item a request, in the order in which they ended."""

    number: list[int] = field(default_factory=list)
    """Index of the path in what was asked for."""
    seconds: list[float] = field(default_factory=list)
    status: list[int] = field(default_factory=list)
    """0: there was no answer."""
    retry_after: list[bool] = field(default_factory=list)
    started: list[float] = field(default_factory=list)
    """Seconds from the client's start."""
    cpu: float = 0.0
    """CPU seconds of the client."""
    wall: float = 0.0
    late: float = 0.0
    """The most seconds by which a request was sent after its time."""


def open_loop(port: int, plan: Sequence[tuple[float, str]], host: str = "") -> subprocess.Popen[str]:
    """Start a client that sends each path at its second; ``plan`` is in the order of time."""
    return _start({"port": port, "host": host, "plan": list(plan)})


def closed_loop(
    port: int, paths: Sequence[str], clients: int, seconds: float, *, pause: float = 0.0, host: str = ""
) -> subprocess.Popen[str]:
    """Start a client that has ``clients`` requests under way, ``pause`` seconds between an answer and the next."""
    return _start({"port": port, "host": host, "paths": list(paths), "clients": clients, "seconds": seconds,
                   "pause": pause})  # fmt: skip


def collect(process: subprocess.Popen[str]) -> Answers:
    """Wait for a client, and return what it got."""
    out, errors = process.communicate()
    if process.returncode:
        raise RuntimeError(f"the client failed: {errors[-2000:]}")
    return Answers(**json.loads(out))


def _start(order: dict[str, object]) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.load.requester"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdin
    process.stdin.write(json.dumps(order))
    process.stdin.close()
    process.stdin = None
    return process


class _Connection:
    def __init__(self, port: int) -> None:
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.connect_ex(("127.0.0.1", port))
        self.request = b""
        self.unsent = b""
        self.buffer = b""
        self.missing = -1
        """Bytes of the body that have not come; -1 before the head has."""
        self.index = -1
        self.planned = 0.0
        self.used = False
        """Whether it has answered before: such a connection may be closed by the server at any time."""
        self.status = _FAILED
        self.retry_after = False
        self.close = False


class _Client:
    def __init__(self, port: int, host: str) -> None:
        self._port = port
        self._host = host or f"127.0.0.1:{port}"
        self._epoll = select.epoll()
        self._connections: dict[int, _Connection] = {}
        self._idle: list[_Connection] = []
        self.answers = Answers()
        self.begun = time.monotonic()

    @property
    def busy(self) -> int:
        return len(self._connections) - len(self._idle)

    def send(self, index: int, path: str, planned: float) -> None:
        request = f"GET {path} HTTP/1.1\r\nHost: {self._host}\r\n\r\n".encode()
        self.answers.late = max(self.answers.late, time.monotonic() - self.begun - planned)
        connection = self._idle.pop() if self._idle else self._connect()
        connection.request, connection.index, connection.planned = request, index, planned
        self._write(connection, request)

    def _connect(self) -> _Connection:
        connection = _Connection(self._port)
        self._connections[connection.socket.fileno()] = connection
        self._epoll.register(connection.socket.fileno(), select.EPOLLIN)
        return connection

    def _write(self, connection: _Connection, data: bytes) -> None:
        try:
            sent = connection.socket.send(data)
        except (BlockingIOError, OSError):  # not yet connected, or reset: epoll tells
            sent = 0
        connection.unsent = data[sent:]
        if connection.unsent:
            self._epoll.modify(connection.socket.fileno(), select.EPOLLIN | select.EPOLLOUT)

    def poll(self, seconds: float) -> None:
        for number, events in self._epoll.poll(max(0.0, seconds), 512):
            connection = self._connections[number]
            if events & select.EPOLLOUT and connection.unsent:
                self._epoll.modify(number, select.EPOLLIN)
                self._write(connection, connection.unsent)
            if events & ~select.EPOLLOUT:
                self._read(connection)

    def _read(self, connection: _Connection) -> None:
        try:
            data = connection.socket.recv(1 << 18)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._closed(connection)
            return
        if connection.missing < 0:
            connection.buffer += data
            head, found, body = connection.buffer.partition(b"\r\n\r\n")
            if not found:
                return
            self._head(connection, head)
            data = body
        connection.missing -= len(data)
        if connection.missing <= 0:
            self._answered(connection)

    @staticmethod
    def _head(connection: _Connection, head: bytes) -> None:
        connection.status = int(head[9:12])
        lower = head.lower()
        at = lower.find(b"\r\ncontent-length:")
        if at < 0:
            raise RuntimeError(f"an answer without a length: {head!r}")
        connection.missing = int(lower[at + 17 :].partition(b"\r\n")[0])
        connection.retry_after = b"\r\nretry-after:" in lower
        connection.close = b"\r\nconnection: close" in lower

    def _answered(self, connection: _Connection) -> None:
        self._record(connection)
        if connection.close:
            self._drop(connection)
            return
        connection.buffer, connection.missing, connection.index, connection.used = b"", -1, -1, True
        self._idle.append(connection)

    def _closed(self, connection: _Connection) -> None:
        index, planned, request = connection.index, connection.planned, connection.request
        retry = index >= 0 and connection.used and not connection.buffer
        if index >= 0 and not retry:
            connection.status, connection.retry_after = _FAILED, False
            self._record(connection)
        self._drop(connection)
        if retry:  # it was closed as idle while the request was on its way: any client asks again
            other = self._connect()
            other.request, other.index, other.planned = request, index, planned
            self._write(other, request)

    def _record(self, connection: _Connection) -> None:
        answers = self.answers
        answers.number.append(connection.index)
        answers.seconds.append(round(time.monotonic() - self.begun - connection.planned, 6))
        answers.status.append(connection.status)
        answers.retry_after.append(connection.retry_after)
        answers.started.append(round(connection.planned, 4))

    def _drop(self, connection: _Connection) -> None:
        with contextlib.suppress(ValueError):
            self._idle.remove(connection)
        del self._connections[connection.socket.fileno()]
        connection.socket.close()

    def fail_late(self) -> None:
        """Give up requests that have waited too long."""
        now = time.monotonic() - self.begun
        for connection in list(self._connections.values()):
            if connection.index >= 0 and now - connection.planned > _TIMEOUT:
                connection.status = _FAILED
                self._record(connection)
                self._drop(connection)

    def finish(self) -> Answers:
        while self.busy:
            self.poll(1.0)
            self.fail_late()
        times = resource.getrusage(resource.RUSAGE_SELF)
        self.answers.cpu = round(times.ru_utime + times.ru_stime, 3)
        self.answers.wall = round(time.monotonic() - self.begun, 3)
        return self.answers


def _open_loop(client: _Client, plan: list[tuple[float, str]]) -> Answers:
    for index, (planned, path) in enumerate(plan):
        while (left := client.begun + planned - time.monotonic()) > 0:
            client.poll(left)
        client.send(index, path, planned)
        client.poll(0)
    return client.finish()


def _closed_loop(client: _Client, paths: list[str], clients: int, seconds: float, pause: float) -> Answers:
    due: deque[float] = deque([0.0] * clients)
    sent = answered = 0
    while (now := time.monotonic() - client.begun) < seconds:
        while due and due[0] <= now and sent < len(paths):
            due.popleft()
            client.send(sent, paths[sent], now)
            sent += 1
        client.poll(min(seconds - now, due[0] - now if due else 1.0))
        while answered < len(client.answers.number):
            answered += 1
            due.append(time.monotonic() - client.begun + pause)
        if sent == len(paths) and not client.busy:
            break
    return client.finish()


def _main() -> None:
    with contextlib.suppress(OSError):
        os.nice(_NICE)
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    order = json.load(sys.stdin)
    client = _Client(order["port"], order["host"])
    if "plan" in order:
        answers = _open_loop(client, order["plan"])
    else:
        answers = _closed_loop(client, order["paths"], order["clients"], order["seconds"], order["pause"])
    json.dump(asdict(answers), sys.stdout)


if __name__ == "__main__":
    _main()
