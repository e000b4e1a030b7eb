"""Room for uploads: what was written is what is read, whoever is cancelled meanwhile."""

from __future__ import annotations

import asyncio
import hashlib
import os
import threading

import psutil
import pytest

from mememime_proxy.errors import SettingsError
from mememime_proxy.resources.uploads import temp_file as module
from mememime_proxy.resources.uploads.temp_file import Spool

MIB = 1 << 20


@pytest.fixture
async def spool(tmp_path):
    found = Spool(str(tmp_path))
    await found.start()
    yield found
    await found.close()


async def read(room):
    return b"".join([chunk async for chunk in room.chunks()])


@pytest.mark.parametrize("size", [0, 1, MIB - 1, MIB, 5 * MIB + 1])
async def test_what_was_written_is_read(spool, tmp_path, size):
    body = os.urandom(size)
    async with spool.room() as room:
        for start in range(0, size, 300_000):
            await room.write(body[start : start + 300_000])
        assert await room.finish() == hashlib.sha256(body).hexdigest()
        assert room.size == size
        assert await read(room) == body
    assert list(tmp_path.iterdir()) == []


@pytest.mark.promise("G15")
async def test_an_upload_cancelled_in_a_write_harms_no_other(spool, monkeypatch):
    """Its descriptor's number goes to nobody else while the disk still writes to it."""
    writing, go_on = threading.Event(), threading.Event()
    open_before = psutil.Process().num_fds()

    def slowly(descriptor, content):
        writing.set()
        assert go_on.wait(60)
        os.write(descriptor, content)

    async def upload():
        async with spool.room() as room:
            await room.write(b"A" * MIB)

    monkeypatch.setattr(module, "write_all", slowly)
    cancelled = asyncio.create_task(upload())
    await asyncio.to_thread(writing.wait, 60)
    monkeypatch.undo()
    cancelled.cancel()
    await asyncio.wait({cancelled}, timeout=0.1)
    async with spool.room() as room:
        await room.write(b"B" * MIB)
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await cancelled
        await room.write(b"C" * MIB)
        assert await room.finish() == hashlib.sha256(b"B" * MIB + b"C" * MIB).hexdigest()
        assert await read(room) == b"B" * MIB + b"C" * MIB
    assert psutil.Process().num_fds() == open_before


async def test_a_folder_that_is_none_is_said(tmp_path):
    with pytest.raises(SettingsError, match="SPOOL_PATH"):
        await Spool(str(tmp_path / "missing")).start()
