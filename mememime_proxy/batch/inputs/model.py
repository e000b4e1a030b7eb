"""The interface of an input."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from mememime_proxy.batch.model import BatchItem


class BatchInput(Protocol):
    """Yields items, in an order that stays, in bounded memory."""

    is_local: bool
    """Whether reading it to the end costs no request, so that it may be counted before."""

    def digest(self) -> str:
        """Return a digest of the content, part of the batch's name; '' where only its place names it. Blocks."""
        ...

    def items(self) -> AsyncIterator[BatchItem]:
        """Yield the items. BatchInputError, and the errors of storages and of the client."""
        ...
