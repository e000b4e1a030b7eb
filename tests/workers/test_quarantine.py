from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mememime_proxy.memfd import memfd
from mememime_proxy.workers.quarantine import PERIOD, STRIKES, Quarantine, file_identity
from tests.support.clock import Clock

URL = "http://example.com/a.jpg"


@pytest.fixture
def original() -> Iterator[Callable[[bytes], tuple[int, int]]]:
    """Return a function that makes a file, and gives its descriptor and size."""
    opened = []

    def make(content: bytes) -> tuple[int, int]:
        opened.append(memfd("original", content))
        return opened[-1], len(content)

    yield make
    for descriptor in opened:
        os.close(descriptor)


Original = Callable[[bytes], tuple[int, int]]


async def test_h7_quarantine_original_is_refused_after_two_losses_whatever_its_url(original: Original) -> None:
    quarantine = Quarantine()
    poison = original(b"poison")
    for number in range(STRIKES):
        assert not quarantine.contains(await quarantine.find(*poison))
        quarantine.record(*poison, f"{URL}?n={number}")
    again = original(b"poison")
    assert quarantine.contains(await quarantine.find(*again))
    assert quarantine.contains(quarantine.find_now(*again))
    assert len(quarantine) == 1


async def test_quarantine_other_originals_are_not_refused_of_the_same_size_either(original: Original) -> None:
    quarantine = Quarantine()
    for _ in range(STRIKES):
        quarantine.record(*original(b"poison"), URL)
    assert await quarantine.find(*original(b"health")) is None
    assert await quarantine.find(*original(b"healthy")) is None
    assert not quarantine.contains(None)


async def test_quarantine_ends_after_its_period(original: Original) -> None:
    clock = Clock()
    quarantine, poison = Quarantine(clock), original(b"poison")
    for _ in range(STRIKES):
        quarantine.record(*poison, URL)
    content = await quarantine.find(*poison)
    clock.now += PERIOD - 1
    assert quarantine.contains(content)
    clock.now += 2
    assert not quarantine.contains(content)
    assert len(quarantine) == 0
    quarantine.record(*poison, URL)
    assert not quarantine.contains(await quarantine.find(*poison))


async def test_quarantine_escalation_is_no_loss(original: Original) -> None:
    quarantine, dear = Quarantine(), original(b"dear")
    for _ in range(3):
        quarantine.record(*dear, URL, escalates=True)
    content = await quarantine.find(*dear)
    assert quarantine.is_escalated(content)
    assert not quarantine.contains(content)
    assert not quarantine.is_escalated(None)
    assert len(quarantine) == 0


async def test_quarantine_large_original_is_known_by_all_of_its_bytes(original: Original) -> None:
    quarantine = Quarantine()
    body = bytes(3 << 20)
    for _ in range(STRIKES):
        quarantine.record(*original(body), URL)
    async with asyncio.timeout(10):
        while len(quarantine) == 0:  # noqa: ASYNC110 - a thread calculates the digest
            await asyncio.sleep(0.005)
    assert quarantine.contains(await quarantine.find(*original(body)))
    assert quarantine.find_now(*original(body)) is None
    assert await quarantine.find(*original(body[:-1] + b"x")) is None


async def test_quarantine_purge_of_one_of_its_urls_forgives_an_original(original: Original) -> None:
    quarantine = Quarantine()
    for url in (URL, f"{URL}?n=1"):
        quarantine.record(*original(b"poison"), url)
    assert quarantine.forgive("http://example.com/other.jpg") == 0
    assert quarantine.forgive(f"{URL}?n=1") == 1
    assert await quarantine.find(*original(b"poison")) is None


async def test_quarantine_is_bounded(original: Original) -> None:
    quarantine = Quarantine()
    descriptor, _ = original(b"x" * 5000)
    for size in range(1, 5000):
        quarantine.record(descriptor, size, URL)
    assert len(quarantine._entries) == len(quarantine._sizes) == 4096
    assert quarantine.find_now(descriptor, 4999) is not None
    assert quarantine.find_now(descriptor, 1) is None


def test_quarantine_large_file_with_a_name_is_known_by_its_inode(tmp_path: Path) -> None:
    large, small = tmp_path / "large", tmp_path / "small"
    for path, size in ((large, (64 << 20) + 1), (small, 9)):
        with path.open("wb") as file:
            file.truncate(size)
    with large.open("rb") as file, large.open("rb") as again, small.open("rb") as other:
        assert file_identity(file.fileno()) == file_identity(again.fileno()) != b""
        assert file_identity(other.fileno()) == b""
    descriptor = os.memfd_create("large")
    os.ftruncate(descriptor, (64 << 20) + 1)
    assert file_identity(descriptor) == b"", "that of the next request is another file"
    os.close(descriptor)
