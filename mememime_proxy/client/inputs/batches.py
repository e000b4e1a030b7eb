"""Batches of opened files: what every kind of input hands to the pipeline."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator, Sequence

from mememime_proxy.client.errors import FileError
from mememime_proxy.client.inputs.content import FileContent
from mememime_proxy.client.inputs.scan import Entry

OpenedEntry = tuple[Entry, FileContent | FileError]
Batches = AsyncIterator[Sequence[OpenedEntry]]

_SIZE = 256
"""Files that a thread scans and opens at a time."""


async def scan_in_thread(entries: Iterator[Entry]) -> Batches:
    """Iterate over a blocking iterator in threads; each file is opened."""
    failure: FileError | None = None

    def next_batch() -> list[OpenedEntry]:
        nonlocal failure
        batch: list[OpenedEntry] = []
        try:
            batch.extend((entry, open_entry(entry)) for entry in itertools.islice(entries, _SIZE))
        except FileError as error:
            failure = error  # raised after the files that were scanned before it
        return batch

    while batch := await asyncio.to_thread(next_batch):
        yield batch
    if failure is not None:
        raise failure


def open_entry(entry: Entry) -> FileContent | FileError:
    """Return the content of an entry, or the error that it cannot be opened with. Blocks."""
    try:
        return entry.open()
    except FileError as error:
        return error
