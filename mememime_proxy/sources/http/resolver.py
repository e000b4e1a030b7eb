"""DNS look-ups in threads, and sockets, for addresses that the guard permits."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.connector import AddrInfoType

from mememime_proxy.sources.http.address_guard import AddressGuard

_THREADS = 16
LookUp = Callable[[str, int, socket.AddressFamily], list[AddrInfoType]]


class AddressBlockedError(OSError):
    """An address is not permitted. The text has no address, so that aiohttp raises this error unchanged."""

    def __init__(self) -> None:
        super().__init__("the address is not permitted")


def system_look_up(host: str, port: int, family: socket.AddressFamily) -> list[AddrInfoType]:
    """Return the addresses of ``host`` from the system's resolver."""
    return socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)  # type: ignore[return-value]


class GuardedResolver(AbstractResolver):
    """Refuses a name when one of its addresses is refused: mixed results are an attack or a mistake."""

    def __init__(self, guard: AddressGuard, look_up: LookUp = system_look_up) -> None:
        self._guard = guard
        self._look_up = look_up
        # Not the loop's pool: a name server that hangs must not block other work.
        self._threads = ThreadPoolExecutor(_THREADS, "dns")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of ``host``. Raises AddressBlockedError or OSError."""
        infos = await asyncio.get_running_loop().run_in_executor(self._threads, self._look_up, host, port, family)
        if not infos:
            raise OSError(f"{host} has no address")
        if not all(self._guard.permits(str(info[4][0])) for info in infos):
            raise AddressBlockedError
        return [
            ResolveResult(
                hostname=host,
                host=str(address[0]),
                port=port,
                family=kind,
                proto=proto,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for kind, _, proto, _, address in infos
        ]

    async def close(self) -> None:
        """Stop the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def guarded_socket(guard: AddressGuard) -> Callable[[AddrInfoType], socket.socket]:
    """Return a socket factory that checks the final address of each connection, also of literals and redirects."""

    def create(info: AddrInfoType) -> socket.socket:
        family, socket_type, proto, _, address = info
        if not guard.permits(str(address[0])):
            raise AddressBlockedError
        return socket.socket(family, socket_type, proto)

    return create
