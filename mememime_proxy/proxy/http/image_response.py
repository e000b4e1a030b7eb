"""A response whose head and body are bytes already."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import hdrs, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.helpers import rfc822_formatted_time

_FORBIDDEN = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_ONE_WRITE = 1 << 16
"""Bytes of a body up to which one copy is cheaper than a second write."""
_LARGE = 1 << 20
"""Bytes of a body that is in use, and counted, until the kernel has taken all of it."""


def serialize(status: int, headers: Mapping[str, str]) -> bytes:
    """Return the status line and the lines of ``headers``. ValueError for a value that no header can have."""
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    lines = [f"HTTP/1.1 {status} {phrase}", *[f"{name}: {value}" for name, value in headers.items()]]
    text = "\r\n".join(lines)
    if text.count("\n") >= len(lines) or _FORBIDDEN.search(text.replace("\r\n", "")):
        invalid_line = next(line for line in lines if _FORBIDDEN.search(line))
        raise ValueError(f"found {invalid_line!r}, expected a header line")
    return f"{text}\r\n".encode("utf-8", "surrogateescape")


class ImageResponse(web.StreamResponse):
    """Writes ``head`` (from ``serialize``), a date, ``header_lines`` and the body in one call. For HTTP/1.1.

    aiohttp's own ``Response`` serializes its headers for every client anew: nine tenths of the time that a response
    from memory would take.
    """

    def __init__(self, status: int, head: bytes, header_lines: str, body: bytes) -> None:
        super().__init__(status=status)
        self._head = head
        self._header_lines = header_lines
        self._content = body

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Send everything, once. ConnectionResetError where the client has disconnected."""
        if self._eof_sent:
            return None
        if self._keep_alive is None:
            self._keep_alive = request.keep_alive
        close = "" if self._keep_alive else "Connection: close\r\n"
        rest = f"Date: {rfc822_formatted_time()}\r\n{self._header_lines}{close}\r\n".encode("ascii")
        content = self._content if request.method != hdrs.METH_HEAD else b""
        transport = request.transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError("the client has disconnected")
        if len(content) <= _ONE_WRITE:
            transport.write(self._head + rest + content)
        else:
            if len(content) > _LARGE:
                # A transport that has little left to send holds all of the body.
                transport.set_write_buffer_limits(0)
            transport.write(self._head + rest)
            transport.write(content)
        self._eof_sent = True
        # Back pressure: the connection's next request waits until this client has read enough.
        await request.writer.drain()
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Do nothing: everything is sent."""
