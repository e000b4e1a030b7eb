"""Self-test: one small render in the real pool shows that this installation works, before a request relies on it."""

from __future__ import annotations

import os
import struct
import zlib

from mememime_proxy.memfd import memfd
from mememime_proxy.plan import Plan
from mememime_proxy.variant import Variant
from mememime_proxy.workers.pool import Pool, WorkerJob

_SIDE = 32


async def render(pool: Pool, timeout: float, format_name: str = "png") -> Variant[bytes]:  # noqa: ASYNC109 - the pool's
    """Return a small picture at half its size, as ``format_name``. Raises what the pool and the render raise."""
    descriptor = memfd("self-test", _png())
    try:
        plan = Plan(source="self-test:", width=_SIDE // 2, format=format_name)
        return (await pool.run(WorkerJob(plan=plan), descriptor, timeout)).variant
    finally:
        os.close(descriptor)


async def has_fonts(pool: Pool, timeout: float) -> bool:  # noqa: ASYNC109 - the pool's
    """Return whether texts can be drawn. Raises what the pool raises."""
    descriptor = memfd("self-test", _png())
    try:
        return bool((await pool.run(WorkerJob("fonts"), descriptor, timeout)).variant.body)
    finally:
        os.close(descriptor)


def _png() -> bytes:
    rows = b"".join(b"\0" + bytes((x * 8, y * 8, 128)[c] for x in range(_SIDE) for c in range(3)) for y in range(_SIDE))
    header = struct.pack(">IIBBBBB", _SIDE, _SIDE, 8, 2, 0, 0, 0)
    chunks = _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
