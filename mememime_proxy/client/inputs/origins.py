"""What a command names as the files to upload: any number of folders, patterns, lists, tables and buckets."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mememime_proxy.client.inputs import manifest
from mememime_proxy.client.inputs.bucket import is_bucket, objects
from mememime_proxy.client.inputs.scan import Filter, files, listed
from mememime_proxy.client.pipeline import Source, opened, threaded

if TYPE_CHECKING:
    from mememime_proxy.storage.registry import Storages


@dataclass(frozen=True, slots=True, kw_only=True)
class Origins:
    """The files of ``names``, in this order, and then those of a table; ``-`` is a list on standard input."""

    names: tuple[str, ...]
    manifest: Path | None
    null: bool
    """Whether that list is divided by NUL."""
    wanted: Filter

    async def sources(self, stack: AsyncExitStack) -> Iterator[Source]:
        """A source for each; the storages that some need are open until ``stack`` ends. SettingsError."""
        buckets = any(is_bucket(name) for name in self.names)
        return self._sources(await _storages(stack) if buckets else None)

    def _sources(self, storages: Storages | None) -> Iterator[Source]:
        for name in self.names:
            if name == "-":
                yield threaded(listed(sys.stdin.buffer, b"\0" if self.null else b"\n"))
            elif storages is not None and is_bucket(name):
                yield _objects(storages, name, self.wanted)
            else:
                yield threaded(files(name, self.wanted))
        if self.manifest is not None:
            yield threaded(manifest.entries(self.manifest))


async def _storages(stack: AsyncExitStack) -> Storages:
    # Settings and clouds' clients are slow to load: only who names a bucket pays for them.
    from mememime_proxy.settings.sections import storages_config  # noqa: PLC0415
    from mememime_proxy.settings.settings import load  # noqa: PLC0415
    from mememime_proxy.storage.registry import Storages  # noqa: PLC0415

    storages = Storages(storages_config(load(keys_needed=False)))
    await storages.start()
    stack.push_async_callback(storages.close)
    return storages


async def _objects(storages: Storages, origin: str, wanted: Filter) -> Source:
    async for entry in objects(storages, origin, wanted):
        yield [(entry, opened(entry))]
