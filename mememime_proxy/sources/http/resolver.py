"""Names to addresses, in threads of their own, and only to addresses that the guard permits."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.connector import AddrInfoType

from mememime_proxy.sources.http.address_guard import Guard

_THREADS = 16
LookUp = Callable[[str, int, socket.AddressFamily], list[AddrInfoType]]


class AddressBlockedError(OSError):
    """An address is not permitted; the text is the same for all, so that aiohttp hands this very error on."""

    def __init__(self) -> None:
        super().__init__("the address is not permitted")


def system_look_up(host: str, port: int, family: socket.AddressFamily) -> list[AddrInfoType]:
    """What the system's resolver says."""
    return socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)  # type: ignore[return-value]


class GuardedResolver(AbstractResolver):
    """Refuses a name when any of its addresses is refused: a name with mixed answers is an attack, or a mistake."""

    def __init__(self, guard: Guard, look_up: LookUp = system_look_up) -> None:
        self._guard = guard
        self._look_up = look_up
        # Not the loop's pool: a name server that hangs must stop neither files nor other hosts' look-ups for long.
        self._threads = ThreadPoolExecutor(_THREADS, "dns")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Addresses of ``host``. AddressBlockedError, or OSError as the system says."""
        found = await asyncio.get_running_loop().run_in_executor(self._threads, self._look_up, host, port, family)
        if not found:
            raise OSError(f"{host} has no address")
        if not all(self._guard.permits(str(info[4][0])) for info in found):
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
            for kind, _, proto, _, address in found
        ]

    async def close(self) -> None:
        """Lets go of the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def guarded_socket(guard: Guard) -> Callable[[AddrInfoType], socket.socket]:
    """Makes sockets, and is asked with the final address of every dial: literals and redirects included."""

    def make(info: AddrInfoType) -> socket.socket:
        family, kind, proto, _, address = info
        if not guard.permits(str(address[0])):
            raise AddressBlockedError
        return socket.socket(family, kind, proto)

    return make
