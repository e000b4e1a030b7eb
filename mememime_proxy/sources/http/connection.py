"""Connections to sources, with limits against servers that would block the event loop.

aiohttp limits the length and the number of header lines. It limits neither their sum, nor the number of interim
responses (1xx), which it parses in one call, nor the smallest size of the chunks of a chunked body: each takes some
microseconds, and one read from the socket can contain forty thousand. Measured with aiohttp 3.14.5 on one core: one
read of 256 KiB full of either blocked the loop for 100 to 190 ms, and a deadline of 1.5 s was noticed 1.2 s late.

It also does not report to the reader of a body that a later chunk cannot be parsed: the connection is closed, its read
timeout is cancelled, and the reader waits for ever.
"""

from __future__ import annotations

import asyncio
import functools
import socket
from collections.abc import Callable
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import AddrInfoType
from aiohttp.http import RawResponseMessage
from aiohttp.http_exceptions import BadHttpMessage
from aiohttp.streams import StreamReader

from mememime_proxy.sources.http.response_head import find_end, read_head

MAX_HEAD = 1 << 18
"""Bytes of a response's head, interim responses before it included."""
MAX_HEADER_LINE = 1 << 16
"""Bytes of one header line."""
MAX_HEADER_LINES = 1024
MAX_INTERIM = 16
"""Interim responses before the final one; usual servers send one or two."""
MIN_PAYLOAD_SHARE = 1 / 8
"""Share of payload in the bytes of a chunked body: chunks of one byte have 1/6."""
_SLICE = 1 << 14
"""Bytes that are parsed between two checks."""
_CHECKED_AFTER = 1 << 15
"""Bytes of a chunked body before its share of payload is checked."""


class LimitedConnection(ResponseHandler):
    """aiohttp's protocol of a connection, with limits that are checked between slices of the received bytes."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._reset()

    def _reset(self) -> None:
        self._interim = 0
        self._head = bytearray()
        self._head_bytes = 0
        self._has_head = False
        self._body_left: int | None = None
        """Bytes of the body that have not come yet; None = unknown."""
        self._received = 0
        self._refused = False
        self._payload: StreamReader | None = None
        self._chunked = False

    def set_response_params(self, **params: Any) -> None:
        """Start the next response."""
        self._reset()
        super().set_response_params(**params)

    def feed_data(self, data: tuple[RawResponseMessage, StreamReader], size: int = 0) -> None:
        """Take the head of a message, and count interim responses."""
        message, payload = data
        if 100 <= message.code < 200 and message.code != 101:
            self._interim += 1
            if self._interim > MAX_INTERIM and not self._refused:
                self._refuse("too many interim responses")
        else:
            self._payload, self._chunked = payload, message.chunked
        if not self._refused:
            super().feed_data(data, size)

    def data_received(self, data: bytes) -> None:
        """Parse received bytes: a head at once, a body in slices; after a refusal none are parsed.

        Bytes after the body's end are dropped, and the connection is not used again.
        """
        if not data or self._parser is None:
            super().data_received(data)
            return
        while data and not self._has_head and not self._refused:
            data = self._take_head(data)
        if data and not self._refused:
            self._take_body(data)

    def _take_head(self, data: bytes) -> bytes:
        """Parse the head of a message if it is complete now; return the bytes after it."""
        start = max(0, len(self._head) - 3)
        self._head += data
        end = find_end(self._head, start)
        self._head_bytes += min(len(data), end or len(data))
        if self._head_bytes > MAX_HEAD:
            self._refuse("the head of the response is too long")
            return b""
        if not end:
            return b""
        rest, head = bytes(self._head[end:]), read_head(bytes(self._head[:end]))
        self._head.clear()
        if not head.is_interim:
            self._has_head = True
            self._body_left = head.body_length
            if head.body_length is not None and len(rest) > head.body_length:
                self.force_close()  # before the parser sees the body's end, upon which the connection may be used again
        super().data_received(head.content)
        return rest

    def _take_body(self, data: bytes) -> None:
        if self._body_left is not None:
            if len(data) > self._body_left:
                data = data[: self._body_left]
                self.force_close()
            self._body_left -= len(data)
            if data:
                super().data_received(data)
            elif self.transport is not None:
                self.transport.close()
            return
        if not self._chunked:
            super().data_received(data)
            return
        for at in range(0, len(data), _SLICE):
            if self._refused:
                return
            part = data[at : at + _SLICE]
            super().data_received(part)
            self._check_payload_share(len(part))

    def set_exception(self, exc: BaseException, *cause: BaseException) -> None:
        """Fail the connection and the reader of its body."""
        if self._payload is not None and not self._payload.is_eof() and self._payload.exception() is None:
            self._payload.set_exception(
                exc if isinstance(exc, aiohttp.ClientError) else aiohttp.ClientPayloadError(str(exc))
            )
        super().set_exception(exc, *cause)

    def _check_payload_share(self, received: int) -> None:
        if self._chunked and self._payload is not None:
            self._received += received
            if self._received > _CHECKED_AFTER and self._payload.total_bytes < self._received * MIN_PAYLOAD_SHARE:
                self._refuse("too little payload in the chunks")

    def _refuse(self, why: str) -> None:
        self._refused = True
        self.set_exception(BadHttpMessage(why))
        if self.transport is not None:
            self.transport.abort()


class GuardedConnector(aiohttp.TCPConnector):
    """Connects guarded sockets through ``LimitedConnection``."""

    def __init__(
        self, resolver: AbstractResolver, socket_factory: Callable[[AddrInfoType], socket.socket], **options: Any
    ) -> None:
        super().__init__(resolver=resolver, socket_factory=socket_factory, **options)
        # aiohttp has no parameter for it; a test shows that it is in use.
        protocol: Callable[..., ResponseHandler] = LimitedConnection
        self._factory = functools.partial(protocol, loop=self._loop)
