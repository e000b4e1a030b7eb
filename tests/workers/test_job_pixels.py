"""Pixels on their way to real workers and back."""

from __future__ import annotations

import io
import os
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from PIL import Image, ImageFilter

from mememime_proxy.memfd import memfd
from mememime_proxy.plan import Plan
from mememime_proxy.workers.pool import JobPixels, WorkerJob
from mememime_proxy.workers.wire import check_result

OpenPool = Callable[..., Awaitable[Any]]
LONG = 30.0
PLAN = Plan(source="http://h/a", width=900)


def photograph() -> bytes:
    noise = Image.frombytes("RGB", (1500, 1000), os.urandom(4_500_000))
    file = io.BytesIO()
    noise.filter(ImageFilter.GaussianBlur(2)).save(file, "JPEG")
    return file.getvalue()


@pytest.fixture
def original() -> Iterator[int]:
    descriptor = memfd("original", photograph())
    yield descriptor
    os.close(descriptor)


@pytest.fixture
def file() -> Iterator[int]:
    descriptor = memfd("pixels")
    yield descriptor
    os.close(descriptor)


def test_descriptors_are_those_of_the_file_and_of_what_is_given() -> None:
    assert JobPixels().descriptors() == ()
    assert JobPixels(limit=100).hand_back == 0
    pixels = JobPixels(file=7, limit=100)
    assert (pixels.descriptors(), pixels.hand_back) == ((7,), 100)


async def test_pixels_come_back_sealed_and_the_next_worker_begins_from_them(
    open_pool: OpenPool, original: int, file: int
) -> None:
    pool = (await open_pool(size=1)).pool
    alone = await pool.run(WorkerJob(plan=PLAN), original, LONG)
    back = JobPixels(file=file, limit=16 << 20)
    first = await pool.run(WorkerJob(plan=PLAN), original, LONG, pixels=back)
    assert first.decoded.is_handed_back
    check_result(file, first.decoded.size)
    second = await pool.run(WorkerJob(plan=PLAN), original, LONG, pixels=JobPixels({first.decoded.key: file}))
    assert second.decoded.is_given
    assert alone.variant == first.variant == second.variant
    assert back.has_begun


async def test_more_pixels_than_are_wanted_do_not_come_back(open_pool: OpenPool, original: int, file: int) -> None:
    pool = (await open_pool(size=1)).pool
    result = await pool.run(WorkerJob(plan=PLAN), original, LONG, pixels=JobPixels(file=file, limit=1 << 20))
    assert not result.decoded.is_handed_back
    assert os.fstat(file).st_size == 0


async def test_worker_leaves_no_descriptor_of_pixels_open(
    open_pool: OpenPool, original: int, file: int, descriptors_open: Callable[[], int]
) -> None:
    observed = await open_pool(size=1)
    pool = observed.pool
    await pool.run(WorkerJob(plan=PLAN), original, LONG)
    await observed.wait_until_complete()  # a spare that starts has more files
    before = descriptors_open()
    worker_files = sorted(len(os.listdir(f"/proc/{pid}/fd")) for pid in pool.pids())  # noqa: PTH208 - of a process
    first = await pool.run(WorkerJob(plan=PLAN), original, LONG, pixels=JobPixels(file=file, limit=16 << 20))
    for _ in range(3):
        await pool.run(WorkerJob(plan=PLAN), original, LONG, pixels=JobPixels({first.decoded.key: file}))
    assert descriptors_open() == before
    assert sorted(len(os.listdir(f"/proc/{pid}/fd")) for pid in pool.pids()) == worker_files  # noqa: PTH208
