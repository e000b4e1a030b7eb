"""Ports of 127.0.0.1 that stay reserved for one server."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator


@contextlib.contextmanager
def reserve_port() -> Iterator[int]:
    """Reserve a port until the block ends. A server may listen on it, and after it another one.

    The socket is bound but does not listen: the kernel gives its port to nobody else, and a server that sets
    SO_REUSEADDR, as servers do, may bind to it as well.
    """
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]
