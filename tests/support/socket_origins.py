"""Sockets say where they were opened: whoever leaves one open is named, not the test during which it is collected."""

import os
import socket
import sys

_FRAMES = 6
_origins: dict[int, str] = {}
"""Of each descriptor; the latest one of its number counts."""


def record_origins() -> None:
    """Let the representation of each socket, and so the warning that it was not closed, name its test and callers."""
    initialize, represent = socket.socket.__init__, socket.socket.__repr__

    def record(self: socket.socket, *args: object, **named: object) -> None:
        initialize(self, *args, **named)  # type: ignore[arg-type]
        frame, names = sys._getframe(1), []
        while frame is not None and len(names) < _FRAMES:
            names.append(frame.f_code.co_qualname)
            frame = frame.f_back  # type: ignore[assignment]
        test = os.environ.get("PYTEST_CURRENT_TEST", "no test")
        _origins[self.fileno()] = f"opened in {test} by {' < '.join(names)}"

    def describe(self: socket.socket) -> str:
        return f"{represent(self)[:-1]}, {_origins.get(self.fileno(), 'of unknown origin')}>"

    socket.socket.__init__ = record  # type: ignore[method-assign]
    socket.socket.__repr__ = describe  # type: ignore[method-assign]
