"""The watermark and the fallback picture: loaded once at the start, which fails where they cannot be loaded."""

from __future__ import annotations

import asyncio
import os
import stat

from mememime_proxy.errors import MememimeError, SettingsError
from mememime_proxy.memfd import read_all
from mememime_proxy.settings.environment import variable
from mememime_proxy.sources.registry import Sources

MAX_BYTES = 64 << 20
_TIMEOUT = 30.0


async def load(sources: Sources, name: str, data: bytes, path: str, url: str) -> bytes | None:
    """Return the bytes that ``{name}_data``, ``{name}_path`` or ``{name}_url`` gives, the first one set; or None."""
    if data:
        return data
    if path:
        return await asyncio.to_thread(_read, variable(f"{name}_path"), path)
    if not url:
        return None
    key = variable(f"{name}_url")
    try:
        original = await sources.fetch(url, max_bytes=MAX_BYTES, timeout=_TIMEOUT)
    except MememimeError as error:
        raise SettingsError(f"{key}: found {url!r}, expected a picture's URL ({error.detail})") from error
    with original:
        if not original.size:
            raise SettingsError(f"{key}: found {url!r}, which is empty")
        return read_all(original.fd, original.size)


def _read(key: str, path: str) -> bytes:
    try:
        # What is no regular file could have no end, or never begin.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:  # noqa: PTH123 - already open
            facts = os.fstat(descriptor)
            content = file.read(MAX_BYTES + 1) if stat.S_ISREG(facts.st_mode) else None
    except OSError as error:
        raise SettingsError(f"{key}: found {path!r}, expected a readable file ({error.strerror})") from error
    if content is None:
        raise SettingsError(f"{key}: found {path!r}, expected a file")
    if not 0 < len(content) <= MAX_BYTES:
        raise SettingsError(f"{key}: found {path!r} with {len(content)} bytes or more, expected 1 to {MAX_BYTES}")
    return content
