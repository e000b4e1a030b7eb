import asyncio
import contextlib
import itertools
import socket
import threading

import pytest

from mememime_proxy.sources.http.address_guard import AddressGuard
from mememime_proxy.sources.http.resolver import AddressBlockedError, GuardedResolver, guarded_socket, system_look_up
from tests.support.raw_server import answer

PUBLIC = "93.184.215.14"


@contextlib.asynccontextmanager
async def resolver(look_up, **guard):
    it = GuardedResolver(AddressGuard(**guard), look_up)
    yield it
    await it.close()


async def test_resolver_returns_numeric_addresses():
    async with resolver(answer(PUBLIC, "2606:4700::1111")) as it:
        found = await it.resolve("name.example", 443)
    assert [(each["host"], each["port"], each["family"]) for each in found] == [
        (PUBLIC, 443, socket.AF_INET),
        ("2606:4700::1111", 443, socket.AF_INET6),
    ]
    assert all(each["flags"] & socket.AI_NUMERICHOST for each in found)


@pytest.mark.parametrize(
    "closed", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "64:ff9b::a9fe:a9fe", "fe80::1%1"]
)
@pytest.mark.parametrize("first", [True, False])
async def test_resolver_with_one_refused_address_raises(closed, first):
    addresses = (closed, PUBLIC) if first else (PUBLIC, closed)
    async with resolver(answer(*addresses)) as it:
        with pytest.raises(AddressBlockedError):
            await it.resolve("name.example", 80)


async def test_resolver_checks_each_look_up():
    turns = itertools.cycle([answer(PUBLIC), answer("127.0.0.1")])

    def look_up(*asked):
        return next(turns)(*asked)

    refused = 0
    async with resolver(look_up) as it:
        for _ in range(1000):
            try:
                found = await it.resolve("name.example", 80)
            except AddressBlockedError:
                refused += 1
            else:
                assert [each["host"] for each in found] == [PUBLIC]
    assert refused == 500


async def test_resolver_without_addresses_raises():
    async with resolver(answer()) as it:
        with pytest.raises(OSError, match="no address"):
            await it.resolve("name.example", 80)


async def test_resolver_uses_threads_of_its_own():
    names = []

    def look_up(*asked):
        names.append(threading.current_thread().name)
        return answer(PUBLIC)(*asked)

    async with resolver(look_up) as it:
        await it.resolve("name.example", 80)
        assert await asyncio.to_thread(lambda: threading.current_thread().name) not in names
    assert names[0].startswith("dns")


def test_system_look_up_resolves_localhost():
    assert {info[4][0] for info in system_look_up("localhost", 80, socket.AF_UNSPEC)} <= {"127.0.0.1", "::1"}


@pytest.mark.parametrize(
    ("address", "family"),
    [("127.0.0.1", socket.AF_INET), ("0.0.0.0", socket.AF_INET), ("::1", socket.AF_INET6), ("::", socket.AF_INET6)],
)
def test_socket_for_a_refused_address_is_not_created(address, family):
    info = (family, socket.SOCK_STREAM, 6, "", (address, 80))
    with pytest.raises(AddressBlockedError):
        guarded_socket(AddressGuard())(info)
    with guarded_socket(AddressGuard(allow_loopback=True))(info) as made:
        assert made.family == family
        assert not made.get_inheritable()
