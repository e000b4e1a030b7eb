"""Syslog: each line of the log is sent to a server as well, by a thread, so that no request waits for it."""

from __future__ import annotations

import atexit
import contextlib
import logging
import logging.handlers
import queue
import socket
import threading
from typing import Final

_QUEUE: Final = 10_000
"""Lines that wait at most; more are dropped while the server is slow or away."""
_PAUSE: Final = 5.0
"""Seconds between two attempts to reach the server."""
_END: Final = 2.0
"""Seconds for the lines that wait when the process ends."""
_LOCAL: Final = "/dev/log"
_SOCKETS: Final = {"udp": socket.SOCK_DGRAM, "tcp": socket.SOCK_STREAM}

Address = tuple[str, int] | str
"""Host and port, or the path of a socket."""


class _Handler(logging.handlers.SysLogHandler):
    """Raises its errors, so that the sender can connect again."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the library's
        raise  # noqa: PLE0704 - it is called in the handler of the error


class SyslogSender:
    """Sends lines in their order. A line that could not be sent is sent again once, then dropped."""

    def __init__(self, network: str, address: Address, tag: str, level: int) -> None:
        """``network``: ``udp``, ``tcp``, or '' for this machine's own syslog. ``level``: of :mod:`logging`."""
        self.level = level
        self._address = address or _LOCAL
        self._socket_type = _SOCKETS.get(network)
        self._tag = tag
        self._lines: queue.Queue[tuple[int, str] | None] = queue.Queue(_QUEUE)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="syslog", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    def send(self, level: int, line: str) -> None:
        """Send ``line`` soon, if ``level`` is that of syslog or above; dropped where too many wait."""
        if level >= self.level:
            with contextlib.suppress(queue.Full):
                self._lines.put_nowait((level, line))

    def close(self) -> None:
        """Send the lines that wait, within two seconds."""
        atexit.unregister(self.close)
        self._ended.set()
        with contextlib.suppress(queue.Full):
            self._lines.put_nowait(None)
        self._thread.join(_END)

    def _run(self) -> None:
        handler: _Handler | None = None
        while (entry := self._lines.get()) is not None:
            record = logging.LogRecord("mememime", entry[0], "", 0, entry[1], (), None)
            for _ in range(2):
                try:
                    handler = handler or self._connect()
                    handler.emit(record)
                    break
                except OSError:
                    _close(handler)
                    handler = None
                    if self._ended.wait(_PAUSE):
                        return
        _close(handler)

    def _connect(self) -> _Handler:
        handler = _Handler(self._address, logging.handlers.SysLogHandler.LOG_DAEMON, self._socket_type)
        handler.ident = f"{self._tag}: "
        if self._socket_type == socket.SOCK_STREAM:
            # Octet counting is not understood by all servers; a line feed ends a message for all (RFC 6587, 3.4.2).
            handler.append_nul = False
            handler.formatter = logging.Formatter("%(message)s\n")
        return handler


def _close(handler: _Handler | None) -> None:
    if handler is not None:
        with contextlib.suppress(OSError):
            handler.close()


class SyslogHandler(logging.Handler):
    """Passes the records of libraries, which use :mod:`logging`, on to the sender."""

    def __init__(self, sender: SyslogSender) -> None:
        super().__init__()
        self._sender = sender

    def emit(self, record: logging.LogRecord) -> None:
        """Send the formatted record."""
        self._sender.send(record.levelno, self.format(record))
