"""One small render through the real pool: the proof that this installation works, before anybody relies on it."""

from __future__ import annotations

import os
import struct
import zlib

from mememime_proxy.memfd import memfd
from mememime_proxy.plan import Plan
from mememime_proxy.variant import Variant
from mememime_proxy.workers.pool import Pool, WorkerJob

_SIDE = 32


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png() -> bytes:
    rows = b"".join(b"\0" + bytes((x * 8, y * 8, 128)[c] for x in range(_SIDE) for c in range(3)) for y in range(_SIDE))
    head = struct.pack(">IIBBBBB", _SIDE, _SIDE, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")


async def render(pool: Pool, timeout: float, format_name: str = "png") -> Variant[bytes]:  # noqa: ASYNC109 - the pool's
    """Halves a small picture and writes it as ``format_name``. Raises what the pool and the render raise."""
    descriptor = memfd("self-test", _png())
    try:
        plan = Plan(source="self-test:", width=_SIDE // 2, format=format_name)
        return (await pool.run(WorkerJob(plan=plan), descriptor, timeout)).variant
    finally:
        os.close(descriptor)
