"""A proxy before an S3 server that fails on purpose, and counts."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

from tests.support.ports import reserve_port
from tests.support.raw_server import stop_listening

_PIECE = 1 << 16
_SLOW_DOWN = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"


@dataclass(frozen=True)
class Request:
    """One received request."""

    number: int
    """Counted from 1."""
    method: str
    target: str
    headers: dict[str, str]
    """Names in lower case."""


@dataclass(frozen=True)
class Fault:
    """The fault of one request; an empty one passes it on."""

    status: int = 0
    """Status of a response by the proxy, with ``body`` and ``headers``; the request is not passed on."""
    body: bytes = _SLOW_DOWN
    headers: tuple[tuple[str, str], ...] = ()
    reset: bool = False
    """The connection is reset after the request; it is not passed on."""
    lost: bool = False
    """The request is passed on and its response is lost: the connection is reset."""
    latency: float = 0.0
    """Seconds before the response."""
    hold: asyncio.Event | None = None
    """The response waits for this event."""
    truncate: int | None = None
    """Bytes of the response's body before the connection ends."""
    stall: int | None = None
    """Bytes of the response's body after which the connection stays open without data."""
    corrupt: int | None = None
    """Offset of a byte in the response's body that is changed."""
    piece: int = _PIECE
    """Bytes of the body that are passed on at a time."""
    pause: float = 0.0
    """Seconds between these parts."""


FaultPlan = Callable[[Request], Fault | None]
SLOW_DOWN = Fault(status=503)


def every(n: int, fault: Fault) -> FaultPlan:
    """Each ``n``-th request."""
    return lambda request: fault if request.number % n == 0 else None


def first(n: int, fault: Fault) -> FaultPlan:
    """The first ``n`` requests."""
    return lambda request: fault if request.number <= n else None


def sometimes(share: float, fault: Fault, seed: int = 1) -> FaultPlan:
    """Each request with this probability."""
    dice = random.Random(seed)
    return lambda _: fault if dice.random() < share else None


def on(method: str, part: str, fault: Fault, *, times: int = 1) -> FaultPlan:
    """The first ``times`` requests with this method and ``part`` in their target."""
    left = [times]

    def plan(request: Request) -> Fault | None:
        if left[0] and request.method == method and part in request.target:
            left[0] -= 1
            return fault
        return None

    return plan


@dataclass
class FaultProxy:
    """``async with FaultProxy(endpoint) as proxy``: passes requests on with the faults of ``plan``."""

    upstream: str
    plan: FaultPlan = field(default=lambda _: None)
    requests: list[Request] = field(default_factory=list)
    sent: int = 0
    """Bytes of bodies that were written to clients."""
    connections: int = 0
    """Open connections."""
    port: int = 0

    async def __aenter__(self) -> Self:
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = asyncio.Event()
        self._reservation = reserve_port()  # through an outage, too
        self.port = self._reservation.__enter__()
        await self.up()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.down()
        self._reservation.__exit__(None, None, None)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def up(self) -> None:
        """Listen, on the same port each time."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def down(self) -> None:
        """Reset open connections and refuse new ones, as in a total outage."""
        await stop_listening(self._server)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def drained(self) -> None:
        """Wait until no connection is open."""
        while self.connections:
            self._closed.clear()
            await self._closed.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        where = urlsplit(self.upstream)
        behind: asyncio.StreamWriter | None = None
        try:
            answers, behind = await asyncio.open_connection(where.hostname, where.port, limit=_PIECE)
            while await self._one(reader, writer, answers, behind):
                pass
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            _reset(writer)
        finally:
            for each in (writer, behind):
                if each is not None:
                    each.close()
                    with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                        await each.wait_closed()
            self._tasks.discard(task)
            self.connections -= 1
            self._closed.set()

    async def _one(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        answers: asyncio.StreamReader,
        behind: asyncio.StreamWriter,
    ) -> bool:
        """Serve one request; return whether the connection stays open."""
        head, line, headers = await _head(reader)
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        request = Request(len(self.requests) + 1, *line.split(" ")[:2], headers)
        self.requests.append(request)
        fault = self.plan(request) or Fault()
        if fault.latency:
            await asyncio.sleep(fault.latency)
        if fault.hold is not None:
            await fault.hold.wait()
        if fault.reset:
            raise ConnectionResetError
        if fault.status:
            extra = "".join(f"{name}: {value}\r\n" for name, value in fault.headers)
            said = b"" if request.method == "HEAD" or fault.status == 304 else fault.body
            writer.write(f"HTTP/1.1 {fault.status} X\r\nContent-Length: {len(said)}\r\n{extra}\r\n".encode() + said)
            await writer.drain()
            return True
        behind.write(head + body)
        await behind.drain()
        answer, line, headers = await _head(answers)
        if fault.lost:
            await answers.readexactly(int(headers.get("content-length", 0)))
            raise ConnectionResetError
        writer.write(answer)
        status = int(line.split(" ")[1])
        if request.method == "HEAD" or status in {204, 304}:
            await writer.drain()
            return True
        going = await self._body(fault, int(headers.get("content-length", 0)), answers, writer)
        if fault.stall is not None:
            await reader.read(1)  # until the client has had enough
            return False
        return going

    async def _body(self, fault: Fault, left: int, answers: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        offset, end = 0, left
        for limit in (fault.truncate, fault.stall):
            end = end if limit is None else min(end, limit)
        while offset < end:
            piece = bytearray(await answers.read(min(fault.piece, end - offset)))
            if not piece:
                return False
            if fault.corrupt is not None and offset <= fault.corrupt < offset + len(piece):
                piece[fault.corrupt - offset] ^= 1
            writer.write(piece)
            await writer.drain()
            offset += len(piece)
            self.sent += len(piece)
            if fault.pause:
                await asyncio.sleep(fault.pause)
        return fault.truncate is None


async def _head(reader: asyncio.StreamReader) -> tuple[bytes, str, dict[str, str]]:
    head = await reader.readuntil(b"\r\n\r\n")
    line, *rest = head.decode("latin-1").split("\r\n")
    pairs = (each.partition(":") for each in rest if each)
    return head, line, {name.lower(): value.strip() for name, _, value in pairs}


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST in place of FIN."""
    opened = writer.get_extra_info("socket")
    if opened is not None:
        with contextlib.suppress(OSError):
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
