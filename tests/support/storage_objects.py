"""Reading, listing and streaming objects of a storage in tests."""

from collections.abc import AsyncIterator
from typing import Any

from mememime_proxy.storage.protocol import Storage


async def read(storage: Storage, key: str, **options: Any) -> bytes:
    """Return all bytes of the object, or of the requested range."""
    async with await storage.open(key, **options) as body:
        return b"".join([chunk async for chunk in body])


async def keys(storage: Storage, prefix: str = "") -> list[str]:
    """Return the keys that begin with ``prefix``, in the storage's order."""
    return [info.key async for info in storage.list(prefix)]


async def in_chunks(content: bytes, size: int = 100_000) -> AsyncIterator[bytes]:
    """Yield ``content`` in chunks of ``size`` bytes."""
    for start in range(0, len(content), size):
        yield content[start : start + size]
