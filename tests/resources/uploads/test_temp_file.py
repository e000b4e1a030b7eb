"""Temporary files of uploads, also with cancelled writes."""

from __future__ import annotations

import asyncio
import hashlib
import os
import threading

import psutil
import pytest

from mememime_proxy.errors import MemoryBudgetError, SettingsError
from mememime_proxy.memory_budget import MemoryBudget, Use
from mememime_proxy.resources.uploads import temp_file as module
from mememime_proxy.resources.uploads.temp_file import TempFiles

MIB = 1 << 20


@pytest.fixture
async def temp_files(tmp_path):
    found = TempFiles(str(tmp_path), MemoryBudget(0))
    await found.start()
    yield found
    await found.close()


async def read(temp_file):
    return b"".join([chunk async for chunk in temp_file.chunks()])


@pytest.mark.parametrize("size", [0, 1, MIB - 1, MIB, 5 * MIB + 1])
async def test_temp_file_written_bytes_are_read(temp_files, tmp_path, size):
    body = os.urandom(size)
    async with temp_files.new() as temp_file:
        for start in range(0, size, 300_000):
            await temp_file.write(body[start : start + 300_000])
        assert await temp_file.finish() == hashlib.sha256(body).hexdigest()
        assert temp_file.size == size
        assert await read(temp_file) == body
    assert list(tmp_path.iterdir()) == []


@pytest.mark.promise("G15")
async def test_temp_file_write_cancelled_leaves_other_files_intact(temp_files, monkeypatch):
    """Its descriptor's number goes to nobody else while the disk still writes to it."""
    writing, go_on = threading.Event(), threading.Event()
    open_before = psutil.Process().num_fds()

    def slowly(descriptor, content):
        writing.set()
        assert go_on.wait(60)
        os.write(descriptor, content)

    async def upload():
        async with temp_files.new() as temp_file:
            await temp_file.write(b"A" * MIB)

    monkeypatch.setattr(module, "write_all", slowly)
    cancelled = asyncio.create_task(upload())
    await asyncio.to_thread(writing.wait, 60)
    monkeypatch.undo()
    cancelled.cancel()
    await asyncio.wait({cancelled}, timeout=0.1)
    async with temp_files.new() as temp_file:
        await temp_file.write(b"B" * MIB)
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await cancelled
        await temp_file.write(b"C" * MIB)
        assert await temp_file.finish() == hashlib.sha256(b"B" * MIB + b"C" * MIB).hexdigest()
        assert await read(temp_file) == b"B" * MIB + b"C" * MIB
    assert psutil.Process().num_fds() == open_before


async def test_temp_files_missing_folder_raises(tmp_path):
    with pytest.raises(SettingsError, match="SPOOL_PATH"):
        await TempFiles(str(tmp_path / "missing"), MemoryBudget(0)).start()


async def test_h5_buffers_of_temporary_files_count_in_the_budget_and_those_that_do_not_fit_are_refused(tmp_path):
    budget = MemoryBudget(16 << 20)
    temp_files = TempFiles(str(tmp_path), budget)
    await temp_files.start()
    async with temp_files.new(), temp_files.new() as second:
        await second.write(bytes(3 << 20))
        assert budget.used_by[Use.UPLOADS] == 4 << 20
        third = temp_files.new()
        with pytest.raises(MemoryBudgetError):
            temp_files.new()
    del third
    assert budget.used == 0
    await temp_files.close()
