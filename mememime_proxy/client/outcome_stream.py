"""Bulk uploads as an iterator of outcomes, for programs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress

from mememime_proxy.client.bulk import BulkUpload, Order
from mememime_proxy.client.errors import ClientError
from mememime_proxy.client.inputs.batches import scan_in_thread
from mememime_proxy.client.inputs.scan import Entry
from mememime_proxy.client.results import Outcome
from mememime_proxy.client.uploader import Uploader


class OutcomeQueue:
    """A progress that queues outcomes for an iterator; None after the last."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[Outcome | None] = asyncio.Queue()

    def file_found(self, size: int) -> None:
        """See ``Progress``."""

    def add_sent(self, size: int) -> None:
        """See ``Progress``."""

    def add_resumed(self, size: int) -> None:
        """See ``Progress``."""

    def file_finished(self, outcome: Outcome) -> None:
        """See ``Progress``."""
        self.queue.put_nowait(outcome)


async def upload_all(
    uploader: Uploader, entries: Iterable[Entry], order: Order | None = None
) -> AsyncIterator[Outcome]:
    """Upload files as ``BulkUpload`` does, and yield the outcome of each as soon as it is known.

    ``entries``: of ``files`` or ``local``; iterated in threads, one at a time. Closing the iterator cancels
    unfinished uploads. Raises RefusedError and UnreachableError.
    """
    outcomes = OutcomeQueue()
    bulk = BulkUpload(uploader, uploader.journal, order or Order(), outcomes)
    task = asyncio.ensure_future(bulk.run([scan_in_thread(iter(entries))]))
    task.add_done_callback(lambda _: outcomes.queue.put_nowait(None))
    try:
        while (outcome := await outcomes.queue.get()) is not None:
            yield outcome
        await task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, ClientError):
            await task
