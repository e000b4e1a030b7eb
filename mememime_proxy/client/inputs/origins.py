"""Origins: the folders, patterns, lists, manifests and buckets that a command uploads."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mememime_proxy.client.inputs.batches import Batches, open_entry, scan_in_thread
from mememime_proxy.client.inputs.bucket import is_bucket, objects
from mememime_proxy.client.inputs.manifest import read_manifest
from mememime_proxy.client.inputs.name_filter import Filter
from mememime_proxy.client.inputs.scan import read_list, scan

if TYPE_CHECKING:
    from mememime_proxy.storage.registry import Storages


@dataclass(frozen=True, slots=True, kw_only=True)
class Origins:
    """The files of ``names``, in this order, and then those of a manifest; ``-`` is a list on standard input."""

    names: tuple[str, ...]
    manifest: Path | None
    null: bool
    """Whether that list is separated by NUL."""
    name_filter: Filter

    async def sources(self, stack: AsyncExitStack) -> Iterator[Batches]:
        """Return the batches of each origin. Storages are open until ``stack`` ends. Raises SettingsError."""
        buckets = any(is_bucket(name) for name in self.names)
        return self._sources(await _storages(stack) if buckets else None)

    def _sources(self, storages: Storages | None) -> Iterator[Batches]:
        for name in self.names:
            if name == "-":
                yield scan_in_thread(read_list(sys.stdin.buffer, b"\0" if self.null else b"\n"))
            elif storages is not None and is_bucket(name):
                yield _objects(storages, name, self.name_filter)
            else:
                yield scan_in_thread(scan(name, self.name_filter))
        if self.manifest is not None:
            yield scan_in_thread(read_manifest(self.manifest))


async def _storages(stack: AsyncExitStack) -> Storages:
    # Settings and cloud clients are slow to import, and needed for buckets alone.
    from mememime_proxy.settings.sections import storages_config  # noqa: PLC0415
    from mememime_proxy.settings.settings import load  # noqa: PLC0415
    from mememime_proxy.storage.registry import Storages  # noqa: PLC0415

    storages = Storages(storages_config(load(keys_needed=False)))
    await storages.start()
    stack.push_async_callback(storages.close)
    return storages


async def _objects(storages: Storages, origin: str, name_filter: Filter) -> Batches:
    async for entry in objects(storages, origin, name_filter):
        yield [(entry, open_entry(entry))]
