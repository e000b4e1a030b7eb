"""Meters: receivers of the number of bytes that are transferred."""

from __future__ import annotations

from typing import Protocol


class Meter(Protocol):
    """Counts the bytes of one or many transfers."""

    def add_sent(self, size: int) -> None:
        """Count bytes that were sent; negative where bytes have to be sent again."""
        ...

    def add_resumed(self, size: int) -> None:
        """Count bytes that the service has from an earlier run."""
        ...


class NullMeter:
    """A meter that counts nothing."""

    def add_sent(self, size: int) -> None:
        """See ``Meter``."""

    def add_resumed(self, size: int) -> None:
        """See ``Meter``."""
