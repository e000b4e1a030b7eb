"""Connections to sources that a hostile server cannot use to keep the event loop busy.

aiohttp bounds the length and the number of header lines. It bounds neither the number of interim answers (1xx), which
it reads in one go without letting anybody else run, nor how small the chunks of a chunked body are: each costs some
microseconds, and a single read from the socket can bring forty thousand. Measured with aiohttp 3.14.5 on one core:
one read of 256 KiB full of either kept the loop busy for 100 to 190 ms, and a deadline of 1.5 s was noticed 1.2 s late.

It also forgets to tell the reader of a body when a later chunk of it cannot be parsed: the connection is closed, its
read timeout is cancelled, and the reader waits for ever.
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

MAX_INTERIM = 16
"""Interim answers in front of the real one; an honest server sends one or two."""
MIN_USE = 1 / 8
"""Share of a chunked body's bytes on the wire that has to be body: chunks of one byte have 1/6."""
_SLICE = 1 << 14
"""Bytes that are read before looking what they were."""
_TRIAL = 1 << 15
"""Bytes of a chunked body before its share is judged."""


class Connection(ResponseHandler):
    """aiohttp's side of a connection, with measure kept between slices of what was received."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._begin()

    def _begin(self) -> None:
        self._interim = 0
        self._on_the_wire = 0
        self._refused = False
        self._answer: StreamReader | None = None
        self._chunked = False

    def set_response_params(self, **params: Any) -> None:
        """The next answer begins."""
        self._begin()
        super().set_response_params(**params)

    def feed_data(self, data: tuple[RawResponseMessage, StreamReader], size: int = 0) -> None:
        """A message's head was read."""
        message, payload = data
        if 100 <= message.code < 200 and message.code != 101:
            self._interim += 1
            if self._interim > MAX_INTERIM and not self._refused:
                self._refuse("too many interim answers")
        else:
            self._answer, self._chunked = payload, message.chunked
        if not self._refused:
            super().feed_data(data, size)

    def data_received(self, data: bytes) -> None:
        """Bytes came; those behind a refusal are not looked at."""
        if not data or (self._answer is not None and not self._chunked):
            super().data_received(data)
            return
        for at in range(0, len(data), _SLICE):
            if self._refused:
                return
            part = data[at : at + _SLICE]
            super().data_received(part)
            self._judge(len(part))

    def set_exception(self, exc: BaseException, *cause: BaseException) -> None:
        """The connection is of no use any more; whoever still reads a body from it is told."""
        if self._answer is not None and not self._answer.is_eof() and self._answer.exception() is None:
            self._answer.set_exception(
                exc if isinstance(exc, aiohttp.ClientError) else aiohttp.ClientPayloadError(str(exc))
            )
        super().set_exception(exc, *cause)

    def _judge(self, received: int) -> None:
        if self._chunked and self._answer is not None:
            self._on_the_wire += received
            if self._on_the_wire > _TRIAL and self._answer.total_bytes < self._on_the_wire * MIN_USE:
                self._refuse("more chunks than body")

    def _refuse(self, why: str) -> None:
        self._refused = True
        self.set_exception(BadHttpMessage(why))
        if self.transport is not None:
            self.transport.abort()


class Connector(aiohttp.TCPConnector):
    """Dials with guarded sockets and speaks through ``Connection``."""

    def __init__(
        self, resolver: AbstractResolver, socket_factory: Callable[[AddrInfoType], socket.socket], **options: Any
    ) -> None:
        super().__init__(resolver=resolver, socket_factory=socket_factory, **options)
        # aiohttp has no parameter for it; the tests show whether it is still in force.
        make: Callable[..., ResponseHandler] = Connection
        self._factory = functools.partial(make, loop=self._loop)
