"""Batches of opened files: what every kind of input hands to the pipeline."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator, Sequence

from mememime_proxy.client.errors import ClientError, as_file_error
from mememime_proxy.client.inputs.content import FileContent
from mememime_proxy.client.inputs.scan import Entry

OpenedEntry = tuple[Entry, FileContent | ClientError | None]
"""An entry and its content, or why it cannot be opened; None where it is left out."""
Batches = AsyncIterator[Sequence[OpenedEntry]]

_SIZE = 256
"""Files that a thread scans and opens at a time."""


async def scan_in_thread(entries: Iterator[Entry]) -> Batches:
    """Iterate over a blocking iterator in threads; each file is opened."""
    failure: Exception | None = None

    def next_batch() -> list[OpenedEntry]:
        nonlocal failure
        batch: list[OpenedEntry] = []
        try:
            batch.extend((entry, open_entry(entry)) for entry in itertools.islice(entries, _SIZE))
        except Exception as error:  # noqa: BLE001 - raised after the files that were scanned before it
            failure = error
        return batch

    while batch := await asyncio.to_thread(next_batch):
        yield batch
    if failure is not None:
        raise failure


def open_entry(entry: Entry) -> FileContent | ClientError | None:
    """Return the content of an entry, or why it cannot be opened; None where it is left out. Blocks."""
    if entry.left_out:
        return None
    try:
        return entry.open()
    except Exception as error:  # noqa: BLE001 - whatever is wrong with one file is that file's failure
        return as_file_error(error)
