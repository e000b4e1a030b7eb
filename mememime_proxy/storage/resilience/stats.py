"""What a storage client did so far; read by the metrics."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from mememime_proxy.storage.resilience.breaker import Breaker


@dataclass(slots=True, eq=False)
class StorageStats:
    """Counts since the start. All of them only grow, but for the breakers."""

    name: str = ""
    """The account's."""
    calls: Counter[str] = field(default_factory=Counter)
    """Asked of the client, by operation."""
    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    """Time until the answer began, retries included, by operation."""
    errors: Counter[str] = field(default_factory=Counter)
    """Calls that ended in an error, by its code."""
    requests: int = 0
    """Sent to the storage: calls, retries and hedges. ``requests / sum(calls)`` is the amplification."""
    retries: int = 0
    hedges: int = 0
    hedges_won: int = 0
    refused: int = 0
    """Attempts that an open breaker kept from being made."""
    bytes_read: int = 0
    bytes_written: int = 0
    breakers: dict[str, Breaker] = field(default_factory=dict)
    """By bucket."""

    def breaker_states(self) -> Mapping[str, str]:
        """State of each bucket's breaker: ``closed``, ``half_open`` or ``open``."""
        return {bucket: breaker.state.value for bucket, breaker in self.breakers.items()}
